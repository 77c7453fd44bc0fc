"""As many requests as the time allows, of every shape, while instances come and go: memory stays flat."""

import asyncio
import itertools
import time
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh import load
from benchmarks.mesh.endurance.base import MEGABYTE, Finding, Mesh, Setting, Taken, Trial, edge, mesh, policy
from benchmarks.mesh.load import Heads, Load
from benchmarks.mesh.proxies.base import OTHER_CORE
from benchmarks.mesh.proxies.nginx import upstream

TURN_SECONDS: Final = 10.0
GROWTH: Final = 2 * MEGABYTE
_POLICY_SECONDS: Final = 0.5
_SHAPES: Final = ((16, Heads.DIFFER), (16, Heads.REPEAT), (1000, Heads.DIFFER), (1, Heads.REPEAT))


class Soak(Trial):
    """Turns of ten seconds with different loads; samples are taken at rest, after each whole cycle of them."""

    name: ClassVar = "soak"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """Warm up, then compare."""
        said: list[str] = []
        with upstream(setting.folder) as behind:
            async with mesh(setting.folder, said) as it:
                one = edge("soak")
                await it.route({one: policy("http", *behind.ports * 2)})
                loads = [await self._turn(it, setting.folder, shape, behind.ports[0]) for shape in _SHAPES]
                samples = [await it.at_rest()]
                deadline = time.monotonic() + setting.seconds
                while time.monotonic() < deadline:
                    loads += [
                        await self._turn(it, setting.folder, shape, behind.ports[0]) for shape in _SHAPES
                    ]
                    samples.append(await it.at_rest())
                signals = it.fleet.signals()[one]
        requests = sum(seen.requests for seen in loads)
        failed = sum(seen.failed for seen in loads)
        finding.told.append(
            f"{requests:,} requests, {signals.total.requests:,} counted, {len(said)} complaints"
        )
        finding.check(failed == 0, f"{failed} requests failed")
        finding.check(signals.total.failures == 0, f"{signals.total.failures} counted as failed")
        self._compare(samples, finding)

    async def _turn(self, it: Mesh, folder: Path, shape: tuple[int, Heads], port: int) -> Load:
        """One load, while one of two instances leaves and comes back all the time."""
        connections, heads = shape
        [(one, at)] = it.ports.items()
        run = partial(load.run, at, connections, TURN_SECONDS, folder, core=OTHER_CORE, heads=heads)
        async with asyncio.TaskGroup() as group:
            work = group.create_task(asyncio.to_thread(run))
            for count in itertools.cycle((1, 2)):
                if work.done():
                    break
                it.fleet.apply({one: policy("http", *[port] * count)})
                await asyncio.sleep(_POLICY_SECONDS)
        return work.result()

    def _compare(self, samples: list[Taken], finding: Finding) -> None:
        first, last = samples[len(samples) // 2], samples[-1]
        grown = last.memory - first.memory
        told = ", ".join(f"{one.memory / MEGABYTE:.1f}" for one in samples)
        finding.check(
            grown < GROWTH,
            f"memory at rest by cycles, of which the second half must be flat: {told} MB",
        )
        finding.check(
            last.descriptors <= first.descriptors,
            f"descriptors at rest: {', '.join(str(one.descriptors) for one in samples)}",
        )
