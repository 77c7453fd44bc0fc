"""Many routes that nobody uses."""

import time
from collections.abc import Sequence
from typing import ClassVar, Final

from benchmarks.mesh.costs import cpu_seconds, memory
from benchmarks.mesh.proxies.base import Kind, Proxy, Route
from benchmarks.mesh.tables.base import Column, Table, say, side_by_side
from benchmarks.report import Results

COUNT: Final = 500
SECONDS: Final = 5.0
_SETTLE_SECONDS: Final = 2.0


class Idle(Table):
    """Started one after the other, each alone with the upstream."""

    name: ClassVar = "idle"
    title: ClassVar = f"{COUNT} idle edges"
    about: ClassVar = (
        f"{COUNT} HTTP routes, each to the same upstream, without a connection: memory (PSS) of the proxy's processes "
        f"and their CPU over {SECONDS:.0f} s."
    )
    columns: ClassVar = (
        Column("one", "PSS with one (MB)"),
        Column("many", f"PSS with {COUNT} (MB)"),
        Column("cpu", "CPU (%)", times=False),
    )

    def measure(self, proxies: Sequence[Proxy], rounds: int) -> Results:
        """Each proxy with one route and with many, once a round."""
        results = Results(self.source)
        for number in range(rounds):
            for proxy in proxies:
                if proxy.name in results.notes:
                    continue
                figures: dict[str, float] = {}
                for key, count in (("one", 1), ("many", COUNT)):
                    with side_by_side([proxy], results, lambda port: [Route(Kind.HTTP, port)] * count) as (  # noqa: B023 -- used at once
                        _,
                        _,
                        running,
                    ):
                        for one in running.values():
                            time.sleep(_SETTLE_SECONDS)
                            before = cpu_seconds(one.pids)
                            time.sleep(SECONDS)
                            figures["cpu"] = (cpu_seconds(one.pids) - before) / SECONDS * 100
                            figures[key] = memory(one.pids) / 1e6
                if proxy.name not in results.notes:
                    results.add(proxy.name, figures)
                    told = " ".join(f"{key}={value:.2f}" for key, value in figures.items())
                    say(f"idle {number + 1}/{rounds} {proxy.name}: {told}")
        return results
