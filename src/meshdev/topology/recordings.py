"""What the file says of recordings: how they are made, and which of them play a service.

Times are seconds, sizes are bytes.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class OnMiss(StrEnum):
    """What a stand-in does with a request that its recordings do not answer."""

    FAIL = "fail"
    PASS = "pass"  # noqa: S105 -- no password
    RECORD = "record"


class AfterEnd(StrEnum):
    """What comes when a recorded sequence of answers to the same request is over."""

    LAST = "last"
    CYCLE = "cycle"
    FAIL = "fail"


_FACTOR = re.compile(r"x([0-9]{1,6}(?:\.[0-9]{1,6})?)")

FAST = "fast"
RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Stub:
    """Played by meshdev itself, out of recordings; a later one lies over those before it.

    ``timing`` is ``fast``, ``recorded`` or ``x2`` (see `speed`); ``url`` is where misses go when they pass;
    ``max_age`` is None when nothing is too old.
    """

    recordings: tuple[str, ...]
    on_miss: OnMiss = OnMiss.FAIL
    timing: str = FAST
    url: str = ""
    after_end: AfterEnd = AfterEnd.LAST
    max_age: float | None = None

    @property
    def speed(self) -> float:
        """How much faster than recorded: 1.0 as it was, infinite without any wait."""
        return speed_of(self.timing)


def speed_of(timing: str) -> float:
    """``fast`` → infinite, ``recorded`` → 1.0, ``x2`` → 2.0. Raises ValueError."""
    match timing:
        case "fast":
            return math.inf
        case "recorded":
            return 1.0
        case _:
            match = _FACTOR.fullmatch(timing)
            factor = float(match[1]) if match else 0.0
            if not factor:
                raise ValueError(f"no speed: {timing}")
            return factor


@dataclass(frozen=True, slots=True)
class RedactRules:
    """What counts as secret besides the defaults: names of headers and fields, regular expressions.

    ``keep`` names headers and fields that are no secret here, whatever the defaults say.
    """

    headers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """How traffic is recorded: ``[recording]``.

    ``folder`` is where recordings are, absolute in a loaded system. ``keep`` is how much of the last traffic of each
    edge is kept all the time, ``body_cap`` how much of one body. ``max_age`` is the age beyond which a recording is
    told to be stale, None for never.
    """

    folder: Path = Path(".meshdev/recordings")
    redact: RedactRules = RedactRules()
    max_age: float | None = None
    keep: int = 2 << 20
    body_cap: int = 10 << 20
