"""When a fault acts: start, duration, repetition, and how far its ramp has come. Times are seconds since it was on.

| | start_after | duration | repeat |
|---|---|---|---|
| from now until it is switched off | 0 | | |
| for two minutes, in ten seconds' time | 10 | 120 | |
| five seconds of each minute | 0 | 5 | 60 |

A ramp goes from 0 to 1 over its length, begins with the first start, and stays at 1, whatever is repeated.
"""

from math import floor

from meshdev.wire.faults import FaultSchedule


def acts(schedule: FaultSchedule, age: float) -> bool:
    """Whether the fault acts ``age`` seconds after it was switched on."""
    age -= schedule.start_after
    if age < 0.0:
        return False
    if schedule.duration is None:
        return True
    if schedule.repeat:
        turn = floor(age / schedule.repeat)
        return (
            not schedule.times or turn < schedule.times
        ) and age - turn * schedule.repeat < schedule.duration
    return age < schedule.duration


def next_change(schedule: FaultSchedule, age: float) -> float | None:
    """The next age at which it begins or ends to act; None when nothing changes any more."""
    start, duration, repeat = schedule.start_after, schedule.duration, schedule.repeat
    if age < start:
        return start
    if duration is None:
        return None
    end = _end(schedule)
    if end is not None and age >= end:
        return None
    if not repeat or duration >= repeat:  # one round, or each runs into the next
        return end
    begin = start + floor((age - start) / repeat) * repeat
    next_one = begin + (duration if age < begin + duration else repeat)
    return next_one if end is None or next_one <= end else None


def over(schedule: FaultSchedule, age: float) -> bool:
    """Whether it will never act again."""
    return not acts(schedule, age) and next_change(schedule, age) is None


def remaining(schedule: FaultSchedule, age: float) -> float | None:
    """Seconds until it will never act again; None when it has no end."""
    end = _end(schedule)
    return None if end is None else max(0.0, end - age)


def _end(schedule: FaultSchedule) -> float | None:
    """The age at which the last round is over; None when there is none."""
    if schedule.duration is None or (schedule.repeat and not schedule.times):
        return None
    if not schedule.repeat:
        return schedule.start_after + schedule.duration
    last = schedule.start_after + (schedule.times - 1) * schedule.repeat
    return last + min(schedule.duration, schedule.repeat)


def strength(schedule: FaultSchedule, age: float) -> float:
    """How far the ramp has come: 0 to 1, and 1 without one."""
    if not schedule.ramp:
        return 1.0
    return min(1.0, max(0.0, (age - schedule.start_after) / schedule.ramp))
