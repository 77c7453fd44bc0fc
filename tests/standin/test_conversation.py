"""A stand-in spoken to over real sockets: what every server does, and what only a recording can."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from meshdev.recording.model import Body, Cut, Timing
from support_played import stand_in
from support_recordings import JSON, TEXT, body, exchange

EVENTS = (("Content-Type", "text/event-stream"),)
STREAM = Body(b"data: 1\n\ndata: 2\n\ndata: 3\n\n", 27, pieces=((0, 1000), (9, 151_000), (18, 301_000)))


async def test_requests_follow_each_other_on_one_connection(tmp_path: Path) -> None:
    """Each is answered as it was recorded: status, reason, headers, content."""
    asked = [
        exchange("GET /a", "one", headers=(*TEXT, ("X-Kind", "a"))),
        exchange(
            "POST /b", {"id": 7}, sent={"amount": 1}, status=201, headers=JSON, asked_headers=JSON, number=2
        ),
    ]
    async with stand_in(tmp_path, asked) as payments:
        caller = await payments.connect()
        first = await caller.ask("GET /a")
        assert (first.status, first.body) == (200, b"one")
        assert first.head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Kind: a\r\n")
        second = await caller.ask("POST /b\nContent-Type: application/json", b'{"amount":1}')
        assert (second.status, json.loads(second.body)) == (201, {"id": 7})
        caller.close()


async def test_requests_that_come_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    """Pipelining, with bodies between and however the bytes are cut."""
    asked = [
        exchange(f"POST /{number}", str(number), sent=f"n{number}", number=number + 1) for number in range(5)
    ]
    said = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nn%d" % (number, number)
        for number in range(5)
    )
    async with stand_in(tmp_path, asked) as payments:
        for size in (1, 7, len(said)):
            caller = await payments.connect()
            for at in range(0, len(said), size):
                caller.writer.write(said[at : at + size])
                await asyncio.sleep(0)
            assert [(await caller.read()).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
            caller.close()


async def test_head_has_no_content_but_its_length(tmp_path: Path) -> None:
    """The connection goes on behind it."""
    asked = [
        exchange("HEAD /a", "", headers=(*TEXT, ("Content-Length", "99"))),
        exchange("GET /a", "one", number=2),
    ]
    async with stand_in(tmp_path, asked) as payments:
        caller = await payments.connect()
        answer = await caller.ask("HEAD /a")
        assert "content-length: 99" in answer.head.lower()
        assert (await caller.ask("GET /a")).body == b"one"
        caller.close()


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_request_bodies_are_read_through_their_framing_and_coding(tmp_path: Path, coding: str) -> None:
    """Chunks and gzip are undone before it is looked for."""
    content = b'{"amount": 5}'
    data = gzip.compress(content) if coding else content
    lines = f"\nContent-Encoding: {coding}" if coding else ""
    async with stand_in(tmp_path, [exchange("POST /b", "ok", sent=content, asked_headers=JSON)]) as payments:
        caller = await payments.connect()
        caller.send(f"POST /b\nContent-Type: application/json\nTransfer-Encoding: chunked{lines}")
        for piece in (data[:4], data[4:]):
            caller.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        caller.writer.write(b"0\r\n\r\n")
        assert (await caller.read()).body == b"ok"
        caller.close()


async def test_who_waits_to_send_is_told_to_go_on(tmp_path: Path) -> None:
    """Expect: 100-continue."""
    async with stand_in(tmp_path, [exchange("POST /b", "ok", sent="abc")]) as payments:
        caller = await payments.connect()
        caller.send("POST /b\nExpect: 100-continue\nContent-Length: 3")
        assert (await caller.read()).status == 100
        caller.writer.write(b"abc")
        assert (await caller.read()).body == b"ok"
        caller.close()


async def test_an_old_caller_gets_the_end_of_the_connection(tmp_path: Path) -> None:
    """HTTP/1.0 knows no chunks, and keeps nothing."""
    asked = [exchange("GET /a", "one"), exchange("GET /s", STREAM, headers=EVENTS, number=2)]
    async with stand_in(tmp_path, asked) as payments:
        caller = await payments.connect()
        answer = await caller.ask("GET /a HTTP/1.0")
        assert answer.body == b"one"
        assert await caller.ended()
        stream = await payments.ask("GET /s HTTP/1.0")
        assert "chunked" not in stream.head.lower()
        assert stream.body == STREAM.data


async def test_a_caller_that_wants_it_closed_gets_it_closed(tmp_path: Path) -> None:
    """Connection: close."""
    async with stand_in(tmp_path, [exchange("GET /a", "one")]) as payments:
        caller = await payments.connect()
        answer = await caller.ask("GET /a\nConnection: close")
        assert "connection: close" in answer.head.lower()
        assert await caller.ended()


@pytest.mark.parametrize(
    ("timing", "least", "most"), [("fast", 0.0, 0.15), ("recorded", 0.28, 5.0), ("x3", 0.09, 5.0)]
)
async def test_a_stream_comes_in_its_pieces(tmp_path: Path, timing: str, least: float, most: float) -> None:
    """With the times between them when that is wanted: the first piece does not wait for the last."""
    asked = [exchange("GET /events", STREAM, headers=EVENTS)]
    async with stand_in(tmp_path, asked, timing=timing) as payments:
        caller = await payments.connect()
        loop = asyncio.get_running_loop()
        caller.send("GET /events")
        await caller.reader.readuntil(b"data: 1\n\n")
        began = loop.time()
        await caller.reader.readuntil(b"data: 3\n\n")
        assert least <= loop.time() - began <= most
        assert await caller.reader.readexactly(7) == b"\r\n0\r\n\r\n"
        caller.close()


async def test_the_first_byte_waits_as_it_did(tmp_path: Path) -> None:
    """Time to the first byte, as recorded."""
    asked = [exchange("GET /slow", "late", timing=Timing(0, 200_000, 1000))]
    async with stand_in(tmp_path, asked, timing="recorded") as payments:
        began = asyncio.get_running_loop().time()
        assert (await payments.ask("GET /slow")).body == b"late"
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_what_broke_off_breaks_off_again(tmp_path: Path) -> None:
    """Half an answer, and the end; no answer at all, and the end."""
    half = Body(b"hal", 3, cut=Cut.BROKEN)
    asked = [
        exchange("GET /half", half, headers=(*TEXT, ("Content-Length", "6"))),
        replace(exchange("GET /none", number=2, error="callee-reset"), response=None),
    ]
    async with stand_in(tmp_path, asked) as payments:
        caller = await payments.connect()
        caller.send("GET /half")
        head = await caller.reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 6" in head
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await caller.reader.readexactly(6)
        caller.close()
        other = await payments.connect()
        other.send("GET /none")
        assert await other.ended()


async def test_a_stream_that_its_caller_left_stays_open(tmp_path: Path) -> None:
    """Whoever listened for three events gets them, and may listen on."""
    left = Body(STREAM.data, STREAM.size, cut=Cut.BROKEN, pieces=STREAM.pieces)
    async with stand_in(tmp_path, [exchange("GET /events", left, headers=EVENTS)]) as payments:
        caller = await payments.connect()
        caller.send("GET /events")
        await caller.reader.readuntil(b"data: 3\n\n")
        assert await caller.reader.readexactly(2) == b"\r\n"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.reader.read(1), 0.1)
        caller.close()


async def test_a_sequence_goes_on(tmp_path: Path) -> None:
    """Polling: each answer in its turn, the last one again."""
    asked = [
        exchange("GET /job", state, number=number) for number, state in enumerate(("new", "busy", "done"), 1)
    ]
    async with stand_in(tmp_path, asked) as payments:
        assert [(await payments.ask("GET /job")).body for _ in range(4)] == [
            b"new",
            b"busy",
            b"done",
            b"done",
        ]


async def test_a_miss_says_what_came_closest(tmp_path: Path) -> None:
    """A problem with status 599 for the caller, a line for the log; the connection goes on."""
    asked = [exchange("POST /pay", "ok", sent={"amount": 5, "currency": "EUR"}, asked_headers=JSON)]
    async with stand_in(tmp_path, asked) as payments:
        caller = await payments.connect()
        answer = await caller.ask(
            "POST /pay\nContent-Type: application/json", b'{"amount": 6, "currency": "EUR"}'
        )
        problem = json.loads(answer.body)
        assert answer.head.startswith("HTTP/1.1 599 No Match\r\ncontent-type: application/problem+json\r\n")
        assert (problem["status"], problem["by"], problem["callee"]) == (599, "meshdev", "payments")
        closest = problem["closest"][0]
        assert closest["request"] == "POST /pay"
        assert {"place": "body/amount", "recorded": "5", "asked": "6"} in closest["differences"]
        line = payments.said[-1]
        assert line.startswith("no match: POST /pay: ")
        assert "closest: POST /pay (body/amount was '5', is '6')" in line
        again = await caller.ask(
            "POST /pay\nContent-Type: application/json", b'{"currency": "EUR", "amount": 5}'
        )
        assert again.body == b"ok"
        caller.close()


async def test_a_miss_tells_no_secrets(tmp_path: Path) -> None:
    """Neither in the answer nor in the log: those of the query, of headers, of fields."""
    asked = [exchange("POST /login?v=1", "ok", sent={"user": "a", "password": "x"}, asked_headers=JSON)]
    async with stand_in(tmp_path, asked) as payments:
        said = await payments.ask(
            "POST /login?v=1&api_key=hush-hush-0123456789abcdef\nContent-Type: application/json\n"
            "Authorization: Bearer hush-hush-0123456789abcdef\nCookie: session=hush-hush-0123456789abcdef",
            b'{"user": "b", "password": "hush-hush-0123456789abcdef"}',
        )
        assert said.status == 599
        assert "hush-hush" not in said.body.decode() + said.head + "".join(payments.said)


async def test_a_miss_to_head_has_no_content(tmp_path: Path) -> None:
    """Or what follows on the connection would be misread."""
    async with stand_in(tmp_path, [exchange("GET /a", "one")]) as payments:
        caller = await payments.connect()
        assert (await caller.ask("HEAD /nobody")).status == 599
        assert (await caller.ask("GET /a")).body == b"one"
        caller.close()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
async def test_what_cannot_be_read_is_refused(tmp_path: Path, said: bytes, status: int) -> None:
    """With a problem, and the end of the connection."""
    async with stand_in(tmp_path, [exchange("GET /a", "one")]) as payments:
        caller = await payments.connect()
        caller.writer.write(said)
        assert (await caller.read()).status == status
        assert await caller.ended()


async def test_what_meshdev_said_itself_is_not_played(tmp_path: Path) -> None:
    """Nor what was not kept whole; the log tells how much that is."""
    asked = [
        exchange("GET /a", "no", status=503, by="meshdev"),
        exchange("GET /b", body("hal", cut=Cut.CAP), number=2),
        exchange("GET /c", "other", callee="orders", number=3),
    ]
    async with stand_in(tmp_path, asked) as payments:
        assert [(await payments.ask(f"GET /{name}")).status for name in "abc"] == [599, 599, 599]
        assert payments.said[:4] == [
            "1 recorded exchange is not played: meshdev answered itself",
            "1 recorded exchange is not played: the answer was not kept whole",
            'plays payments: 0 exchanges of "r"; what was not recorded is answered with 599',
            '"r" has no exchange with payments; it has: orders, payments',
        ]


async def test_an_answer_is_said_to_its_end(tmp_path: Path) -> None:
    """When the stand-in ends: idle connections at once, the others behind their answer."""
    asked = [
        exchange("GET /slow", "late", timing=Timing(0, 200_000, 1000)),
        exchange("GET /a", "one", number=2),
    ]
    async with stand_in(tmp_path, asked, timing="recorded") as payments:
        idle, busy = await payments.connect(), await payments.connect()
        assert (await idle.ask("GET /a")).body == b"one"
        busy.send("GET /slow")
        await asyncio.sleep(0.05)  # it is under way
        ending = asyncio.get_running_loop().create_task(payments.stage.ends())
        assert await idle.ended()
        assert (await busy.read()).body == b"late"
        assert await busy.ended()
        await ending
