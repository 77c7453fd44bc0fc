"""How long an answer waits: not at all, as it was recorded, or so many times as fast."""

import re
from dataclasses import dataclass
from typing import Final

from meshdev.errors import UsageError
from meshdev.recording.model import Exchange

_TIMES: Final = re.compile(r"x?([0-9]+(?:\.[0-9]+)?)x?")
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """``factor`` is what recorded times are multiplied with."""

    factor: float = 0.0

    def seconds(self, microseconds: int | None) -> float:
        """How long to wait for what took so long."""
        return max(0, microseconds or 0) * self.factor / _MICROSECONDS


def pace_of(text: str) -> Pace:
    """``fast`` (nothing waits), ``recorded``, ``x2`` (twice as fast; also ``2x``, ``x0.5``); raises UsageError."""
    if text == "fast":
        return Pace()
    if text == "recorded":
        return Pace(1.0)
    match = _TIMES.fullmatch(text)
    if match is None or not float(match[1]):
        raise UsageError(
            f"timing {text!r} is not known", hint='say "fast", "recorded", or how many times as fast: "x2"'
        )
    return Pace(1 / float(match[1]))


def first_byte(exchange: Exchange) -> int:
    """Microseconds from the whole request to the first byte of its answer."""
    if exchange.timing.wait is not None:
        return exchange.timing.wait
    pieces = exchange.response.body.pieces if exchange.response is not None else ()
    return pieces[0][1] if pieces else exchange.microseconds
