"""The line of screens: which there are, which is in front; a click goes to one. At its right the golden signals."""

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.strip import Strip

from meshdev.tui.keys import PLACES
from meshdev.tui.tabs import Vitals, line
from meshdev.tui.widgets.bars import Bar

if TYPE_CHECKING:
    from collections.abc import Sequence


class TabBar(Bar):
    """See the module."""

    DEFAULT_CSS = """
    TabBar { background: $surface; }
    """

    class Picked(Message):
        """A screen was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, current: str, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._current = current
        self._vitals = Vitals()
        self._spots: Sequence[tuple[int, int, str]] = ()

    def show(self, vitals: Vitals) -> None:
        """Show how the system does."""
        if vitals != self._vitals:
            self._vitals = vitals
            self.refresh()

    @property
    def text(self) -> str:
        """What stands there."""
        return "".join(span.text for span in line(PLACES, self._current, self._vitals, self.size.width)[0])

    def _draw(self) -> Strip:
        spans, self._spots = line(PLACES, self._current, self._vitals, self.size.width)
        return self.line(spans, self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Go to the screen under the mouse."""
        for start, end, mode in self._spots:
            if start <= event.x < end:
                self.post_message(self.Picked(mode))
