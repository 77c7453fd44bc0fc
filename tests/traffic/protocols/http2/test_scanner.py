"""HTTP/2 and gRPC read along: real clients and servers, the same bytes in other cuts, and frames by hand."""

import asyncio
import random
import subprocess
from collections.abc import Callable, Iterator
from functools import cache

import grpc
import httpx
import pytest
from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.http2 import scanner as http2
from meshdev.traffic.protocols.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    PADDED,
    PREFACE,
    PRIORITY,
    Error,
    Frame,
    frame,
    header_frames,
    reset_frame,
)
from meshdev.traffic.protocols.http2.scanner import GrpcScanner, Http2Scanner
from meshdev.traffic.protocols.operation import Operation, Outcome
from support_asgi import asgi_server
from support_grpc import Caller, grpc_bench
from support_scanning import Chunk, byte_by_byte, cut_at, read_again, scanned, timeless

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@cache
def real_traffic() -> tuple[tuple[Chunk, ...], tuple[Operation, ...]]:
    """One connection of grpcio's with calls of every sort, and what was read of it."""
    with grpc_bench() as port, scanned(GrpcScanner, port) as it:
        with Caller(it.port) as caller:
            assert caller.unary("Echo", b"hi") == b"hi"
            assert caller.unary("Echo", b"", metadata=(("traceparent", f"00-{TRACE}-{PARENT}-01"),)) == b""
            assert caller.code("Fail", b"NOT_FOUND") == "NOT_FOUND"
            assert caller.code("Fail", b"UNAVAILABLE") == "UNAVAILABLE"
            assert caller.code("Nope", b"") == "UNIMPLEMENTED"
            assert len(list(caller.many("Count", b"30"))) == 30
            assert caller.gather("Sum", iter([b"abc"] * 50)) == b"150"
            assert len(list(caller.chat(iter([b"m" * 20] * 20)))) == 20
            with pytest.raises(grpc.RpcError):
                list(caller.many("Late", b"INTERNAL"))
        (one,) = it.conversations
        assert not it.gave_up
    return tuple(one.chunks), tuple(one.operations)


def test_calls_of_grpcio_are_operations() -> None:
    """Names, statuses, whose fault it was, messages in and out, the trace."""
    _, done = real_traffic()
    told = [(it.name, it.code, it.outcome, it.messages_in, it.messages_out) for it in done]
    bench = "test.Bench"
    assert told == [
        (f"{bench}/Echo", "", Outcome.OK, 1, 1),
        (f"{bench}/Echo", "", Outcome.OK, 1, 1),
        (f"{bench}/Fail", "NOT_FOUND", Outcome.REFUSED, 1, 0),
        (f"{bench}/Fail", "UNAVAILABLE", Outcome.FAILED, 1, 0),
        (f"{bench}/Nope", "UNIMPLEMENTED", Outcome.FAILED, 1, 0),
        (f"{bench}/Count", "", Outcome.OK, 1, 30),
        (f"{bench}/Sum", "", Outcome.OK, 50, 1),
        (f"{bench}/Chat", "", Outcome.OK, 20, 20),
        (f"{bench}/Late", "INTERNAL", Outcome.FAILED, 1, 2),
    ]
    assert [it.trace for it in done[:2]] == ["", TRACE]
    assert done[1].parent == PARENT
    assert all(it.detail.startswith("deadline ") and it.ended > it.started for it in done)


@pytest.mark.parametrize("cut", [None, byte_by_byte], ids=["whole", "byte by byte"])
def test_cuts_change_nothing(cut: Callable[[bytes], Iterator[bytes]] | None) -> None:
    """The same bytes in other pieces give the same operations."""
    chunks, done = real_traffic()
    again, scanner = read_again(GrpcScanner, chunks, cut)
    assert timeless(again) == timeless(done)
    assert not scanner.gave_up


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=20))
def test_any_cut_changes_nothing(places: list[float]) -> None:
    """The same, cut anywhere."""
    chunks, done = real_traffic()
    assert timeless(read_again(GrpcScanner, chunks, cut_at(places))[0]) == timeless(done)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_broken_traffic_is_given_up_and_nothing_worse(seed: int, flips: int) -> None:
    """Real traffic with some bytes changed is read, or given up; what is kept stays little."""
    chunks, _ = real_traffic()
    dice = random.Random(seed)
    broken = [bytearray(chunk.data) for chunk in chunks]
    for _ in range(flips):
        one = dice.choice(broken)
        one[dice.randrange(len(one))] = dice.randrange(256)
    again = [Chunk(chunk.asked, bytes(data)) for chunk, data in zip(chunks, broken, strict=True)]
    _, scanner = read_again(Http2Scanner, again)
    assert isinstance(scanner, Http2Scanner)
    assert not scanner.streams
    for side in (scanner.caller, scanner.callee):
        assert len(side.rest) + len(side.block) < 200_000


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200))))
def test_arbitrary_bytes_never_raise(said: list[tuple[bool, bytes]]) -> None:
    """Behind the preface, anything."""
    read_again(Http2Scanner, [Chunk(asked=True, data=PREFACE), *(Chunk(asked, data) for asked, data in said)])


def test_many_streams_and_a_long_one_at_once() -> None:
    """Hundreds of calls beside a stream that is open all the while; a message of 10 MB is counted, not kept."""
    with grpc_bench() as port, scanned(GrpcScanner, port) as it, Caller(it.port) as caller:
        sent = iter([b"first"])
        chat = caller.chat(sent)
        assert next(chat) == b"first"
        stub = caller.channel.unary_unary("/test.Bench/Echo")
        calls = [stub.future(b"%d" % number, timeout=20) for number in range(300)]
        assert [call.result() for call in calls] == [b"%d" % number for number in range(300)]
        count = caller.gather("Sum", iter([b"y" * 1_000_000] * 12))
        assert count == b"12000000"
        with pytest.raises(StopIteration):
            next(chat)
        (one,) = it.conversations
        echoes = [done for done in one.operations if done.name.endswith("Echo")]
        assert len(echoes) == 300
        (total,) = (done for done in one.operations if done.name.endswith("Sum"))
        assert total.messages_in == 12
        assert total.bytes_in > 12_000_000
        assert not it.gave_up


def test_a_cancelled_call_and_one_whose_time_is_up() -> None:
    """Both end with the caller's RST_STREAM; the deadline tells them apart. What is open at the end is lost."""
    with grpc_bench() as port, scanned(GrpcScanner, port) as it:
        with Caller(it.port) as caller:
            assert caller.code("Sleep", b"", timeout=0.3) == "DEADLINE_EXCEEDED"
            call = caller.channel.unary_unary("/test.Bench/Sleep").future(b"", timeout=20)
            assert caller.unary("Echo", b"behind") == b"behind"
            call.cancel()
            assert caller.unary("Echo", b"behind") == b"behind"
        done = [(one.code, one.outcome) for one in it.operations if one.name.endswith("Sleep")]
    assert done == [("DEADLINE_EXCEEDED", Outcome.FAILED), ("CANCELLED", Outcome.REFUSED)]


async def test_plain_http2_by_httpx_and_curl() -> None:
    """Methods, routes and statuses of requests that are no calls."""
    async with asgi_server("hypercorn") as upstream:
        with scanned(Http2Scanner, upstream.port) as it:
            url = f"http://127.0.0.1:{it.port}"
            async with httpx.AsyncClient(http1=False, http2=True, base_url=url) as client:
                assert (await client.get("/text")).text == "hello"
                assert (await client.get("/orders/1042")).status_code == 404
                echoed = await client.post("/echo", content=b"z" * 300_000)
                assert len(echoed.content) == 300_000
            curl = ["curl", "-sS", "--http2-prior-knowledge", f"{url}/stream"]
            told = await asyncio.to_thread(subprocess.run, curl, capture_output=True, check=True, timeout=20)
            assert told.stdout.count(b"\n") == 100
            done = [(it.name, it.target, it.code, it.outcome) for it in it.operations]
            assert not it.gave_up
    assert done == [
        ("GET", "/text", "", Outcome.OK),
        ("GET", "/orders/{id}", "404", Outcome.REFUSED),
        ("POST", "/echo", "", Outcome.OK),
        ("GET", "/stream", "", Outcome.OK),
    ]


# --- frames by hand -----------------------------------------------------------------------------------

SETTINGS = frame(Frame.SETTINGS, 0, 0)
CALL = [(":method", "POST"), (":path", "/a.B/C"), ("content-type", "application/grpc")]
GET = [(":method", "GET"), (":path", "/things/7")]


class Talk:
    """Frames to a scanner; ``done`` is what it told."""

    def __init__(self) -> None:
        self.scanner = Http2Scanner()
        self.done: list[Operation] = []
        self._caller, self._callee = Encoder(), Encoder()
        self.ask(PREFACE + SETTINGS)
        self.answer(SETTINGS)

    def ask(self, data: bytes, now: float = 0.0) -> None:
        """The caller says it."""
        self.done += self.scanner.asked(data, now)

    def answer(self, data: bytes, now: float = 1.0) -> None:
        """The callee says it."""
        self.done += self.scanner.answered(data, now)

    def request(self, stream: int, fields: list[tuple[str, str]], *, ends: bool = False) -> bytes:
        """A head of the caller's."""
        return header_frames(stream, self._caller.encode(fields), 16384, ends=ends)

    def response(
        self, stream: int, fields: list[tuple[str, str]], *, ends: bool = False, most: int = 16384
    ) -> bytes:
        """A head of the callee's."""
        return header_frames(stream, self._callee.encode(fields), most, ends=ends)


@pytest.fixture
def talk() -> Talk:
    """A connection that has begun."""
    return Talk()


def test_padding_priority_and_continuations_are_taken_off(talk: Talk) -> None:
    """Heads and bodies are the same without them."""
    block = Encoder().encode(CALL)
    padded = b"\x04" + b"\0\0\0\0\x10" + block[:3] + bytes(4)
    talk.ask(frame(Frame.HEADERS, PADDED | PRIORITY, 1, padded))
    talk.ask(
        frame(Frame.CONTINUATION, 0, 1, block[3:9]) + frame(Frame.CONTINUATION, END_HEADERS, 1, block[9:])
    )
    talk.ask(frame(Frame.PRIORITY, 0, 1, bytes(5)) + frame(200, 0, 1, b"unknown"))
    talk.ask(frame(Frame.DATA, PADDED | END_STREAM, 1, b"\x02" + b"\0\0\0\0\x03abc" + b"\0\0"))
    talk.answer(talk.response(1, [(":status", "200"), ("x-many", "v" * 40)], most=7))
    talk.answer(talk.response(1, [("grpc-status", "5")], ends=True))
    (done,) = talk.done
    assert (done.name, done.code, done.messages_in, done.messages_out) == ("a.B/C", "NOT_FOUND", 1, 0)
    assert done.bytes_in == len(block) + 8


def test_informational_answers_and_pushes_are_passed_over(talk: Talk) -> None:
    """The final answer counts; a pushed stream is no operation, but its head is in the table."""
    talk.ask(talk.request(1, GET, ends=True))
    talk.answer(talk.response(1, [(":status", "103"), ("link", "</a.css>")]))
    pushed = talk.response(1, [(":method", "GET"), (":path", "/a.css"), ("x-new", "entry")])
    talk.answer(frame(Frame.PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02" + pushed[9:]))
    talk.answer(talk.response(2, [(":status", "200")], ends=True))
    talk.answer(talk.response(1, [(":status", "503"), ("x-new", "entry")], ends=True))
    assert [(it.name, it.target, it.code) for it in talk.done] == [("GET", "/things/{id}", "503")]
    assert not talk.scanner.gave_up


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Error.REFUSED_STREAM, "UNAVAILABLE"),
        (Error.CANCEL, "CANCELLED"),
        (Error.ENHANCE_YOUR_CALM, "RESOURCE_EXHAUSTED"),
        (Error.INADEQUATE_SECURITY, "PERMISSION_DENIED"),
        (Error.PROTOCOL_ERROR, "INTERNAL"),
    ],
)
def test_a_callees_reset_is_what_callers_make_of_it(talk: Talk, error: Error, code: str) -> None:
    """As gRPC maps the errors of HTTP/2."""
    talk.ask(talk.request(1, CALL))
    talk.answer(reset_frame(1, error))
    assert [it.code for it in talk.done] == [code]


def test_a_reset_of_a_request_has_its_own_name(talk: Talk) -> None:
    """The caller's is a no, the callee's a failure; a number that nobody knows stays one."""
    for stream in (1, 3, 5):
        talk.ask(talk.request(stream, GET, ends=True))
    talk.ask(reset_frame(1, Error.CANCEL))
    talk.answer(reset_frame(3, Error.INTERNAL_ERROR) + reset_frame(5, 77))
    assert [(it.code, it.outcome) for it in talk.done] == [
        ("CANCEL", Outcome.REFUSED),
        ("INTERNAL_ERROR", Outcome.FAILED),
        ("error 77", Outcome.FAILED),
    ]


def test_going_away_loses_what_will_not_be_looked_at(talk: Talk) -> None:
    """Streams above the last one that the callee names are over; the others go on."""
    talk.ask(talk.request(1, CALL) + talk.request(3, CALL))
    talk.answer(frame(Frame.GOAWAY, 0, 0, b"\x7f\xff\xff\xff" + bytes(4) + b"soon"))
    assert talk.scanner.waiting() == 2
    talk.answer(frame(Frame.GOAWAY, 0, 0, b"\0\0\0\x01" + bytes(4)))
    assert [(it.outcome, it.code) for it in talk.done] == [(Outcome.LOST, "GOAWAY")]
    talk.answer(talk.response(1, [(":status", "200"), ("grpc-status", "0")], ends=True))
    assert talk.done[-1].outcome is Outcome.OK
    assert not talk.scanner.lost(9.0)


@pytest.mark.parametrize(
    ("length", "said", "outcome"),
    [
        ("5", b"hello", Outcome.OK),
        ("6", b"hello", Outcome.LOST),
        ("", b"hello", Outcome.LOST),
        ("x", b"hello", Outcome.LOST),
        ("0", b"", Outcome.OK),
    ],
)
def test_who_goes_with_all_of_an_answer_has_it(
    talk: Talk, length: str, said: bytes, outcome: Outcome
) -> None:
    """By its length; curl closes then, and does not wait for the stream's end."""
    fields = [(":status", "200"), *([("content-length", length)] if length else [])]
    talk.ask(talk.request(1, GET, ends=True))
    talk.answer(talk.response(1, fields) + (frame(Frame.DATA, 0, 1, said) if said else b""))
    assert [it.outcome for it in talk.scanner.lost(9.0)] == [outcome]


def test_an_early_answer_ends_the_operation(talk: Talk) -> None:
    """What the caller still sends then belongs to nothing, and the connection is read on."""
    talk.ask(talk.request(1, CALL) + frame(Frame.DATA, 0, 1, bytes(20))[:15])
    talk.answer(talk.response(1, [(":status", "200"), ("grpc-status", "8")], ends=True))
    talk.ask(bytes(14) + frame(Frame.DATA, END_STREAM, 1, bytes(20)))
    talk.ask(talk.request(3, GET, ends=True))
    assert [it.code for it in talk.done] == ["RESOURCE_EXHAUSTED"]
    assert talk.scanner.waiting() == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [("503", "UNAVAILABLE"), ("401", "UNAUTHENTICATED"), ("200", "UNKNOWN"), ("418", "UNKNOWN")],
)
def test_an_answer_without_a_grpc_status(talk: Talk, status: str, code: str) -> None:
    """Somebody between the two has answered in HTTP."""
    talk.ask(talk.request(1, CALL, ends=True))
    talk.answer(talk.response(1, [(":status", status)], ends=True))
    assert [it.code for it in talk.done] == [code]


HELLO = bytes.fromhex("16030100310100002d0303") + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
SNI = b"\0\0\0\x0c\0\x0a\0\0\x07a.local"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "the caller does not begin with HTTP/2's preface"),
        (HELLO + len(SNI).to_bytes(2, "big") + SNI, "it is encrypted by TLS, for a.local"),
        (HELLO, "it is encrypted by TLS"),
    ],
)
def test_what_is_no_http2_is_given_up(said: bytes, reason: str) -> None:
    """A person is told what it is instead."""
    scanner = Http2Scanner()
    assert not scanner.asked(said, 0.0)
    assert scanner.gave_up == reason
    assert not scanner.answered(b"whatever", 0.0)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (frame(Frame.HEADERS, 0, 1, b"\x82") + SETTINGS, SETTINGS),
        (frame(Frame.CONTINUATION, END_HEADERS, 1, b"\x82"), SETTINGS),
        (frame(Frame.HEADERS, END_HEADERS, 1, b"\xff"), SETTINGS),
        (frame(Frame.DATA, PADDED, 1, b"\x05abc"), SETTINGS),
        (frame(Frame.DATA, PADDED, 1), SETTINGS),
        (frame(Frame.RST_STREAM, 0, 1, b"\0"), SETTINGS),
        (
            frame(Frame.HEADERS, 0, 1, bytes(16384)) + frame(Frame.CONTINUATION, 0, 1, bytes(16384)) * 4,
            SETTINGS,
        ),
        (b"", SETTINGS + frame(Frame.PUSH_PROMISE, END_HEADERS, 1, b"\0")),
    ],
)
def test_frames_that_make_no_sense_end_the_reading(asked: bytes, answered: bytes) -> None:
    """With a reason, and nothing is kept."""
    scanner = Http2Scanner()
    scanner.asked(PREFACE + asked, 0.0)
    scanner.answered(answered, 0.0)
    assert scanner.gave_up
    assert not scanner.caller.rest
    assert not scanner.caller.block


def test_too_many_streams_are_given_up(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of a connection is bounded."""
    monkeypatch.setattr(http2, "MOST_STREAMS", 3)
    for stream in (1, 3, 5, 7):
        talk.ask(talk.request(stream, GET))
    assert talk.scanner.gave_up == "more than 3 streams at once"
    assert talk.scanner.waiting() == 0


def test_settings_are_remembered(talk: Talk) -> None:
    """What a side lets the other's table have holds once it is acknowledged."""
    talk.ask(frame(Frame.SETTINGS, 0, 0, b"\0\x01\0\0\0\x64"))
    assert talk.scanner.caller.table_size == 4096
    talk.answer(frame(Frame.SETTINGS, ACK, 0))
    assert talk.scanner.caller.table_size == 100
