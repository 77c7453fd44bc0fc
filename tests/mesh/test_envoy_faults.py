"""The same requests through Envoy's fault filter and through an edge with the same fault: what callers see agrees."""

import asyncio
import http.server
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from meshdev.traffic.faults.asked import asked_specs
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import Upstream
from support_envoy import Envoy, envoy
from support_faults import specs
from support_http_edge import http_edge

DELAY = 0.25
MANY = 400
STRAY = 0.11  # more than four standard deviations of a share of MANY
ASK_DELAY, ASK_ABORT = "x-envoy-fault-delay-request", "x-envoy-fault-abort-request"


def percent(number: float) -> dict[str, Any]:
    """A percentage as Envoy writes it."""
    return {"numerator": number, "denominator": "HUNDRED"}


def delays(share: float = 100) -> dict[str, Any]:
    """Envoy's delay."""
    return {"delay": {"fixed_delay": f"{DELAY}s", "percentage": percent(share)}}


def aborts(share: float = 100) -> dict[str, Any]:
    """Envoy's error."""
    return {"abort": {"http_status": 503, "percentage": percent(share)}}


def asks(share: float = 100) -> dict[str, Any]:
    """Envoy's faults by headers."""
    return {
        "delay": {"header_delay": {}, "percentage": percent(share)},
        "abort": {"header_abort": {}, "percentage": percent(share)},
    }


def ours(*tables: Mapping[str, Any]) -> tuple[FaultSpec, ...]:
    """The same as the catalogue has it."""
    return specs(*tables, since=0.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """One fault, as Envoy is told it and as the edge is; ``headers`` are of each request."""

    theirs: dict[str, Any]
    ours: tuple[FaultSpec, ...]
    headers: Mapping[str, str] = field(default_factory=dict)


SINGLE = {
    "nothing": Pair({}, ()),
    "delay": Pair(delays(), ours({"delay": f"{DELAY}s"})),
    "abort": Pair(aborts(), ours({"status": 503})),
    "delay and abort": Pair(delays() | aborts(), ours({"delay": f"{DELAY}s", "status": 503})),
    "at 0 percent": Pair(delays(0) | aborts(0), ours({"delay": "1s", "status": 503, "percentage": 0})),
    "by headers, unasked": Pair(asks(), asked_specs(100)),
    "by headers, delay": Pair(asks(), asked_specs(100), {ASK_DELAY: "250"}),
    "by headers, abort": Pair(asks(), asked_specs(100), {ASK_ABORT: "418"}),
    "by headers, both": Pair(asks(), asked_specs(100), {ASK_DELAY: "250", ASK_ABORT: "500"}),
    "by headers, nonsense": Pair(asks(), asked_specs(100), {ASK_DELAY: "soon", ASK_ABORT: "99"}),
    "by headers, not allowed": Pair({}, (), {ASK_DELAY: "250", ASK_ABORT: "500"}),
    "by headers, at 0 percent": Pair(
        asks(), asked_specs(100), {ASK_ABORT: "500", f"{ASK_ABORT}-percentage": "0"}
    ),
    "for a header's value": Pair(
        aborts() | {"headers": [{"name": "x-user", "string_match": {"exact": "test"}}]},
        ours({"status": 503, "match": {"header": {"x-user": "test"}}}),
        {"x-user": "test"},
    ),
    "for another value": Pair(
        aborts() | {"headers": [{"name": "x-user", "string_match": {"exact": "test"}}]},
        ours({"status": 503, "match": {"header": {"x-user": "test"}}}),
        {"x-user": "other"},
    ),
}
SHARES = {
    "30 percent": (0.3, Pair(aborts(30), ours({"status": 503, "percentage": 30}))),
    "by headers, 30 percent of 100": (
        0.3,
        Pair(asks(), asked_specs(100), {ASK_ABORT: "503", f"{ASK_ABORT}-percentage": "30"}),
    ),
    "by headers, 90 percent of 30": (
        0.3,
        Pair(asks(30), asked_specs(30), {ASK_ABORT: "503", f"{ASK_ABORT}-percentage": "90"}),
    ),
    "by headers, 30 percent": (0.3, Pair(asks(30), asked_specs(30), {ASK_ABORT: "503"})),
}
ALL = {**SINGLE, **{name: pair for name, (_, pair) in SHARES.items()}}


class Callee(http.server.ThreadingHTTPServer):
    """Answers ``ok`` and counts."""

    daemon_threads = True
    seen = 0


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer."""
        assert isinstance(self.server, Callee)
        self.server.seen += 1
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Nobody reads it."""


@pytest.fixture(scope="module")
def callee() -> Iterator[Callee]:
    """The upstream of both."""
    with Callee(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def theirs(callee: Callee, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    """Envoy with a listener for each pair."""
    with envoy(
        tmp_path_factory.mktemp("envoy"), callee.server_address[1], [pair.theirs for pair in ALL.values()]
    ) as it:
        yield it


@dataclass(slots=True)
class Outcome:
    """What a caller sees of some requests in a row: statuses, sorts of bodies, how many the callee saw, the delay."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    seen: int = 0
    late: bool = True


async def outcome(client: httpx.AsyncClient, port: int, pair: Pair, callee: Callee) -> Outcome:
    """Three requests; they are late if all of them are."""
    found, before = Outcome(), callee.seen
    for _ in range(3):
        began = time.monotonic()
        reply = await client.get(f"http://127.0.0.1:{port}/", headers=dict(pair.headers))
        found.late = found.late and time.monotonic() - began >= DELAY
        found.statuses.append(reply.status_code)
        found.bodies.append("callee's" if reply.content == b"ok" else "proxy's" if reply.content else "none")
    found.seen = callee.seen - before
    return found


def delta(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """What was counted in between."""
    return {name: count - before.get(name, 0) for name, count in after.items()}


def told(hits: Mapping[str, int]) -> tuple[int, int]:
    """Delays and errors of an edge."""
    late = sum(count for key, count in hits.items() if key.rpartition("/")[2] in ("delay", "delay-request"))
    return late, sum(hits.values()) - late


@pytest.mark.parametrize("name", SINGLE)
async def test_a_request(name: str, theirs: Envoy, callee: Callee) -> None:
    """Status, body, delay, whether the callee saw it, and the counters, of three in a row on one connection."""
    pair, number = SINGLE[name], list(ALL).index(name)
    before = await asyncio.to_thread(theirs.counted, number)
    upstream = Upstream("127.0.0.1", callee.server_address[1], "callee")
    async with http_edge(upstream, faults=pair.ours) as edge, httpx.AsyncClient() as client:
        one = await outcome(client, theirs.ports[number], pair, callee)
        other = await outcome(client, edge.port, pair, callee)
        assert one == other
        edge.exchanges()
        counted = delta(before, await asyncio.to_thread(theirs.counted, number))
        assert (counted.get("delays_injected", 0), counted.get("aborts_injected", 0)) == told(
            edge.counters.fault_hits
        )


async def test_delays_do_not_wait_for_each_other(theirs: Envoy, callee: Callee) -> None:
    """Requests that come at once are late at once, not one after the other."""
    pair, number = SINGLE["delay"], list(ALL).index("delay")
    upstream = Upstream("127.0.0.1", callee.server_address[1], "callee")
    async with http_edge(upstream, faults=pair.ours) as edge, httpx.AsyncClient() as client:
        for port in (theirs.ports[number], edge.port):
            began = time.monotonic()
            found = await asyncio.gather(
                *(client.get(f"http://127.0.0.1:{port}/", headers=dict(pair.headers)) for _ in range(8))
            )
            assert {reply.status_code for reply in found} == {200}
            assert DELAY <= time.monotonic() - began < 8 * DELAY


@pytest.mark.parametrize("name", SHARES)
async def test_a_share(name: str, theirs: Envoy, callee: Callee) -> None:
    """Of many requests as many are hit, up to chance, and counters and callers agree on how many."""
    (share, pair), number = SHARES[name], list(ALL).index(name)
    before = await asyncio.to_thread(theirs.counted, number)
    upstream = Upstream("127.0.0.1", callee.server_address[1], "callee")
    async with http_edge(upstream, faults=pair.ours) as edge, httpx.AsyncClient() as client:
        hit = []
        for port in (theirs.ports[number], edge.port):
            statuses = [
                (await client.get(f"http://127.0.0.1:{port}/", headers=dict(pair.headers))).status_code
                for _ in range(MANY)
            ]
            assert set(statuses) == {200, 503}
            hit.append(statuses.count(503))
        edge.exchanges()
        counted = delta(before, await asyncio.to_thread(theirs.counted, number))
    assert [counted["aborts_injected"], told(edge.counters.fault_hits)[1]] == hit
    assert all(abs(count / MANY - share) < STRAY for count in hit)
