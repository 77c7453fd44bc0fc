"""What is told of faults in the logs of the services that they meet, so that who reads only a log knows of them.

Rules: three lines a fault, at most: it is on, it has hit for the first time, it is off · they stand in the logs of the
instances' services and of both ends of the edges, as far as these are services of the system · whom a fault met when it
was switched on, hears also of its end.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

Note = Callable[[str, str], None]


@dataclass(slots=True)
class _Told:
    """A fault that is on, as far as it was told."""

    services: tuple[str, ...]
    has_hit: bool = False


class Chronicle:
    """``note(service, text)`` writes a line into a log."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._on: dict[str, _Told] = {}

    def begins(self, name: str, text: str, services: Collection[str]) -> None:
        """It is on; ``text`` says what it does, and to whom."""
        self._on[name] = told = _Told(tuple(services))
        self._say(told, text)

    def look(self, hits: Mapping[str, int]) -> list[str]:
        """Hits so far, by fault; gives what is new about them."""
        news = []
        for name, told in self._on.items():
            count = hits.get(name, 0)
            if count and not told.has_hit:
                told.has_hit = True
                text = f"fault {name} acts: {count} {'hit' if count == 1 else 'hits'} so far"
                self._say(told, text)
                news.append(text)
        return news

    def ends(self, name: str, text: str) -> None:
        """It is off."""
        told = self._on.pop(name, None)
        if told is not None:
            self._say(told, text)

    def _say(self, told: _Told, text: str) -> None:
        for service in told.services:
            self._note(service, text)
