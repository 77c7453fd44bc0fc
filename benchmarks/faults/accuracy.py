"""Asked against measured: delays, rates and percentages; and what a fault costs where it acts."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any, Final

from benchmarks.faults import toxiproxy
from benchmarks.faults.streams import answered
from benchmarks.faults.system import HTTP_EDGE, PLAIN_EDGE, RAW_EDGE, System
from benchmarks.mesh import load
from benchmarks.mesh.costs import cpu_seconds
from meshdev.client import calls, fault_calls
from meshdev.wire.fault_views import FaultRequest

Row = tuple[str, str, str]
Slowed = Callable[[], AbstractContextManager[None]]

CONNECTIONS: Final = 8
DELAYED: Final = 60  # requests a connection and round
DELAY: Final = 0.05
ROUNDS: Final = 5
RATES: Final = (1_000_000, 5_000_000)
SHARES: Final = ((1.0, 6000), (10.0, 3000), (50.0, 2000))
MANY: Final = (8, 64)  # connections of the load that costs are measured by
_LOADED: Final = 2.0
_TOXIPROXY: Final = "Toxiproxy, `latency` 1"
_Z: Final = 1.96
_PING: Final = b"GET /ping HTTP/1.1\r\nhost: echo\r\ncontent-length: 4\r\n\r\nping"


@contextmanager
def fault(system: System, edge: str, **what: Any) -> Iterator[None]:
    """The fault is in force within."""
    request = FaultRequest(fault={"edge": edge, **what}, name="measured")
    system.control.send(fault_calls.add(request))
    try:
        yield
    finally:
        system.control.send(fault_calls.remove("measured"))


def delays(system: System) -> list[Row]:
    """50 ms, asked of requests and of connections, with eight of them at once; what the way takes is taken off."""
    with toxiproxy.running() as peer:
        taking_part: list[tuple[str, int, bool, Slowed]] = [
            ("HTTP, `delay=50ms`", system.http, True, partial(fault, system, HTTP_EDGE, delay="50ms")),
            ("HTTP, `latency=50ms`", system.http, True, partial(fault, system, HTTP_EDGE, latency="50ms")),
            ("TCP, `latency=50ms`", system.raw, False, partial(fault, system, RAW_EDGE, latency="50ms")),
        ]
        if peer is not None:
            taking_part.append(
                ("Toxiproxy, TCP, `latency` 50", peer.raw, False, partial(peer.toxic, latency=50))
            )
        plain: dict[str, list[float]] = {title: [] for title, *_ in taking_part}
        slow: dict[str, list[float]] = {title: [] for title, *_ in taking_part}
        for _ in range(ROUNDS):
            for title, port, http, slowed in taking_part:
                plain[title] += asyncio.run(_pinged(port, http=http))
                with slowed():
                    slow[title] += asyncio.run(_pinged(port, http=http))
    return [(title, "50 ms", _late(plain[title], slow[title])) for title in plain]


def _late(plain: Sequence[float], slow: Sequence[float]) -> str:
    way = median(plain)
    errors = [(seconds - DELAY - way) * 1e3 for seconds in slow]
    cuts = quantiles(errors, n=100)
    told = f"error {median(errors):+.2f} ms (median), {cuts[98]:+.2f} ms (p99)"
    return f"{told}; the soonest after {min(slow) * 1e3:.1f} ms (n = {len(slow)})"


async def _pinged(port: int, *, http: bool) -> list[float]:
    async def one() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        times = []
        for _ in range(DELAYED):
            began = monotonic()
            writer.write(_PING if http else b"ping")
            await (answered(reader) if http else reader.readexactly(4))
            times.append(monotonic() - began)
        writer.close()
        return times

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(CONNECTIONS)]
    return [seconds for task in tasks for seconds in task.result()]


def rates(system: System) -> list[Row]:
    """Two seconds' worth of bytes at a rate."""
    rows = []
    for rate in RATES:
        found = []
        for _ in range(ROUNDS):
            with fault(system, RAW_EDGE, bandwidth=f"{rate}"):
                found.append(asyncio.run(_carried(system.raw, 2 * rate)))
        wrong = [100 * (one / rate - 1) for one in found]
        told = f"{median(found) / 1e6:.3f} MB/s, {median(wrong):+.1f}% ({min(wrong):+.1f}–{max(wrong):+.1f}%)"  # noqa: RUF001
        rows.append(
            (
                f"TCP, `bandwidth={rate // 1_000_000}M`",
                f"{rate / 1e6:.0f} MB/s",
                f"{told}, {len(found)} transfers",
            )
        )
    return rows


async def _carried(port: int, size: int) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    began = monotonic()
    writer.write(bytes(size))
    left = size
    while left:
        left -= len(await reader.read(1 << 20))
    writer.close()
    return size / (monotonic() - began)


def shares(system: System) -> list[Row]:
    """How many of so many requests are hit, with the 95% interval of what that says."""
    rows = []
    for percentage, count in SHARES:
        with fault(system, HTTP_EDGE, status=503, percentage=percentage):
            hits = asyncio.run(_hits(system.http, count))
        low, high = wilson(hits, count)
        told = (
            f"{100 * hits / count:.2f}% ({hits} of {count}; 95% interval {100 * low:.2f}–{100 * high:.2f}%)"  # noqa: RUF001
        )
        rows.append((f"HTTP, `status=503@{percentage:g}%`", f"{percentage:g}%", told))
    return rows


async def _hits(port: int, count: int) -> int:
    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        hits = 0
        for _ in range(count // CONNECTIONS):
            writer.write(_PING)
            hits += (await answered(reader))[0].startswith(b"HTTP/1.1 503")
        writer.close()
        return hits

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(CONNECTIONS)]
    return sum(task.result() for task in tasks)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95% interval (Wilson's) of a share."""
    share = hits / count
    middle = share + _Z**2 / (2 * count)
    spread = _Z * sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    whole = 1 + _Z**2 / count
    return (middle - spread) / whole, (middle + spread) / whole


def costs(system: System, folder: Path) -> list[Row]:
    """CPU a request, in turns without a fault and with one that acts on every request; Toxiproxy's beside it."""
    (worker,) = [view.pid for view in system.control.send(calls.processes()) if view.role == "worker"]
    with toxiproxy.running() as peer:
        taking_part = [
            (title, worker, port, partial(fault, system, edge, **{kind: "1ms"}))
            for title, edge, port, kind in (
                ("HTTP edge, `latency=1ms`", HTTP_EDGE, system.http, "latency"),
                ("HTTP edge, `delay=1ms`", HTTP_EDGE, system.http, "delay"),
                ("TCP edge, `latency=1ms`", PLAIN_EDGE, system.plain, "latency"),
            )
        ]
        if peer is not None:
            taking_part.append((_TOXIPROXY, peer.pid, peer.http, partial(peer.toxic, latency=1)))
        rows = []
        for connections in MANY:
            found: dict[str, list[tuple[float, float]]] = {title: [] for title, *_ in taking_part}
            for _ in range(ROUNDS):
                for title, pid, port, slowed in taking_part:
                    without = _cost(pid, port, connections, folder)
                    with slowed():
                        found[title].append((without, _cost(pid, port, connections, folder)))
            rows += [
                (f"{title}, {connections} connections", *_told(pairs, found.get(_TOXIPROXY)))
                for title, pairs in found.items()
            ]
    return rows


def _told(
    pairs: Sequence[tuple[float, float]], peers: Sequence[tuple[float, float]] | None
) -> tuple[str, str]:
    """Without, and under; both ratios are medians of those within a round."""
    without, under = (median(column) for column in zip(*pairs, strict=True))
    told = f"{under:.1f} µs, ×{median(b / a for a, b in pairs):.2f}"  # noqa: RUF001
    if peers is not None and peers is not pairs:
        beside = median(ours[1] / theirs[1] for ours, theirs in zip(pairs, peers, strict=True))
        told += f"; ×{beside:.2f} of Toxiproxy's"  # noqa: RUF001
    return f"{without:.1f} µs without", told


def _cost(pid: int, port: int, connections: int, folder: Path) -> float:
    began = cpu_seconds([pid])
    done = load.run(port, connections, _LOADED, folder, core=0)
    return (cpu_seconds([pid]) - began) / done.requests * 1e6
