"""Small exchanges over kept connections: CPU per request, and what a proxy adds to the latency."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh import load
from benchmarks.mesh.load import Heads, Load
from benchmarks.mesh.proxies.base import OTHER_CORE, Kind, Proxy, Route
from benchmarks.mesh.tables.base import DIRECT, Column, Table, costing, in_turns, say, side_by_side
from benchmarks.report import Results

SECONDS: Final = 2.0
MANY: Final = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of load."""

    key: str
    kind: Kind
    connections: int
    heads: Heads = Heads.REPEAT


SHAPES: Final = (
    Shape("repeat16", Kind.HTTP, MANY),
    Shape("differ16", Kind.HTTP, MANY, Heads.DIFFER),
    Shape("repeat1", Kind.HTTP, 1),
    Shape("differ1", Kind.HTTP, 1, Heads.DIFFER),
    Shape("tcp16", Kind.TCP, MANY),
    Shape("tcp1", Kind.TCP, 1),
)
_KINDS: Final = (Kind.HTTP, Kind.TCP)


class Requests(Table):
    """CPU per request."""

    name: ClassVar = "requests"
    title: ClassVar = "CPU per request (µs)"
    about: ClassVar = (
        "GETs of 200 bytes, answers of 66, over 16 kept connections and over one. *Same*: every request has the same "
        "bytes. *Differ*: another path and another `traceparent` in each, as traced callers send them. meshdev also "
        "counts, keeps histograms by route, tells single exchanges and puts in missing `traceparent` and "
        "`x-request-id`; Envoy counts and puts in `x-request-id`; HAProxy counts. *TCP*: the same over a TCP route."
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("cpu-repeat16", "HTTP, 16, same"),
        Column("cpu-differ16", "HTTP, 16, differ"),
        Column("cpu-repeat1", "HTTP, 1, same"),
        Column("cpu-differ1", "HTTP, 1, differ"),
        Column("cpu-tcp16", "TCP, 16"),
        Column("cpu-tcp1", "TCP, 1"),
    )

    def measure(self, proxies: Sequence[Proxy], rounds: int) -> Results:
        """Every shape of every proxy once a round, the direct way to the upstream too."""
        results = Results(self.source)

        def routes(port: int) -> list[Route]:
            return [Route(kind, port) for kind in _KINDS]

        with side_by_side(proxies, results, routes) as (folder, behind, running):
            for number in range(rounds):
                direct: dict[str, float] = {}
                figures: dict[str, dict[str, float]] = {name: {} for name in running}
                for shape in SHAPES:
                    alone = _run(behind.ports[0], shape, folder)
                    direct[f"p50-{shape.key}"] = alone.p50
                    at = _KINDS.index(shape.kind)
                    for name, one in in_turns(running, number):
                        if at < len(one.ports):
                            run = partial(_run, one.ports[at], shape, folder)
                            figures[name] |= _figures(shape, *costing(one.pids, run), alone)
                results.add(DIRECT, direct)
                for name, found in figures.items():
                    results.add(name, found)
                    told = (f"{key}={value:.1f}" for key, value in found.items() if key.startswith("cpu"))
                    say(f"requests {number + 1}/{rounds} {name}: {' '.join(told)}")
        return results


class Latency(Requests):
    """The same runs, seen by the caller."""

    name: ClassVar = "latency"
    title: ClassVar = "Added latency (µs)"
    about: ClassVar = (
        "The same runs as seen by the caller: its p50 and p99 less those without a proxy in the same round. With one "
        "connection this is what a call costs more; 16 connections in a closed loop keep a proxy's core busy all the "
        "time, so there it is queueing."
    )
    columns: ClassVar = tuple(
        Column(f"{figure}-{key}", f"{title}, {figure}")
        for key, title in (
            ("repeat1", "HTTP, 1"),
            ("differ1", "HTTP, 1, differ"),
            ("repeat16", "HTTP, 16"),
            ("tcp1", "TCP, 1"),
        )
        for figure in ("p50", "p99")
    )

    @property
    def source(self) -> str:
        """Those of `Requests`."""
        return f"mesh-{Requests.name}"


def _run(port: int, shape: Shape, folder: Path) -> Load:
    return load.run(port, shape.connections, SECONDS, folder, core=OTHER_CORE, heads=shape.heads)


def _figures(shape: Shape, seen: Load, spent: float, direct: Load) -> dict[str, float]:
    if seen.failed:
        say(f"{seen.failed} requests of {shape.key} failed")
    return {
        f"cpu-{shape.key}": spent / max(seen.requests, 1) * 1e6,
        f"p50-{shape.key}": seen.p50 - direct.p50,
        f"p99-{shape.key}": seen.p99 - direct.p99,
        f"rate-{shape.key}": seen.rate,
        f"failed-{shape.key}": seen.failed,
    }
