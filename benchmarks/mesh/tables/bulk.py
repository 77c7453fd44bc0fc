"""Large bodies: CPU per megabyte."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh import load
from benchmarks.mesh.load import Load
from benchmarks.mesh.proxies.base import OTHER_CORE, Kind, Proxy, Route
from benchmarks.mesh.proxies.nginx import BULK_BYTES, BULK_PATH
from benchmarks.mesh.tables.base import Column, Table, costing, in_turns, say, side_by_side
from benchmarks.report import Results

SECONDS: Final = 2.0
CONNECTIONS: Final = 4
_KINDS: Final = (Kind.HTTP, Kind.TCP)
_MEGABYTE: Final = 1e6


class Bulk(Table):
    """Downloads."""

    name: ClassVar = "bulk"
    title: ClassVar = "Bulk bytes: CPU per MB (µs)"
    about: ClassVar = (
        f"Bodies of {BULK_BYTES >> 20} MiB over {CONNECTIONS} kept connections; *rate* is what went through while the "
        "proxy had one core and wrk and the upstream shared the other."
    )
    columns: ClassVar = (
        Column("cpu-tcp", "TCP"),
        Column("cpu-http", "HTTP"),
        Column("rate-tcp", "TCP rate (MB/s)", times=False),
        Column("rate-http", "HTTP rate (MB/s)", times=False),
    )

    def measure(self, proxies: Sequence[Proxy], rounds: int) -> Results:
        """TCP and HTTP of every proxy once a round."""
        results = Results(self.source)

        def routes(port: int) -> list[Route]:
            return [Route(kind, port) for kind in _KINDS]

        with side_by_side(proxies, results, routes) as (folder, _, running):
            for number in range(rounds):
                figures: dict[str, dict[str, float]] = {name: {} for name in running}
                for at, kind in enumerate(_KINDS):
                    for name, one in in_turns(running, number):
                        if at < len(one.ports):
                            run = partial(_run, one.ports[at], folder)
                            figures[name] |= _figures(kind, *costing(one.pids, run))
                for name, found in figures.items():
                    results.add(name, found)
                    told = " ".join(f"{key}={value:.0f}" for key, value in found.items())
                    say(f"bulk {number + 1}/{rounds} {name}: {told}")
        return results


def _run(port: int, folder: Path) -> Load:
    return load.run(port, CONNECTIONS, SECONDS, folder, core=OTHER_CORE, path=BULK_PATH)


def _figures(kind: Kind, seen: Load, spent: float) -> dict[str, float]:
    megabytes = max(seen.bytes, 1) / _MEGABYTE
    return {f"cpu-{kind}": spent / megabytes * 1e6, f"rate-{kind}": megabytes / seen.seconds}
