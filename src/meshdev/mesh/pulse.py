"""Whether the other side of a channel still answers, told by beats that are counted, not timed. Sans-IO.

A side that was suspended itself (a closed lid, a debugger) has missed its own beats, too, and so blames nobody.
"""

from dataclasses import dataclass
from typing import Final

BEAT_SECONDS: Final = 1.0
MOST_MISSED: Final = 3
MOST_MISSED_AT_FIRST: Final = 30  # an interpreter may start slowly on a busy machine


@dataclass(slots=True)
class Pulse:
    """Count a beat every `BEAT_SECONDS`, and whatever is heard."""

    _missed: int = 0
    _heard: bool = False

    def beat(self) -> bool:
        """The time for one more answer is over; whether the other side is to be given up."""
        self._missed += 1
        return self._missed > (MOST_MISSED if self._heard else MOST_MISSED_AT_FIRST)

    def heard(self) -> None:
        """The other side lives."""
        self._missed = 0
        self._heard = True
