"""Which headers count."""

import pytest

from meshdev.recording.matching import Match, Matcher, MatchOptions, Miss
from meshdev.recording.matching.headers import cookies, looked_at, speaks
from meshdev.recording.model import Recording, Request
from support_recording import Chance, recording, request, response

CHANCE = Chance(11)


def get(**headers: str) -> Request:
    """The same call with other headers."""
    return request(
        "GET", "/goods", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def answers(matcher: Matcher, *requests: Request) -> list[str | None]:
    """Ids of what answered."""
    found = [matcher.find(one) for one in requests]
    return [one.exchange.id.lstrip("0") or "0" if isinstance(one, Match) else None for one in found]


def by(*headers: dict[str, str]) -> Recording:
    """One call each, answered differently."""
    return recording(*((get(**one), response({"n": str(n) + "x"})) for n, one in enumerate(headers)))


@pytest.mark.parametrize(
    "name",
    ["X-Tenant", "Authorization", "Accept-Language", "Accept", "X-Api-Version", "X-Feature", "X-Currency"],
)
def test_headers_that_tell_answers_apart_count(name: str) -> None:
    """Their values choose; an unseen one, and none, is a miss."""
    matcher = Matcher([by({name: "one"}, {name: "two"})])
    assert answers(matcher, get(**{name: "two"}), get(**{name: "one"}), get(**{name: "x"}), get()) == [
        "1",
        "0",
        None,
        None,
    ]


@pytest.mark.parametrize(
    "name", ["X-Request-Id", "traceparent", "X-Rand", "X-Whatever", "Date", "User-Agent", "Idempotency-Key"]
)
def test_random_headers_do_not(name: str) -> None:
    """Answers that change while each call has a value of its own are a sequence."""
    matcher = Matcher([by(*({name: CHANCE.hex(16)} for _ in range(3)))])
    asked = [get(**{name: CHANCE.hex(16)}) for _ in range(4)]
    assert answers(matcher, *asked) == ["0", "1", "2", "2"]


def test_a_header_that_counts_once_counts_everywhere() -> None:
    """What only one tenant was recorded to ask is not answered to another."""
    alone = (request("GET", "/one", headers={"X-Tenant": "a"}), response({"one": 1}))
    recorded = recording(
        (get(X_Tenant="a"), response({"n": "a"})),
        (get(X_Tenant="b"), response({"n": "b"})),
        alone,
        (get(), response({"n": 0})),
    )
    matcher = Matcher([recorded])
    assert answers(matcher, alone[0], request("GET", "/one", headers={"X-Tenant": "b"})) == ["2", None]


def test_equal_answers_make_no_header_count() -> None:
    """A header that varies without a change is ignored, whatever its value."""
    recorded = recording(*((get(X_Mood=mood), response({"n": 1})) for mood in ("good", "bad")))
    assert isinstance(Matcher([recorded]).find(get(X_Mood="new")), Match)


def test_a_header_that_often_changes_nothing_is_no_reason() -> None:
    """Told by the calls in which it varied without a change."""
    pairs = [(get(X_Mood=mood), response({"n": mood})) for mood in ("good", "bad")]
    for path in ("/a", "/b"):
        pairs += [
            (request("GET", path, headers={"X-Mood": mood}), response({"same": 1}))
            for mood in ("good", "bad", "good")
        ]
    assert answers(Matcher([recording(*pairs)]), get(X_Mood="other"), get(X_Mood="other")) == ["0", "1"]


def test_what_vary_names_counts() -> None:
    """Also when only one value was recorded."""
    recorded = recording(
        (
            get(Accept_Language="de"),
            response({"n": 1}, headers=(("Vary", "Accept-Encoding, Accept-Language"),)),
        )
    )
    matcher = Matcher([recorded])
    assert answers(matcher, get(Accept_Language="de"), get(Accept_Language="fr")) == ["0", None]


def test_cookies_count_one_by_one() -> None:
    """The session does, the statistics do not."""
    matcher = Matcher(
        [by({"Cookie": "sid=anna; _ga=GA1.1.8273645"}, {"Cookie": "sid=bob; _ga=GA1.1.1873645"})]
    )
    asked = [get(Cookie=f"_ga=GA1.1.5873645; sid={who}") for who in ("bob", "anna", "carl")]
    assert answers(matcher, *asked) == ["1", "0", None]
    assert cookies("a=1; b=2=3;") == {"cookie:a": "1", "cookie:b": "2=3"}


def test_a_credential_that_every_call_had_is_needed() -> None:
    """Without one the callee would have said something else; which one it is, matters not."""
    matcher = Matcher([recording((get(Authorization="Bearer one"), response({"n": 1})))])
    assert answers(matcher, get(Authorization="Bearer two"), get()) == ["0", None]


def test_people_decide_about_headers_first() -> None:
    """A header called noise never counts, a pinned one always does."""
    options = MatchOptions(noise=("header.x-tenant",), pinned=("GET /goods header.x-mood",))
    matcher = Matcher(
        [by({"X-Tenant": "a", "X-Mood": "m"}, {"X-Tenant": "b", "X-Mood": "m"})], options=options
    )
    assert answers(matcher, get(X_Tenant="z", X_Mood="m"), get(X_Mood="m"), get(X_Mood="n")) == [
        "0",
        "1",
        None,
    ]


def test_a_miss_names_the_header() -> None:
    """With both values."""
    miss = Matcher([by({"X-Tenant": "a"}, {"X-Tenant": "b"})]).find(get(X_Tenant="c"))
    assert isinstance(miss, Miss)
    assert 'header.x-tenant: recorded "a", asked "c"' in str(miss)


def test_what_is_looked_at() -> None:
    """Nothing of the connection, of tracing, of caches."""
    headers = {
        "host": "x",
        "connection": "close",
        "traceparent": "00-1-2-3",
        "sec-fetch-mode": "cors",
        "x-tenant": "a",
    }
    assert looked_at(headers) == {"x-tenant": "a"}
    assert [speaks(name) for name in ("x-user-id", "cookie:session", "accept", "x-locale")] == [
        True,
        True,
        False,
        True,
    ]
