"""Streams of HTTP/2 as an edge keeps them: real calls, put together again as the recorder does."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from queue import SimpleQueue
from time import perf_counter

import grpc
import httpx
import msgspec
import pytest

from meshdev.mesh.recorder_link import RecorderLink
from meshdev.mesh.scanned_link import ScannedLink
from meshdev.mesh.stream_capture import Streams
from meshdev.recorder.worker_stream import WorkerStream
from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.recording.calls import call_message, call_status, said
from meshdev.recording.model import Cut, Exchange, MessageKind
from meshdev.traffic.protocols.http2.grpc import Status
from meshdev.traffic.protocols.http2.scanner import GrpcScanner
from meshdev.wire.capture import decode_batch
from meshdev.wire.frames import FrameReader
from meshdev.wire.mesh import Upstream
from support_asgi import asgi_server
from support_faulty_edge import Faulty, edge_to
from support_grpc import SERVICE, Caller, grpc_bench
from support_mesh import until
from support_scanning import scanned

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Kept(Faulty):
    """An edge in this process that keeps what passes, and who is told of it."""

    def begin(self, *, keep: int = 1 << 20, recorded: bool = False, body_cap: int = 1 << 20) -> None:
        """Keep from now on."""
        self.ours, theirs = socket.socketpair()
        self.ours.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self.link = RecorderLink(asyncio.get_running_loop())
        self.link.connect(theirs)
        self.raws: list[Raw] = []
        self.marked = asyncio.Event()
        self.stream = WorkerStream(
            lambda raw, _: self.raws.append(raw), lambda _: None, lambda *_: self.marked.set()
        )
        self.keep(keep=keep, recorded=recorded, body_cap=body_cap)

    def keep(self, *, keep: int, recorded: bool, body_cap: int = 1 << 20) -> None:
        """Keep as much from now on."""
        policy = msgspec.structs.replace(self.edge.policy, keep=keep, recorded=recorded, body_cap=body_cap)
        self.edge.adopt_capture(policy, self.link)
        self.relay.keep_streams()

    async def call(self, *works: Callable[[Caller], object]) -> None:
        """Each with a caller of its own, in a thread."""

        def run(work: Callable[[Caller], object]) -> None:
            with Caller(self.port) as caller:
                work(caller)

        for work in works:
            await asyncio.to_thread(run, work)

    async def told(self, *, dumped: bool = False, unfinished: bool = False) -> list[Exchange]:
        """What the recorder heard, as exchanges."""
        self.raws.clear()
        self.marked.clear()
        reader = FrameReader()
        self.edge.catch_up()
        if dumped and self.edge.capture is not None:
            self.edge.capture.dump(1, 0.0)
        self.link.mark(1)
        while not self.marked.is_set():
            data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.ours, 1 << 20), 10)
            for body in reader.feed(data):
                self.stream.feed(decode_batch(body))
        if unfinished:
            self.raws += self.stream.unfinished()
        found = [assemble(raw, str(number)) for number, raw in enumerate(self.raws, 1)]
        assert None not in found
        return sorted((one for one in found if one is not None), key=lambda one: one.started)


@asynccontextmanager
async def bench(**more: int | bool) -> AsyncIterator[Kept]:
    """The same in front of `support_grpc`'s server."""
    with grpc_bench() as port:
        async with edge_to(Kept, Upstream("127.0.0.1", port, "bench-0@1"), "grpc") as it:
            it.begin(**more)  # type: ignore[arg-type]
            yield it
            await until(lambda: it.edge.active == 0)
            it.link.close()
            it.ours.close()


def shape(one: Exchange) -> tuple[str, Status, list[bytes], list[bytes]]:
    """What matters of a call."""
    sent, heard = ([message.data for message in said(one, outgoing=way)] for way in (True, False))
    return one.request.target.rpartition("/")[2], call_status(one), sent, heard


async def test_calls_of_every_sort_are_kept_whole() -> None:
    """Messages of both sides, statuses and their words, metadata, the trace; from the ring as to the recorder."""

    def work(caller: Caller) -> None:
        metadata = (
            ("traceparent", f"00-{TRACE}-{PARENT}-01"),
            ("x-tenant", "blue"),
            ("x-raw-bin", b"\0\xff"),
        )
        caller.unary("Echo", b"hi", metadata=metadata)
        caller.code("Fail", b"NOT_FOUND")
        caller.code("Nope", b"")
        list(caller.many("Count", b"4"))
        caller.gather("Sum", iter([b"abc"] * 3))
        list(caller.chat(iter([b"one", b"two"])))
        with pytest.raises(grpc.RpcError):
            list(caller.many("Late", b"INTERNAL"))

    async with bench(recorded=True) as it:
        await it.call(work)
        told = await it.told()
        dumped = await it.told(dumped=True)
    assert [shape(one) for one in told] == [
        ("Echo", Status.OK, [b"hi"], [b"hi"]),
        ("Fail", Status.NOT_FOUND, [b"NOT_FOUND"], []),
        ("Nope", Status.UNIMPLEMENTED, [b""], []),
        ("Count", Status.OK, [b"4"], [b"", b"x", b"xx", b"xxx"]),
        ("Sum", Status.OK, [b"abc"] * 3, [b"9"]),
        ("Chat", Status.OK, [b"one", b"two"], [b"one", b"two"]),
        ("Late", Status.INTERNAL, [b"INTERNAL"], [b"one", b"two"]),
    ]
    assert [shape(one) for one in dumped] == [shape(one) for one in told]
    echo, fail = told[0], told[1]
    assert (echo.trace, echo.parent, echo.instance, echo.protocol) == (TRACE, PARENT, "bench-0@1", "grpc")
    headers = dict(echo.request.headers)
    assert (headers["x-tenant"], headers["x-raw-bin"], headers["te"]) == ("blue", "AP8", "trailers")
    assert headers["host"] == f"127.0.0.1:{it.port}"
    assert echo.request.target == f"/{SERVICE}/Echo"
    assert call_message(fail) == "as it was asked for"
    for one in told:
        assert [message.kind for message in one.messages].count(MessageKind.CLOSE) == 1
        assert [message.at for message in one.messages] == sorted(message.at for message in one.messages)
        assert one.error == ""


async def test_compressed_messages_are_kept_plain() -> None:
    """Gzip of grpcio's own, both ways."""

    def work(caller: Caller) -> None:
        caller.unary("Echo", b"long " * 400, compression=grpc.Compression.Gzip)

    async with bench(recorded=True) as it:
        await it.call(work)
        (one,) = await it.told()
    assert dict(one.request.headers)["grpc-encoding"] == "gzip"
    assert shape(one)[2:] == ([b"long " * 400], [b"long " * 400])


async def test_what_is_beyond_the_cap_says_so() -> None:
    """The first messages are kept, the status too; how much is missing is told."""

    def work(caller: Caller) -> None:
        assert len(list(caller.many("Count", b"2000"))) == 2000

    async with bench(recorded=True, body_cap=100_000) as it:
        await it.call(work)
        (one,) = await it.told()
    assert one.response is not None
    assert one.response.body.cut is Cut.CAP
    assert one.response.body.size >= 2000 * 1999 // 2
    assert call_status(one) is Status.OK
    heard = said(one, outgoing=False)
    assert 300 < len(heard) < 600
    assert [len(message.data) for message in heard[:-1]] == list(range(len(heard) - 1))
    assert [message.cut for message in heard[:-1]] == [None] * (len(heard) - 1)


async def test_a_call_that_its_caller_gives_up() -> None:
    """Cancelled, or late: what was said until then is there."""

    def work(caller: Caller) -> None:
        over = threading.Event()
        stream = caller.chat(iter(lambda: b"x" if not over.is_set() and not over.wait(0.01) else b"", b""))
        assert next(stream) == b"x"
        stream.cancel()
        over.set()
        caller.code("Sleep", b"", timeout=0.3)

    async with bench(recorded=True) as it:
        await it.call(work)
        await until(lambda: it.edge.in_flight == 0)
        chat, sleep = await it.told()
    assert (call_status(chat), chat.error) == (Status.CANCELLED, "caller-reset")
    assert said(chat, outgoing=False)[0].data == b"x"
    assert call_status(sleep) is Status.DEADLINE_EXCEEDED


async def test_a_connection_that_was_there_before_is_kept_from_now_on() -> None:
    """Keeping begins and ends under a connection that stays; what goes on at the end is told as far as it came."""
    asked: SimpleQueue[bytes | None] = SimpleQueue()
    with grpc_bench() as port:
        async with edge_to(Kept, Upstream("127.0.0.1", port, "bench-0@1"), "grpc") as it:
            it.begin(keep=0)
            with Caller(it.port) as caller:
                for _ in range(3):  # the header table is in use by now
                    await asyncio.to_thread(caller.unary, "Echo", b"before")
                it.keep(keep=0, recorded=True)
                await asyncio.to_thread(caller.unary, "Echo", b"during", metadata=(("x-new", "1"),))
                chat = caller.chat(iter(asked.get, None))
                asked.put(b"first")
                assert await asyncio.to_thread(next, chat) == b"first"
                it.keep(keep=0, recorded=False)
                await asyncio.to_thread(caller.unary, "Echo", b"after")
                told = await it.told(unfinished=True)
                asked.put(None)
                assert await asyncio.to_thread(list, chat) == []
            await until(lambda: it.edge.active == 0)
            it.link.close()
            it.ours.close()
    assert [shape(one)[0::2] for one in told] == [("Echo", [b"during"]), ("Chat", [b"first"])]
    assert dict(told[0].request.headers)["x-new"] == "1"
    assert [one.data for one in told[1].messages] == [b"first", b"first"]


async def test_what_a_fault_answers_is_what_the_caller_heard() -> None:
    """A call that is aborted on its way is told with the fault and who answered; all others as ever."""
    fault = {"grpc_status": "ABORTED", "match": {"path": f"/{SERVICE}/Echo"}}
    with grpc_bench() as port:
        async with edge_to(Kept, Upstream("127.0.0.1", port, "bench-0@1"), "grpc", fault) as it:
            it.begin(recorded=True)
            await it.call(
                lambda caller: (caller.code("Echo", b"x"), caller.gather("Sum", iter([b"ab", b"c"])))
            )
            echo, total = await it.told()
            await until(lambda: it.edge.active == 0)
            it.link.close()
            it.ours.close()
    assert (call_status(echo), echo.by, echo.faults) == (Status.ABORTED, "meshdev", ("a/grpc-status",))
    assert shape(total) == ("Sum", Status.OK, [b"ab", b"c"], [b"3"])
    assert (total.by, total.faults) == ("", ())


async def test_plain_http2_becomes_an_exchange_like_any_other() -> None:
    """Method, target, headers, bodies; the host is the authority."""
    async with asgi_server("hypercorn") as upstream, edge_to(Kept, upstream, "http2") as it:
        it.begin(recorded=True)
        async with httpx.AsyncClient(
            http1=False, http2=True, base_url=f"http://127.0.0.1:{it.port}"
        ) as client:
            answer = await client.post("/echo?x=1", content=b"body")
            assert (answer.status_code, answer.content) == (200, b"body")
        (one,) = await it.told()
        await until(lambda: it.edge.active == 0)
        it.link.close()
        it.ours.close()
    assert (one.protocol, one.route, one.request.target) == ("http2", "POST /echo", "/echo?x=1")
    assert one.request.body.data == b"body"
    assert dict(one.request.headers)["host"] == f"127.0.0.1:{it.port}"
    assert one.response is not None
    assert (one.response.status, one.response.body.data) == (200, b"body")
    assert dict(one.response.headers)["x-trace"] == ""


@pytest.mark.parametrize("size", [1, 3, 7, 100, 5000])
async def test_what_is_kept_does_not_depend_on_how_bytes_came(size: int) -> None:
    """One connection of grpcio's with calls of every sort, read again in other pieces."""

    def work(caller: Caller) -> None:
        caller.unary(
            "Echo", b"hi" * 3000, metadata=(("x-tenant", "blue"),), compression=grpc.Compression.Gzip
        )
        list(caller.many("Count", b"20"))
        caller.gather("Sum", iter([b"abc" * 1000] * 3))
        list(caller.chat(iter([b"one", b"two"])))

    with grpc_bench() as port, scanned(GrpcScanner, port) as it:
        with Caller(it.port) as caller:
            await asyncio.to_thread(work, caller)
        (one,) = it.conversations
    async with edge_to(Kept, Upstream("127.0.0.1", 1, "bench-0@1"), "grpc") as edge:
        edge.begin(recorded=True)
        scanner = GrpcScanner()
        link = ScannedLink(edge.relay)
        scanner.keep(Streams(link).opened)
        for asked, data in tuple(one.chunks):
            read = scanner.asked if asked else scanner.answered
            for at in range(0, len(data), size):
                read(data[at : at + size], perf_counter())
        told = await edge.told()
        edge.link.close()
        edge.ours.close()
    assert [shape(call) for call in told] == [
        ("Echo", Status.OK, [b"hi" * 3000], [b"hi" * 3000]),
        ("Count", Status.OK, [b"20"], [b"x" * number for number in range(20)]),
        ("Sum", Status.OK, [b"abc" * 1000] * 3, [b"9000"]),
        ("Chat", Status.OK, [b"one", b"two"], [b"one", b"two"]),
    ]
    assert all(message.cut is None for call in told for message in call.messages)
