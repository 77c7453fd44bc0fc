"""Faults on the calls of real connections: one call is hit, all others on the same connection go on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

import grpc
import httpx

from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.wire.mesh import EdgePolicy, Exchange, Upstream
from support_asgi import asgi_server
from support_faults import specs
from support_faulty_edge import Faulty, edge_to
from support_grpc import SERVICE, Caller, grpc_bench
from support_mesh import EDGE, until

T = TypeVar("T")
ECHO = {"path": f"/{SERVICE}/Echo"}
UNAVAILABLE = {"grpc_status": "UNAVAILABLE", "match": ECHO}


class Bench(Faulty):
    """An edge in this process, in front of a real server."""

    async def call(self, work: Callable[[Caller], T]) -> T:
        """``work`` with a caller of its own, in a thread."""

        def run() -> T:
            with Caller(self.port) as caller:
                return work(caller)

        return await asyncio.to_thread(run)

    def told(self) -> list[Exchange]:
        """The operations since this was last asked."""
        exchanges: list[Exchange] = []
        self.edge.take_counters(exchanges)
        return exchanges


@asynccontextmanager
async def bench(*tables: Mapping[str, Any], protocol: str = "grpc") -> AsyncIterator[Bench]:
    """The same in front of `support_grpc`'s server."""
    with grpc_bench() as port:
        async with edge_to(Bench, Upstream("127.0.0.1", port, "bench-0@1"), protocol, *tables) as it:
            yield it


async def test_an_aborted_call_has_the_status_and_never_reaches_its_callee() -> None:
    """The caller gets the status and the message; the operation names the fault."""

    def work(caller: Caller) -> tuple[str, str, bytes]:
        try:
            caller.unary("Echo", b"lost")
        except grpc.RpcError as error:
            return error.code().name, error.details(), caller.gather("Sum", iter([b"ab", b"c"]))
        raise AssertionError

    fault = {"grpc_status": {"code": "ABORTED", "message": "50 % of nothing ☃"}, "match": ECHO}
    async with bench(fault) as it:
        assert await it.call(work) == ("ABORTED", "50 % of nothing ☃", b"3")
        told = it.told()
        assert not it.troubles
    assert [(one.method, one.code, one.status, one.faults, one.by) for one in told] == [
        (f"{SERVICE}/Echo", "ABORTED", 500, ("a/grpc-status",), "meshdev"),
        (f"{SERVICE}/Sum", "", 200, (), ""),
    ]


async def test_ten_percent_of_one_method_and_nothing_else() -> None:
    """Show 4: under load, on one connection, the share is what the seed says; other calls and streams are untouched."""
    calls = 600

    def work(caller: Caller) -> tuple[Counter[str], list[bytes], list[bytes]]:
        asked: SimpleQueue[bytes | None] = SimpleQueue()
        chat = caller.chat(iter(asked.get, None))
        heard: list[bytes] = []
        echo = caller.channel.unary_unary(f"/{SERVICE}/Echo")
        total = caller.channel.stream_unary(f"/{SERVICE}/Sum")
        codes: Counter[str] = Counter()
        sums: list[bytes] = []
        for number in range(0, calls, 20):
            futures = [echo.future(b"%d" % each, timeout=30) for each in range(number, number + 20)]
            others = [total.future(iter([b"xy"] * 10), timeout=30) for _ in range(3)]
            asked.put(b"%d" % number)
            heard.append(next(chat))
            for each, future in enumerate(futures, start=number):
                codes[future.code().name] += 1
                if future.code() is grpc.StatusCode.OK:
                    assert future.result() == b"%d" % each
            sums += [other.result() for other in others]
        asked.put(None)
        assert list(chat) == []
        return codes, heard, sums

    fault = {**UNAVAILABLE, "percentage": 10, "seed": 7}
    async with bench(fault) as it:
        codes, heard, sums = await it.call(work)
        hits = it.edge.faults.take_hits() if it.edge.faults is not None else {}
        assert it.edge.opened == 1
        assert not it.troubles
    expected = EdgeFaults(str(EDGE), EDGE.caller)
    expected.adopt(specs(fault, since=0.0), 0.0)
    share = sum(expected.faults[0].draw(ordinal, 0.0) for ordinal in range(1, calls + 1))
    assert codes == {"UNAVAILABLE": share, "OK": calls - share}
    assert hits == {"a/grpc-status": share}
    assert heard == [b"%d" % number for number in range(0, calls, 20)]
    assert set(sums) == {b"20"}


async def test_a_fault_comes_and_goes_while_calls_are_under_way() -> None:
    """What was open before goes on to its end, large messages and all; afterwards everything is as it was."""

    def rounds(caller: Caller, it: Bench, loop: asyncio.AbstractEventLoop) -> list[str]:
        asked: SimpleQueue[bytes | None] = SimpleQueue()
        chat = caller.chat(iter(asked.get, None))
        asked.put(b"x" * 300_000)
        assert len(next(chat)) == 300_000
        codes = [caller.code("Echo", b"1")]
        for tables in ((UNAVAILABLE,), (), (UNAVAILABLE,), ()):
            switched = asyncio.run_coroutine_threadsafe(_on(it, *tables), loop)
            asked.put(b"y" * 300_000)
            switched.result(10)
            assert len(next(chat)) == 300_000
            codes.append(caller.code("Echo", b"2", metadata=(("x-new", str(len(codes))),)))
        asked.put(None)
        assert list(chat) == []
        return codes

    async with bench() as it:
        loop = asyncio.get_running_loop()
        codes = await it.call(lambda caller: rounds(caller, it, loop))
        assert not it.troubles
    assert codes == ["OK", "UNAVAILABLE", "OK", "UNAVAILABLE", "OK"]


async def _on(it: Bench, *tables: Mapping[str, Any]) -> None:
    it.on(*tables)


async def test_a_delayed_method_is_overtaken_by_others() -> None:
    """It waits and then goes on; streams that came later had gone on before, so its number is another one."""

    def work(caller: Caller) -> tuple[list[str], float]:
        echo = caller.channel.unary_unary(f"/{SERVICE}/Echo")
        done: list[str] = []
        began = monotonic()
        slow = echo.future(b"s" * 200_000, timeout=20)
        slow.add_done_callback(lambda _: done.append("slow"))
        assert caller.gather("Sum", iter([b"a"] * 3)) == b"3"
        assert caller.code("Fail", b"NOT_FOUND") == "NOT_FOUND"
        done.append("fast")
        assert slow.result() == b"s" * 200_000
        took = monotonic() - began
        assert caller.gather("Sum", iter([b"b"] * 4)) == b"4"
        return done, took

    async with bench({"delay": "600ms", "match": ECHO}) as it:
        done, took = await it.call(work)
        told = {one.method: one.microseconds for one in it.told()}
        assert not it.troubles
    assert done[0] == "fast"
    assert took >= 0.6
    assert told[f"{SERVICE}/Echo"] >= 600_000


async def test_a_delay_beyond_the_deadline_and_a_cancelled_one() -> None:
    """The callee never sees a call that its caller gave up while it waited; the connection goes on."""

    def work(caller: Caller) -> list[str]:
        codes = [caller.code("Echo", b"z" * 1000, timeout=0.3)]
        call = caller.channel.unary_unary(f"/{SERVICE}/Echo").future(b"", timeout=20)
        assert caller.gather("Sum", iter([b"a"])) == b"1"
        call.cancel()
        return [*codes, call.code().name, caller.code("Fail", b"DATA_LOSS")]

    async with bench({"delay": "1h", "match": ECHO}) as it:
        assert await it.call(work) == ["DEADLINE_EXCEEDED", "CANCELLED", "DATA_LOSS"]
        assert not it.troubles


async def test_uploads_of_aborted_calls_do_not_use_up_the_connection() -> None:
    """What is swallowed is given back to the window: many aborted uploads, then a large one that passes."""

    def work(caller: Caller) -> tuple[set[str], bytes]:
        codes = {caller.code("Echo", b"u" * 1_000_000) for _ in range(12)}
        return codes, caller.gather("Sum", iter([b"v" * 1_000_000] * 3))

    async with bench(UNAVAILABLE) as it:
        assert await it.call(work) == ({"UNAVAILABLE"}, b"3000000")
        assert not it.troubles


async def test_streams_are_reset_at_once_or_later() -> None:
    """The caller makes of it what it makes of such errors; the callee is told, too."""

    def work(caller: Caller) -> list[str]:
        return [
            caller.code("Echo", b""),
            caller.code("Sleep", b""),
            caller.code("Fail", b"OUT_OF_RANGE"),
        ]

    at_once = {"reset_stream": {"error": "REFUSED_STREAM"}, "match": ECHO}
    later = {"reset_stream": {"after": "100ms"}, "match": {"path": f"/{SERVICE}/Sleep"}}
    async with bench(at_once, later) as it:
        assert await it.call(work) == ["UNAVAILABLE", "INTERNAL", "OUT_OF_RANGE"]
        told = {one.method: one.faults for one in it.told()}
        assert not it.troubles
    assert told[f"{SERVICE}/Sleep"] == ("b/reset-stream",)


async def test_faults_of_http_on_plain_http2() -> None:
    """A status with its body and a delay; what edits answers does nothing there, and a person is told."""
    tables = (
        {"status": {"code": 503, "body": "{}", "retry_after": "7s"}, "match": {"path": "/text"}},
        {"delay": "200ms", "match": {"method": "POST"}},
        {"truncate": True},
        {"latency": "1h", "match": {"path": "/text"}},
    )
    async with asgi_server("hypercorn") as upstream, edge_to(Bench, upstream, "http2", *tables) as it:
        url = f"http://127.0.0.1:{it.port}"
        async with httpx.AsyncClient(http1=False, http2=True, base_url=url) as client:
            refused = await client.get("/text")
            head = await client.head("/text")
            began = monotonic()
            echoed = await client.post("/echo", content=b"q" * 100_000)
            took = monotonic() - began
            streamed = await client.get("/stream")
        await until(lambda: it.edge.active == 0)
        told = [(one.method, one.code, one.faults) for one in it.told()]
    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (503, {}, "7")
    assert refused.headers["x-meshdev-fault"] == "a/status"
    assert (head.status_code, head.content) == (503, b"")
    assert len(echoed.content) == 100_000
    assert took >= 0.2
    assert streamed.text.count("\n") == 100
    assert told == [
        ("GET", "503", ("a/status",)),
        ("HEAD", "503", ("a/status",)),
        ("POST", "", ("b/delay",)),
        ("GET", "", ()),
    ]
    assert [text.partition(": ")[2] for text in it.troubles] == [
        "truncate does nothing to HTTP/2 (status, grpc-status, delay and reset-stream do)",
        "latency acts on whole connections here, so nothing matches (delay acts on streams)",
    ]


async def test_bytes_and_streams_are_hit_together() -> None:
    """A latency of the connection and an abort of a call both act."""

    def work(caller: Caller) -> tuple[str, float]:
        assert caller.gather("Sum", iter([b"a"])) == b"1"
        began = monotonic()
        code = caller.code("Echo", b"")
        return code, monotonic() - began

    async with bench({"latency": "150ms"}, UNAVAILABLE) as it:
        code, took = await it.call(work)
        exchanges: list[Exchange] = []
        counters = it.edge.take_counters(exchanges)
    assert code == "UNAVAILABLE"
    assert took >= 0.15
    assert [(one.microseconds >= 150_000, one.faults, one.by) for one in exchanges] == [
        (True, ("a/latency",), ""),
        (True, ("b/grpc-status", "a/latency"), "meshdev"),
    ]
    assert counters.errors == {"injected": 1}


async def test_guessed_connections_are_hit_from_their_second_read_on() -> None:
    """On an edge of plain TCP it is known what is spoken when the first bytes are here."""

    def work(caller: Caller) -> list[str]:
        return [caller.code("Fail", b"NOT_FOUND"), *(caller.code("Echo", b"") for _ in range(3))]

    async with bench(UNAVAILABLE, protocol="tcp") as it:
        codes = await it.call(work)
    assert codes == ["NOT_FOUND", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"]


async def test_callers_go_to_another_instance_and_no_call_is_lost() -> None:
    """An instance leaves the routes under load: new calls go to the next one, open ones end where they began."""

    def load(caller: Caller, switch: Callable[[], None]) -> Counter[str]:
        asked: SimpleQueue[bytes | None] = SimpleQueue()
        chat = caller.chat(iter(asked.get, None))
        asked.put(b"before")
        assert next(chat) == b"before"
        echo = caller.channel.unary_unary(f"/{SERVICE}/Echo")
        codes: Counter[str] = Counter()
        for step in range(60):
            futures = [echo.future(b"e" * 5000, timeout=30) for _ in range(10)]
            if step == 20:
                switch()
            codes.update(future.code().name for future in futures)
        asked.put(b"after")
        assert next(chat) == b"after"
        asked.put(None)
        assert list(chat) == []
        return codes

    with grpc_bench() as old, grpc_bench() as new:
        async with edge_to(Bench, Upstream("127.0.0.1", old, "old"), "grpc") as it:
            loop = asyncio.get_running_loop()
            policy = EdgePolicy((Upstream("127.0.0.1", new, "new"),), protocol="grpc")

            def switch() -> None:
                loop.call_soon_threadsafe(it.relay.adopt, policy)

            codes = await it.call(lambda caller: load(caller, switch))
            instances = {one.instance for one in it.told() if one.method.endswith("Echo")}
            assert not it.troubles
    assert codes == {"OK": 600}
    assert instances == {"old", "new"}
