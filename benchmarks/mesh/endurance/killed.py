"""A worker is killed under load: the others' connections are untouched, and its own edges soon serve again."""

import asyncio
import os
import signal
import statistics
import time
from dataclasses import dataclass, field
from typing import ClassVar, Final

from benchmarks.mesh.endurance.base import Finding, Mesh, Setting, Trial, edge, mesh, policy, until
from benchmarks.mesh.proxies.nginx import upstream

WORKERS: Final = 2
EDGES: Final = 8
MORE: Final = 20  # answers, until we believe that it serves again
KILLS: Final = 8
THINK: Final = 0.01  # seconds between an answer and the next request
PAUSE: Final = 5.5  # a worker that lived for 5 s is started again at once
MOST_MILLISECONDS: Final = 200.0
_GET: Final = b"GET / HTTP/1.1\r\nHost: u\r\n\r\n"


@dataclass(slots=True)
class Caller:
    """One kept connection that asks all the time, and when it broke and was answered again (monotonic seconds)."""

    port: int
    answers: int = 0
    broken_at: float = 0.0
    gaps: list[float] = field(default_factory=list)

    async def call(self) -> None:
        """For ever; a broken connection is opened again at once."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    while True:
                        writer.write(_GET)
                        await reader.readuntil(b"\r\n\r\n")
                        await reader.readexactly(66)
                        self.answers += 1
                        if self.broken_at:
                            self.gaps.append(time.monotonic() - self.broken_at)
                            self.broken_at = 0.0
                        await asyncio.sleep(THINK)
                finally:
                    writer.close()
            except (OSError, asyncio.IncompleteReadError):
                self.broken_at = self.broken_at or time.monotonic()


class Killed(Trial):
    """Two workers."""

    name: ClassVar = "killed"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """Kill them by turns, with time between in which they settle."""
        said: list[str] = []
        with upstream(setting.folder) as behind:
            async with mesh(setting.folder, said, workers=WORKERS) as it, asyncio.TaskGroup() as group:
                names = [edge(f"e{number}") for number in range(EDGES)]
                await it.route({one: policy("http", *behind.ports) for one in names})
                callers = [Caller(port) for port in it.ports.values()]
                tasks = [group.create_task(caller.call()) for caller in callers]
                try:
                    times, touched = await self._kill(it, callers)
                finally:
                    for task in tasks:
                        task.cancel()
        told = ", ".join(f"{one:.0f}" for one in sorted(times))
        finding.check(
            max(times) <= MOST_MILLISECONDS,
            f"{KILLS} kills: all of its edges answered again after {statistics.median(times):.0f} ms (median), "
            f"{max(times):.0f} ms at the most; all: {told}; load average {os.getloadavg()[0]:.1f}",
        )
        finding.check(not touched, f"{touched} connections of the other worker broke")

    async def _kill(self, it: Mesh, callers: list[Caller]) -> tuple[list[float], int]:
        times: list[float] = []
        touched = 0
        for number in range(KILLS):
            await asyncio.sleep(PAUSE)
            before = [len(caller.gaps) for caller in callers]
            await _killed(it, callers, it.pids[number % WORKERS])
            broken = [one for one, had in zip(callers, before, strict=True) if len(one.gaps) > had]
            times.append(max((one.gaps[-1] for one in broken), default=0.0) * 1000)
            touched += max(0, len(broken) - EDGES // WORKERS)
        return times, touched


async def _killed(it: Mesh, callers: list[Caller], victim: int) -> None:
    """Returns when another worker is there and every caller has had some more answers."""
    os.kill(victim, signal.SIGKILL)
    counted = [caller.answers for caller in callers]
    await until(lambda: len(it.pids) == WORKERS and victim not in it.pids)
    await until(lambda: all(one.answers > had + MORE for one, had in zip(callers, counted, strict=True)))
