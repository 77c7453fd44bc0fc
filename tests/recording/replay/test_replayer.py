"""Answers made ready: echoes, heads, codings, pieces, waits."""

import gzip
import json
import zlib

import pytest
from msgspec.structs import replace

from meshdev.errors import UsageError
from meshdev.recording.matching import Matcher, Miss
from meshdev.recording.model import Body, Cut, Exchange, Meta, Recording, Request, Response, Timing
from meshdev.recording.replay import Answer, Replayer
from support_recording import Chance, exchange, recording, request, response

CHANCE = Chance(5)
OLD, NEW, OTHER = (CHANCE.uuid() for _ in range(3))


def played(
    one: Exchange, asked: Request | None = None, timing: str = "fast", now: float | None = None
) -> Answer:
    """The answer to an exchange's request, or to another one."""
    replayer = Replayer(Matcher([Recording(meta=Meta(name="x"), exchanges=(one,))]), timing)
    answer = replayer.answer(asked or one.request, now)
    assert isinstance(answer, Answer), str(answer)
    return answer


def spoken(answer: Answer) -> Response:
    """The response that must be there."""
    assert answer.response is not None
    return answer.response


def echoed(sent: object, recorded: Response, asked: object) -> Response:
    """What comes back when ``asked`` is sent instead of ``sent``."""
    one = exchange(0, request("POST", "/orders", sent), recorded)
    return spoken(played(one, request("POST", "/orders", asked)))


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (f'{{"id":"{OLD}"}}', f'{{"id":"{NEW}"}}'),
        (f'{{"a":[{{"b":["{OLD}"]}}],"n":1}}', f'{{"a":[{{"b":["{NEW}"]}}],"n":1}}'),
        (f'{{"link":"https://x/o/{OLD}?a=1#{OLD}"}}', f'{{"link":"https://x/o/{NEW}?a=1#{NEW}"}}'),
        (f'{{"{OLD}":1}}', f'{{"{NEW}":1}}'),
        (f'{{"id":"{OLD.upper()}"}}', f'{{"id":"{NEW.upper()}"}}'),
        (f'{{"id":"{OLD.replace("-", "")}"}}', f'{{"id":"{NEW.replace("-", "")}"}}'),
        (f'{{"id":"x{OLD}"}}', f'{{"id":"x{OLD}"}}'),
        ('{"other":"' + OTHER + '"}', '{"other":"' + OTHER + '"}'),
    ],
)
def test_a_distinct_value_is_renewed_wherever_it_stands(recorded: str, expected: str) -> None:
    """At any depth, in links, in capitals, but not within another word."""
    given = echoed({"id": OLD, "n": 1}, response(recorded.encode()), {"id": NEW, "n": 1})
    assert given.body.data.decode() == expected
    assert dict(given.headers)["Content-Length"] == str(len(expected))


@pytest.mark.parametrize(
    ("sent", "recorded", "asked", "expected"),
    [
        ({"nonce": 7}, {"nonce": 7, "count": 7}, {"nonce": 9}, {"nonce": 9, "count": 7}),
        (
            {"nonce": "ab"},
            {"x": {"nonce": "ab"}, "y": "ab"},
            {"nonce": "cd"},
            {"x": {"nonce": "cd"}, "y": "ab"},
        ),
        ({"nonce": "abcd"}, {"x": "abcd", "y": "xabcdx"}, {"nonce": "efgh"}, {"x": "efgh", "y": "xabcdx"}),
        ({"nonce": 483_920}, {"n": 483_920, "m": 483_920.5}, {"nonce": 5}, {"n": 5, "m": 483_920.5}),
        ({"nonce": 'say "x"'}, {"nonce": 'say "x"'}, {"nonce": 'a"\\b'}, {"nonce": 'a"\\b'}),
        ({"nonce": "größe"}, {"nonce": "größe"}, {"nonce": "höhe"}, {"nonce": "höhe"}),
    ],
)
def test_short_values_are_renewed_as_whole_scalars(
    sent: object, recorded: object, asked: object, expected: object
) -> None:
    """Of JSON, and very short ones only under their own name."""
    assert json.loads(echoed(sent, response(recorded), asked).body.data) == expected


def test_a_number_in_the_query_comes_back_as_it_is_needed() -> None:
    """A number stays a number; what is none is quoted."""
    one = exchange(0, request("GET", "/a?nonce=17"), response(b'{"nonce":17}'))
    replayer = Replayer(Matcher([Recording(meta=Meta(name="x"), exchanges=(one,))]))
    for value, body in (("18", b'{"nonce":18}'), ("abc", b'{"nonce":"abc"}')):
        answer = replayer.answer(request("GET", f"/a?nonce={value}"))
        assert isinstance(answer, Answer)
        assert spoken(answer).body.data == body


def test_a_short_value_comes_back_behind_its_name() -> None:
    """In links and texts, and in headers."""
    one = exchange(
        0,
        request("GET", "/a?nonce=17"),
        response({"next": "/a?page=17&nonce=17", "n": 17}, headers=(("Link", "</a?nonce=17&m=17>"),)),
    )
    given = spoken(played(one, request("GET", "/a?nonce=23")))
    assert json.loads(given.body.data) == {"next": "/a?page=17&nonce=23", "n": 17}
    assert dict(given.headers)["Link"] == "</a?nonce=23&m=17>"
    text = exchange(0, request("GET", "/a?nonce=17"), response(b"17 is no nonce: 17", media="text/plain"))
    assert spoken(played(text, request("GET", "/a?nonce=23"))).body.data == b"17 is no nonce: 23"


def test_headers_come_back() -> None:
    """Of the answer by the body's values; of the request by their own; the host in links."""
    recorded = response(
        {"host": "http://a.test:80/x", "seen": "req-8f3a9c71"},
        headers=(
            ("Location", f"http://a.test:80/orders/{OLD}"),
            ("X-Request-Id", "req-8f3a9c71"),
            ("Server", "x"),
        ),
    )
    asked = request("POST", "/o", {"id": OLD}, {"Host": "a.test:80", "X-Request-Id": "req-8f3a9c71"})
    one = exchange(0, asked, recorded)
    other = request("POST", "/o", {"id": NEW}, {"Host": "b.test:8080", "X-Request-Id": "req-11aa22bb"})
    given = spoken(played(one, other))
    head = dict(given.headers)
    assert (head["Location"], head["X-Request-Id"]) == (f"http://b.test:8080/orders/{NEW}", "req-11aa22bb")
    assert json.loads(given.body.data) == {"host": "http://b.test:8080/x", "seen": "req-11aa22bb"}


def test_traces_come_back() -> None:
    """The trace of a traceparent, not its flags."""
    trace, other = CHANCE.hex(32), CHANCE.hex(32)
    one = exchange(
        0,
        request("GET", "/a", headers={"traceparent": f"00-{trace}-{CHANCE.hex(16)}-01"}),
        response({"trace": trace, "n": "01"}),
    )
    given = played(one, request("GET", "/a", headers={"traceparent": f"00-{other}-{CHANCE.hex(16)}-00"}))
    assert json.loads(spoken(given).body.data) == {"trace": other, "n": "01"}


def test_nobody_gets_the_values_of_others() -> None:
    """Calls of several clients in between, each with its own id, also in later answers."""
    recorded = recording(
        (request("POST", "/o", {"id": OLD}), response({"id": OLD}, 201)),
        (request("GET", f"/o/{OLD}"), response({"id": OLD, "n": 1})),
        (request("GET", "/o"), response({"all": [OLD]})),
    )
    replayer = Replayer(Matcher([recorded]))
    names = [CHANCE.uuid() for _ in range(8)]
    for name in names:
        answer = replayer.answer(request("POST", "/o", {"id": name}))
        assert isinstance(answer, Answer)
        assert json.loads(spoken(answer).body.data) == {"id": name}
    for name in reversed(names):
        answer = replayer.answer(request("GET", f"/o/{name}"))
        assert isinstance(answer, Answer)
        assert json.loads(spoken(answer).body.data) == {"id": name, "n": 1}
    answer = replayer.answer(request("GET", "/o"))
    assert isinstance(answer, Answer)
    assert json.loads(spoken(answer).body.data) == {"all": [names[-1]]}


def test_the_head_is_of_this_connection() -> None:
    """Hop by hop headers, old dates and lengths are gone; a date is made when the time is known."""
    old = (
        ("Date", "x"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Transfer-Encoding", "chunked"),
        ("ETag", '"1"'),
        ("Content-Length", "999"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )
    one = exchange(0, request("GET", "/a"), response({"n": 1}, headers=old))
    assert spoken(played(one)).headers == (
        ("Content-Type", "application/json"),
        ("ETag", '"1"'),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Content-Length", "8"),
    )
    assert spoken(played(one, now=1_790_000_000.7)).headers[-1] == ("Date", "Mon, 21 Sep 2026 14:13:20 GMT")


@pytest.mark.parametrize(
    ("method", "status", "length"),
    [("HEAD", 200, "999"), ("GET", 304, "999"), ("GET", 204, None), ("GET", 101, None)],
)
def test_answers_without_content(method: str, status: int, length: str | None) -> None:
    """Say the recorded length where they may."""
    one = exchange(0, request(method, "/a"), Response(status, "", (("Content-Length", "999"),), Body(b"")))
    given = spoken(played(one))
    assert (given.body.data, dict(given.headers).get("Content-Length")) == (b"", length)


@pytest.mark.parametrize(
    ("coding", "accepted", "used"),
    [
        ("gzip", "gzip, deflate", "gzip"),
        ("gzip", "*", "gzip"),
        ("gzip", "gzip;q=0, *;q=0", None),
        ("gzip", "br", None),
        ("gzip", "", None),
        ("deflate", "deflate", "deflate"),
        ("br", "br", None),
    ],
)
def test_content_codings(coding: str, accepted: str, used: str | None) -> None:
    """As recorded, when the caller takes it and it can be made."""
    body = Body(b"hello " * 50, 300, coding)
    recorded = Response(200, "OK", (("Content-Type", "text/plain"), ("Content-Encoding", coding)), body)
    one = exchange(0, request("GET", "/a"), recorded)
    for _ in range(2):
        given = spoken(played(one, request("GET", "/a", headers={"Accept-Encoding": accepted})))
        head = dict(given.headers)
        assert (head.get("Content-Encoding"), head["Content-Length"]) == (used, str(len(given.body.data)))
        undo = gzip.decompress if used == "gzip" else zlib.decompress if used else bytes
        assert undo(given.body.data) == body.data


def streamed() -> Exchange:
    """Server-sent events in three pieces, with the id in two of them."""
    rows = [f"data: {OLD}\n\n".encode(), b"data: tick\n\n", f"data: bye {OLD} bye\n\n".encode()]
    starts = [(sum(map(len, rows[:at])), 10_000 + at * 500_000) for at in range(3)]
    data = b"".join(rows)
    body = Body(data, len(data), pieces=tuple(starts))
    answered = Response(
        200, "OK", (("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")), body
    )
    return replace(
        exchange(0, request("POST", "/s", {"id": OLD}), answered), timing=Timing(1_000, 9_000, 1_000_000)
    )


@pytest.mark.parametrize(
    ("timing", "first", "gap"),
    [("fast", 0.0, 0.0), ("recorded", 0.009, 0.5), ("x2", 0.0045, 0.25), ("0.5x", 0.018, 1.0)],
)
def test_pieces_and_waits(timing: str, first: float, gap: float) -> None:
    """Cut where it was cut, whatever was put in, with the gaps that are wanted and no length."""
    answer = played(streamed(), request("POST", "/s", {"id": NEW}), timing)
    assert [piece.data for piece in answer.pieces] == [
        f"data: {NEW}\n\n".encode(),
        b"data: tick\n\n",
        f"data: bye {NEW} bye\n\n".encode(),
    ]
    assert [round(one, 6) for one in (answer.delay, *(piece.delay for piece in answer.pieces))] == [
        first,
        0.0,
        gap,
        gap,
    ]
    assert "Content-Length" not in dict(spoken(answer).headers)


def test_pieces_keep_their_content_when_values_grow() -> None:
    """A longer value moves all cuts behind it."""
    rows = [b"data: ab1cd2\n\n", b"data: tick\n\n", b"data: ab1cd2!\n\n"]
    body = Body(b"".join(rows), 0, pieces=((0, 0), (len(rows[0]), 1), (len(rows[0] + rows[1]), 2)))
    one = exchange(
        0,
        request("GET", "/s?nonce=ab1cd2"),
        Response(200, "OK", (("Content-Type", "text/event-stream"),), body),
    )
    answer = played(one, request("GET", "/s?nonce=ab1cd2ef3"))
    assert [piece.data for piece in answer.pieces] == [
        b"data: ab1cd2ef3\n\n",
        b"data: tick\n\n",
        b"data: ab1cd2ef3!\n\n",
    ]


def test_timing_must_be_known() -> None:
    """Anything else is refused with what could be said."""
    for text in ("slow", "x0", "", "x-1"):
        with pytest.raises(UsageError, match="timing"):
            Replayer(Matcher([]), text)


def test_what_was_not_kept_is_not_given() -> None:
    """A cut answer is a miss; one that broke off breaks off again; an error stays one."""
    asked = request("GET", "/a")
    for cut in (Cut.CAP, Cut.OPAQUE, Cut.DISK):
        one = exchange(0, asked, Response(200, "OK", (), Body(b"x", 9, cut=cut)))
        answer = Replayer(Matcher([Recording(meta=Meta(name="x"), exchanges=(one,))])).answer(asked)
        assert isinstance(answer, Miss)
        assert cut.value in answer.reason
    broken = played(exchange(0, asked, Response(200, "OK", (), Body(b"x", 1, cut=Cut.BROKEN))))
    assert (broken.broken, spoken(broken).body.data) == (True, b"x")
    failed = played(replace(exchange(0, asked, None), error="reset"), timing="recorded")
    assert (failed.response, failed.error, failed.delay) == (None, "reset", 0.0015)


def test_a_miss_is_passed_on() -> None:
    """As the matcher says it."""
    assert isinstance(Replayer(Matcher([])).answer(request("GET", "/a")), Miss)
