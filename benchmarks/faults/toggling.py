"""Faults on and off at random under load: nothing is lost, nothing hangs, and each acts at once.

Only faults that promise to lose nothing take part on TCP; over HTTP those too that answer themselves, or reset, since
their answers say whose they are.
"""

import asyncio
import random
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from benchmarks.faults.streams import Tally, bodies, pings, stream
from benchmarks.faults.system import HTTP_EDGE, RAW_EDGE, System
from meshdev.client import fault_calls
from meshdev.wire.fault_views import FaultRequest

KEEPING: Final[tuple[dict[str, Any], ...]] = (
    {"latency": "20ms"},
    {"latency": {"latency": "10ms", "jitter": "10ms"}, "direction": "both"},
    {"latency": "0ms..30ms", "ramp": "1s"},
    {"bandwidth": "2m"},
    {"bandwidth": "500k", "direction": "upstream"},
    {"slicer": {"average_size": 500, "size_variation": 300, "delay": "50us"}},
    {"slow-close": "20ms"},
    {"slow-open": "20ms"},
    {"latency": "5ms", "slicer": {"average_size": 900}, "percentage": 50},
)
ANSWERING: Final[tuple[dict[str, Any], ...]] = (
    {"status": 503, "percentage": 30},
    {"delay": "15ms", "status": 429, "percentage": 20},
    {"reset": True, "percentage": 10},
    {"refuse": True, "percentage": 10},
    {"rate-limit": {"requests": 5, "per": "1s"}},
    {"delay": {"p50": "2ms", "p99": "30ms"}},
    {"chunk-delay": "1ms"},
)
_MOST_ON: Final = 4
_STREAMS: Final = 3
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Toggled:
    """What came of it; times are seconds."""

    switches: list[float]
    tally: Tally
    before: tuple[list[float], list[float]]
    after: tuple[list[float], list[float]]


async def toggle(system: System, times: int, seed: int, *, samples: int) -> Toggled:
    """Switch ``times`` times under load. Raises TimeoutError when something hangs."""
    before = await pings(system.http, system.raw, samples)
    stop, tally = asyncio.Event(), Tally()
    async with asyncio.timeout(_PATIENCE + times), asyncio.TaskGroup() as group:
        for number in range(_STREAMS):
            group.create_task(stream(system.raw, seed + number, stop, tally))
            group.create_task(bodies(system.http, seed + number, stop, tally))
        switches = await _switch(system, times, seed)
        stop.set()
    after = await pings(system.http, system.raw, samples)
    return Toggled(switches, tally, before, after)


async def _switch(system: System, times: int, seed: int) -> list[float]:
    """How long each switch took until it was in force everywhere: that is when its answer comes."""
    draw = random.Random(seed)
    on: list[str] = []
    took: list[float] = []
    for number in range(times):
        if on and (len(on) >= _MOST_ON or draw.random() < 0.5):  # noqa: PLR2004 - a coin
            name = on.pop(draw.randrange(len(on)))
            took.append(await _timed(system, fault_calls.remove(name)))
        else:
            name = f"storm-{number}"
            over_http = draw.random() < 0.5  # noqa: PLR2004 - a coin
            kinds = KEEPING + ANSWERING if over_http else KEEPING
            fault = {"edge": HTTP_EDGE if over_http else RAW_EDGE, "seed": number, **draw.choice(kinds)}
            took.append(await _timed(system, fault_calls.add(FaultRequest(fault=fault, name=name))))
            on.append(name)
        await asyncio.sleep(draw.random() * 0.02)
    await asyncio.to_thread(system.control.send, fault_calls.clear())
    return took


async def _timed(system: System, call: Any) -> float:
    began = monotonic()
    view = await asyncio.to_thread(system.control.send, call)
    seconds = monotonic() - began
    if view is not None and not view.in_force:
        raise TimeoutError(f"{view.name} is not in force")
    return seconds
