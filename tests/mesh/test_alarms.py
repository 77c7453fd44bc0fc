"""Alarms ring when they are due: in order, once, not before, and hardly after."""

import asyncio
import gc
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.mesh import alarms as module
from meshdev.mesh.alarms import Alarms, LoopTimer, alarms_of
from support_mesh import until


class FakeTimer:
    """Notes what it is set to."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.due = float("inf")
        self.sets = 0

    def set(self, due: float) -> None:
        """From now on this."""
        self.due = due
        self.sets += 1


class Bench:
    """Alarms under a clock that is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.rung: list[object] = []
        self.timers: list[FakeTimer] = []
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        self.alarms = Alarms(self._made)

    def _made(self, ring: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(ring))
        return self.timers[-1]

    @property
    def timer(self) -> FakeTimer:
        """The only one there is."""
        (timer,) = self.timers
        return timer

    def pass_to(self, end: float) -> None:
        """The timer rings whenever it is set to a time up to ``end``."""
        while self.timer.due <= end:
            self.now = max(self.now, self.timer.due)
            self.timer.ring()
        self.now = end


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=40))
def test_each_rings_once_in_order_and_never_early(wanted: list[tuple[float, bool]]) -> None:
    """Those that were cancelled do not."""
    with pytest.MonkeyPatch.context() as patch:
        bench = Bench(patch)
        seen: list[tuple[float, int]] = []

        def note(number: int) -> None:
            seen.append((bench.now, number))

        made = [
            bench.alarms.at(100.0 + after, partial(note, number)) for number, (after, _) in enumerate(wanted)
        ]
        for alarm, (_, stays) in zip(made, wanted, strict=True):
            if not stays:
                alarm.cancel()
        bench.pass_to(106.0)
    expected = sorted((100.0 + after, number) for number, (after, stays) in enumerate(wanted) if stays)
    assert seen == expected
    assert bench.timer.due == float("inf")


def test_the_timer_is_set_for_the_earliest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later alarm costs nothing more."""
    bench = Bench(monkeypatch)
    for after in (1.0, 2.0, 3.0):
        bench.alarms.at(100.0 + after, lambda: None)
    assert (bench.timer.sets, bench.timer.due) == (1, 101.0)
    bench.alarms.at(100.5, lambda: None)
    assert (bench.timer.sets, bench.timer.due) == (2, 100.5)


def test_what_an_alarm_sets_rings_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it is due at once: others get theirs, and the loop gets its own turn between."""
    bench = Bench(monkeypatch)

    def again() -> None:
        bench.rung.append("first")
        bench.alarms.at(bench.now, lambda: bench.rung.append("second"))

    bench.alarms.at(101.0, again)
    bench.pass_to(101.0)
    assert bench.rung == ["first", "second"]


def test_one_that_fails_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop hears of the failure; the timer is set for what is left."""
    bench = Bench(monkeypatch)

    def fails() -> None:
        raise ValueError("on purpose")

    bench.alarms.at(101.0, fails)
    bench.alarms.at(101.0, lambda: bench.rung.append("other"))
    bench.now = 101.0
    with pytest.raises(ValueError, match="on purpose"):
        bench.timer.ring()
    bench.pass_to(101.0)
    assert bench.rung == ["other"]


async def _errors(alarms: Alarms, count: int = 40) -> list[float]:
    """How late ``count`` alarms ring, one after the other at odd times."""
    late: list[float] = []
    for number in range(count):
        rung = asyncio.Event()
        due = monotonic() + 0.003 + number * 1.7e-5
        alarms.at(due, rung.set)
        await rung.wait()
        late.append(monotonic() - due)
    return late


async def test_a_real_alarm_is_never_early() -> None:
    """By the kernel's timer and by the loop's."""
    assert min(await _errors(alarms_of(asyncio.get_running_loop()))) >= 0.0
    assert min(await _errors(Alarms(LoopTimer))) >= 0.0


def _shuffled(number: int) -> int:
    return number * 7919 % 500


def _has(things: list[int], count: int) -> bool:
    return len(things) == count


async def test_many_alarms_all_ring() -> None:
    """Hundreds at a time, from both kinds of timer."""
    for alarms in (alarms_of(asyncio.get_running_loop()), Alarms(LoopTimer)):
        rung: list[int] = []
        start = monotonic()
        for number in range(500):
            alarms.at(start + _shuffled(number) * 4e-5, partial(rung.append, number))
        await until(partial(_has, rung, 500))
        assert sorted(rung, key=_shuffled) == rung


async def test_a_loop_has_one_set_of_them() -> None:
    """So that one timer does for all."""
    loop = asyncio.get_running_loop()
    assert alarms_of(loop) is alarms_of(loop)


@pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
def test_their_timer_ends_with_the_loop() -> None:
    """No descriptor is left behind."""

    async def use() -> None:
        await _errors(alarms_of(asyncio.get_running_loop()), 1)

    def timers() -> int:
        found = 0
        for entry in Path("/proc/self/fd").iterdir():
            try:
                found += "timerfd" in str(entry.readlink())
            except OSError:
                continue
        return found

    gc.collect()
    before = timers()
    asyncio.run(use())
    gc.collect()
    assert timers() <= before
