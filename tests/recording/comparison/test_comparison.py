"""Answers compared: what means something is told, by route and field; noise is not."""

import json

import msgspec
import pytest
from msgspec.structs import replace

from meshdev.recording.comparison import Carry, Noise, compare, learn_noise, report
from meshdev.recording.comparison.fields import fields_of, general
from meshdev.recording.model import Body, Exchange, Response
from support_recording import STARTED, Chance, exchange, recording, request, response

CHANCE = Chance(13)
OLD, NEW = CHANCE.uuid(), CHANCE.uuid()
NOW = int(STARTED)


def call(answered: Response | None, path: str = "/orders/17") -> Exchange:
    """A recorded call."""
    return replace(exchange(0, request("GET", path), answered), route="GET /orders/{id}")


def places(recorded: Response, actual: Response) -> list[str]:
    """Where they differ."""
    return [difference.place for difference in compare(call(recorded), actual)]


@pytest.mark.parametrize(
    ("recorded", "actual", "expected"),
    [
        ({"a": 1, "b": [1, {"c": 2}]}, {"b": [1, {"c": 2}], "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["body/a"]),
        ({"a": 1}, {"a": "1"}, ["body/a"]),
        ({"a": 1}, {"a": True}, ["body/a"]),
        ({"a": 1}, {}, ["body/a", "body"]),
        ({"a": 1}, {"a": 1, "b": None}, ["body/b"]),
        ({"b": [{"c": 1}, {"c": 2}]}, {"b": [{"c": 1}]}, ["body/b/1/c"]),
        ({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, ["body/a~1b/~0"]),
        ({"id": OLD}, {"id": NEW}, []),
        ({"id": OLD}, {"id": "x"}, ["body/id"]),
        (
            {"sha256": "9f86d081884c7d659a2feaa0c55ad015"},
            {"sha256": "1f86d081884c7d659a2feaa0c55ad015"},
            ["body/sha256"],
        ),
        ({"at": NOW}, {"at": NOW + 99_999}, []),
        ({"until": "2020-01-01T00:00:00Z"}, {"until": "2021-01-01T00:00:00Z"}, ["body/until"]),
        ({"created_at": "2020-01-01T00:00:00Z"}, {"created_at": "2021-01-01T00:00:00Z"}, []),
    ],
)
def test_json(recorded: object, actual: object, expected: list[str]) -> None:
    """By pointer; a drawn value may be another one, a meant one may not."""
    assert places(response(recorded), response(actual)) == expected


def test_an_id_that_was_asked_for_must_come_back() -> None:
    """It is no noise where the request had it."""
    recorded = call(response({"id": OLD}), f"/orders/{OLD}")
    assert [one.place for one in compare(recorded, response({"id": NEW}))] == ["body/id"]
    assert compare(recorded, response({"id": NEW}), bindings={OLD: NEW}) == ()


def test_heads() -> None:
    """Status, media types, places and cookies count; dates, lengths and servers do not."""
    one = response(
        {},
        200,
        (
            ("Date", "x"),
            ("Server", "a"),
            ("Location", f"/o/{OLD}"),
            ("Set-Cookie", "a=1"),
            ("Cache-Control", "no-store"),
        ),
    )
    other = response(
        {},
        201,
        (("Date", "y"), ("Server", "b"), ("Location", f"/o/{NEW}"), ("Set-Cookie", "a=2")),
        "text/html",
    )
    assert places(one, other) == ["status", "header.content-type", "header.cache-control"]
    assert places(one, replace(one, headers=())) == [
        "header.content-type",
        "header.location",
        "cookie.a",
        "header.cache-control",
    ]


def test_forms_text_and_bytes() -> None:
    """Forms by field, text by line, the rest as a whole."""
    form = "application/x-www-form-urlencoded"
    assert places(response(b"a=1&b=2", media=form), response(b"a=1&b=3", media=form)) == ["form.b"]
    one = f"first\nsecond {OLD}\nthird".encode()
    other = f"first\nsecond {NEW}\n3rd".encode()
    assert places(response(one, media="text/plain"), response(other, media="text/plain")) == ["line 3"]
    assert places(response(b"\xff\1", media="x/y"), response(b"\xff\2", media="x/y")) == ["body"]


def test_no_answer() -> None:
    """Differs from any."""
    assert compare(call(None), None) == ()
    assert [str(one) for one in compare(call(response({})), None)] == [
        "GET /orders/{id}  answer: expected 200, got nothing"
    ]
    assert [one.expected for one in compare(call(None), response({}))] == [None]


def test_secrets_are_not_compared_nor_told() -> None:
    """A placeholder stands for anything of its type; what is told goes through redaction."""
    recorded = replace(call(response({"token": "placeholder", "n": "a"})), redacted=("response.body/token",))
    assert compare(recorded, response({"token": "s3cret", "n": "a"})) == ()
    found = compare(
        recorded, response({"token": 5, "n": "s3cret"}), redact=lambda text: text.replace("s3cret", "***")
    )
    assert [(one.place, one.actual) for one in found] == [("body/token", "5"), ("body/n", '"***"')]


def test_noise_is_learnt_and_kept() -> None:
    """What is drawn, counted or read off a clock; not what is a state."""
    rows = [
        {
            "number": 1001 + at,
            "ticket": CHANCE.hex(8) + "a1",
            "at": NOW + at,
            "took_ms": at * 17 % 5,
            "state": state,
            "name": "x",
        }
        for at, state in enumerate(("new", "busy", "done"))
    ]
    recorded = recording(*((request("POST", "/orders", {"n": 1}), response(row)) for row in rows))
    noise = learn_noise(recorded.exchanges)
    assert noise.places == {"POST /orders": ("body/at", "body/number", "body/ticket", "body/took_ms")}
    again = msgspec.json.decode(msgspec.json.encode(noise), type=Noise)
    assert again == noise
    live = response({**rows[0], "number": 7, "ticket": "x", "at": 5, "took_ms": 99, "state": "gone"})
    assert [one.place for one in compare(recorded.exchanges[0], live, again)] == ["body/state"]


def test_what_is_empty_is_no_noise() -> None:
    """Lists and objects without anything in them are values, too: they differ from others, and teach nothing."""
    answers = (
        {"lines": [], "at": NOW},
        {"lines": [1], "more": {}, "at": NOW},
        {"lines": [], "more": {}, "at": NOW},
    )
    calls = recording(*((request("GET", "/cart"), response(answer)) for answer in answers)).exchanges
    assert learn_noise(calls).places == {"GET /cart": ("body/at",)}


def test_people_name_noise() -> None:
    """With and without a route; of a whole branch."""
    noise = Noise().joined(["POST /a response.body/meta", "response.header.link", "GET /b body/x"])
    assert [noise.covers("POST /a", "body/meta/7/x"), noise.covers("GET /a", "body/meta/7/x")] == [
        True,
        False,
    ]
    assert [noise.covers("GET /z", "header.link"), noise.covers("GET /b", "body/x")] == [True, False]


def test_the_report() -> None:
    """One line a field, with how often, by route; also as data."""
    rows = [
        compare(call(response({"items": [{"n": 1}, {"n": 1}]})), response({"items": [{"n": 2}, {"n": at}]}))
        for at in (1, 2)
    ]
    rows.append(compare(call(response({"a": 1, "gone": 2})), response({"a": 1, "new": 3})))
    rows.append(())
    summary = report(rows)
    assert str(summary) == (
        "3 of 4 answers differ\n\nGET /orders/{id}\n"
        "  body/items/*/n: 2 times expected 1, got 2\n  body/gone: gone, was 2\n  body/new: new, 3"
    )
    assert json.loads(msgspec.json.encode(summary))["lines"][0]["count"] == 2
    assert str(report([()])) == "1 answer compared, as recorded"


def test_live_names_go_into_what_follows() -> None:
    """Ids of the live callee stand in for the recorded ones in path, query, headers and body."""
    carry = Carry()
    made = exchange(
        0,
        request("POST", "/orders", {}),
        response({"id": 17, "key": OLD, "n": 4}, 201, (("Location", "/orders/17"),)),
    )
    following = exchange(
        1,
        request("POST", f"/orders/17/items?order_id=17&n=17&k={OLD}", {"key": OLD, "n": 17}, {"X-Key": OLD}),
        None,
    )
    assert carry.request(following) == following.request
    carry.answered(made, response({"id": 93, "key": NEW, "n": 5}, 201, (("Location", "/orders/93"),)))
    live = carry.request(following)
    assert live.target == f"/orders/93/items?order_id=93&n=17&k={NEW}"
    assert json.loads(live.body.data) == {"key": NEW, "n": 17}
    assert dict(live.headers)["X-Key"] == NEW
    assert carry.bindings[OLD] == NEW
    other = exchange(2, request("PUT", "/carts/17", b"\xff\xfe", media="x/y"), None)
    assert carry.request(other) == other.request


def test_live_cookies_go_into_what_follows() -> None:
    """A session that the callee gives out, whatever letters are in it, and a name that the caller makes up."""
    carry = Carry()
    login = exchange(
        0, request("POST", "/login", {}), response({}, 200, (("Set-Cookie", "sid=a/b==; Path=/"),))
    )
    carry.answered(login, response({}, 200, (("Set-Cookie", "sid=c/d==; Path=/"),)))
    carry.rename("ord-1 of today", NEW)
    headers = {"Cookie": "theme=dark; sid=a/b==", "Idempotency-Key": "ord-1 of today"}
    live = dict(carry.request(exchange(1, request("GET", "/me", headers=headers), None)).headers)
    assert live == {"Cookie": "theme=dark; sid=c/d==", "Idempotency-Key": NEW}


def test_fields() -> None:
    """Places in their notation; indices of lists are any index."""
    found = fields_of(Response(204, "", (), Body(b"[]")))
    assert found.values == {"status": 204, "body": []}
    assert [general("body/a/0/b"), general("line 7"), general("header.link")] == [
        "body/a/*/b",
        "line",
        "header.link",
    ]
