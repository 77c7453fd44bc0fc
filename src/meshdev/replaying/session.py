"""The requests of a recording sent: one after the other, or as they came, to one service or to two of them.

Rules: one after the other, each request carries the names that the live service has given out before it · an
idempotency key is a new one, the same for the same, lest the answer be that of the first time · as they came (`speed`),
a request leaves when it is due, whatever became of those before: open loop · with a second target both get the same
requests, each with its own names, and their answers are held against each other instead of the recorded ones.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import uuid4

from msgspec.structs import replace

from meshdev.recording.comparison import Carry, Difference, Noise, compare, report
from meshdev.recording.model import Exchange, Response
from meshdev.replaying.calls import Calls
from meshdev.replaying.chosen import Chosen, due_times, is_whole
from meshdev.replaying.outcome import Outcome, latencies
from meshdev.replaying.sender import Sender, Sent

_ONCE = frozenset({"idempotency-key", "x-idempotency-key"})
_REFUSED = frozenset({401, 403})
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Target:
    """One service that gets the requests."""

    sender: Sender
    calls: Calls | None
    carry: Carry = field(default_factory=Carry)

    async def send(self, recorded: Exchange) -> Sent:
        """Send it with the names of today, and learn from the answer."""
        for name, value in recorded.request.headers:
            if name.lower() in _ONCE and value not in self.carry.bindings:
                self.carry.rename(value, str(uuid4()))
        request = self.carry.request(recorded)
        call = self.calls.of(recorded) if self.calls is not None else None
        sent = await (
            self.sender.send(recorded, request) if call is None else self.sender.call(call, request)
        )
        if sent.response is not None:
            self.carry.answered(recorded, sent.response)
        return sent


@dataclass(slots=True)
class Session:
    """Sends ``chosen``; ``redact`` takes secrets out of what is told, ``progress`` hears how many have ended."""

    name: str
    chosen: Chosen
    noise: Noise
    redact: Callable[[str], str]
    speed: float = math.inf
    progress: Progress = lambda _done, _all: None
    calls: Calls | None = None
    _differences: list[tuple[Difference, ...]] = field(default_factory=list)
    _times: list[tuple[float, float]] = field(default_factory=list)
    _errors: Counter[str] = field(default_factory=Counter)
    _refused: int = 0
    _ended: int = 0
    _lag: float = 0.0

    @property
    def ended(self) -> int:
        """How many requests have been answered, or have failed."""
        return self._ended

    async def run(self, target: Sender, against: Sender | None = None) -> Outcome:
        """Send all of it; cancellation ends what is under way."""
        begin = time.monotonic()
        async with AsyncExitStack() as stack:
            targets = [_Target(await stack.enter_async_context(target), self.calls)]
            if against is not None:
                targets.append(_Target(await stack.enter_async_context(against), self.calls))
            if math.isinf(self.speed):
                for recorded in self.chosen.exchanges:
                    await self._one(recorded, targets)
            else:
                await self._as_they_came(targets)
        return Outcome(
            recording=self.name,
            target=target.base,
            against=against.base if against is not None else "",
            sent=self._ended,
            report=report(self._differences),
            latencies=latencies(self._times),
            errors=dict(self._errors),
            left_out=dict(self.chosen.left_out),
            refused=self._refused,
            lag=round(self._lag, 3),
            seconds=round(time.monotonic() - begin, 3),
        )

    async def _as_they_came(self, targets: Sequence[_Target]) -> None:
        exchanges = self.chosen.exchanges
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for recorded, due in zip(exchanges, due_times(exchanges, self.speed), strict=True):
                wait = begin + due - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                self._lag = max(self._lag, -wait)
                group.create_task(self._one(recorded, targets))

    async def _one(self, recorded: Exchange, targets: Sequence[_Target]) -> None:
        answers = await asyncio.gather(*(target.send(recorded) for target in targets))
        self._ended += 1
        self.progress(self._ended, len(self.chosen.exchanges))
        first = answers[0]
        for sent in answers:
            if sent.response is None:
                self._errors[sent.error] += 1
        if any(sent.response is None for sent in answers):
            return
        self._times.append((recorded.microseconds / 1e6, first.seconds))
        expected = recorded
        bindings = dict(targets[0].carry.bindings)
        if len(answers) > 1:
            expected = replace(recorded, response=answers[1].response)
            bindings = _between(targets[1].carry, targets[0].carry)
        elif not is_whole(recorded):
            return
        self._differences.append(compare(expected, first.response, self.noise, bindings, self.redact))
        self._count_refused(recorded, first.response)

    def _count_refused(self, recorded: Exchange, response: Response | None) -> None:
        before = recorded.response.status if recorded.response is not None else 0
        asked = any(place.startswith("request.") for place in recorded.redacted)
        if response is not None and asked and response.status in _REFUSED and before not in _REFUSED:
            self._refused += 1


def _between(one: Carry, other: Carry) -> dict[str, str]:
    """From the names of ``one`` to those of ``other``, where both have one for the same recorded name."""
    return {
        name: other.bindings[recorded]
        for recorded, name in one.bindings.items()
        if recorded in other.bindings
    }
