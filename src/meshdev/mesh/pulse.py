"""Whether the other side of a channel still answers, told by beats that are counted, not timed. Sans-IO.

A side that was suspended itself (a closed lid, a debugger) has missed its own beats, too, and so blames nobody. A beat
during which the other side waited for a core most of the time counts little: on an overloaded machine nobody answers
soon, and to replace who is late would cut its connections and make the machine busier still.
"""

from dataclasses import dataclass
from typing import Final

BEAT_SECONDS: Final = 1.0
MOST_MISSED: Final = 3
MOST_MISSED_AT_FIRST: Final = 30  # an interpreter may start slowly on a busy machine
STARVED_SECONDS: Final = 0.5  # of a beat without a core
STARVED_COUNTS: Final = MOST_MISSED / MOST_MISSED_AT_FIRST


@dataclass(slots=True)
class Pulse:
    """Count a beat every `BEAT_SECONDS`, and whatever is heard."""

    _missed: float = 0.0
    _heard: bool = False

    def beat(self, starved: float = 0.0) -> bool:
        """The time for one more answer is over; whether the other side is to be given up.

        ``starved``: seconds of it in which the other side was ready to run and had no core.
        """
        self._missed += STARVED_COUNTS if self._heard and starved >= STARVED_SECONDS else 1
        return self._missed > (MOST_MISSED if self._heard else MOST_MISSED_AT_FIRST)

    def heard(self) -> None:
        """The other side lives."""
        self._missed = 0
        self._heard = True
