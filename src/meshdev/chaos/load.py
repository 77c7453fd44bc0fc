"""The open-loop load generator: requests leave when they are due, whatever became of those before.

Latency counts from when a request was *meant* to leave, so a system that stalls for a second shows it in every request
of that second. How far the generator itself was behind (its lag) is told beside it. What is still under way at the end
gets a moment to finish, then counts as unanswered.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from meshdev.chaos.http_client import HttpClient, Target
from meshdev.chaos.schedule import Schedule, Turn, filled, rotation
from meshdev.chaos.shot import Shot
from meshdev.topology.experiment import Load

MOST_IN_FLIGHT = 2000
GRACE = 2.0


@dataclass(slots=True)
class LoadGenerator:
    """Sends ``load`` to ``target`` until it is cancelled; ``shots`` are the requests that have ended."""

    load: Load
    target: Target
    run_name: str = "run"
    clock: Callable[[], float] = time.monotonic
    shots: list[Shot] = field(default_factory=list)
    skipped: int = 0
    _under_way: dict[int, tuple[Turn, float, float]] = field(default_factory=dict)
    _all_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Send; on cancellation wait for what is under way, for `GRACE` seconds."""
        client = HttpClient(self.target)
        begun = self.clock()
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._send_all(group, client, begun)
                except asyncio.CancelledError:
                    await self._settle(begun)
                    raise
        finally:
            client.close()

    async def _send_all(self, group: asyncio.TaskGroup, client: HttpClient, begun: float) -> None:
        schedule = Schedule.of(self.load)
        turns = rotation(self.load.requests)
        for ordinal in count():
            due = schedule.due(ordinal)
            wait = begun + due - self.clock()
            if wait > 0:
                await asyncio.sleep(wait)
            elif not ordinal % 50:
                await asyncio.sleep(0)  # behind: let answers come in all the same
            turn = next(turns)
            if len(self._under_way) >= MOST_IN_FLIGHT:
                self.skipped += 1
                self.shots.append(
                    Shot(turn.request.name, due, 0.0, 0.0, error="not sent: too many under way")
                )
                continue
            lag = self.clock() - begun - due
            self._under_way[ordinal] = (turn, due, lag)
            group.create_task(self._shoot(client, begun, ordinal))

    async def _shoot(self, client: HttpClient, begun: float, ordinal: int) -> None:
        turn, due, lag = self._under_way[ordinal]
        request, run = turn.request, self.run_name
        headers = {name: filled(value, turn.turn, run) for name, value in request.headers.items()}
        body = filled(request.body, turn.turn, run).encode()
        status, error = 0, ""
        try:
            async with asyncio.timeout(self.load.timeout):
                path = filled(request.path, turn.turn, run)
                status = await client.request(request.method, path, headers, body)
        except TimeoutError:
            error = "timeout"
        except OSError as failure:
            error = failure.strerror or str(failure) or type(failure).__name__
        if self._under_way.pop(ordinal, None) is not None:
            latency = self.clock() - begun - due
            self.shots.append(Shot(request.name, due, lag, latency, status, error))
        if not self._under_way:
            self._all_ended.set()

    async def _settle(self, begun: float) -> None:
        if self._under_way:
            self._all_ended.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), GRACE)
        now = self.clock() - begun
        for turn, due, lag in self._under_way.values():
            self.shots.append(Shot(turn.request.name, due, lag, now - due, error="unanswered at the end"))
        self._under_way.clear()
