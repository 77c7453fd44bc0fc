"""A key, and what can be made of a table of keys: Textual's bindings, and the line of hints."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """A key (Textual's names, comma-separated), how it is written, what it does, and where it belongs.

    ``bar`` ranks it in the line of hints (0: not there; lower stays longer).
    """

    keys: str
    written: str
    text: str
    action: str
    group: str
    bar: int = 0
    short: str = ""
    priority: bool = False

    @property
    def name(self) -> str:
        """The action without its parameters."""
        return self.action.partition("(")[0]

    def binding(self) -> Binding:
        """For Textual; hints and help are our own."""
        return Binding(self.keys, self.action, self.text, show=False, priority=self.priority)


def bindings(keys: Sequence[Key], but: frozenset[str] = frozenset()) -> list[Binding]:
    """Textual's bindings for ``keys``, without the actions in ``but`` (a widget has those itself)."""
    return [key.binding() for key in keys if key.action not in but]


def hints(keys: Sequence[Key], width: int) -> list[Key]:
    """The keys that a line of ``width`` cells has room for, in the order of the table, the most important kept."""
    shown = sorted((key for key in keys if key.bar), key=lambda key: key.bar)
    kept: list[Key] = []
    used = 1
    for key in shown:
        size = len(key.written) + len(key.short) + 3
        if used + size > width:
            break
        used += size
        kept.append(key)
    return [key for key in keys if key in kept]
