"""What faults do to one message: each adds its part to a `Fate`, in the order in which they were created.

The fate's order: it is dropped, else it leaves with another payload (`Fate.payload`), so often, so much later (all
delays together), or behind those that follow it. What stands still with it is only the message itself: others overtake
one that is late. A protocol's `Cutter` finds the messages, `stage` carries out what is decided here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshdev.traffic.faults.settings import Settings

if TYPE_CHECKING:
    from meshdev.traffic.faults.draws import Draws


@dataclass(slots=True)
class Fate:
    """What is done to one message; ``hits`` are the faults (`FaultSpec.key`) that have a part in it.

    ``copies`` come ``gap`` seconds apart. It leaves ``delay`` seconds late, and if ``behind`` is not 0, then once so
    many later ones have passed, but after ``within`` seconds at the latest; ``holder`` is who says so.
    ``payload`` makes another of what it carries.
    """

    dropped: bool = False
    copies: int = 0
    gap: float = 0.0
    delay: float = 0.0
    behind: int = 0
    within: float = 0.0
    holder: str = ""
    payload: Callable[[bytes], bytes] | None = None
    hits: list[str] = field(default_factory=list)


class MessageFault:
    """One fault on messages; made once for an edge, so that it may remember."""

    __slots__ = ("settings",)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def apply(self, fate: Fate, draws: "Draws", now: float) -> None:
        """Add to ``fate`` of a message that is hit; ``draws`` are the message's own."""
        raise NotImplementedError
