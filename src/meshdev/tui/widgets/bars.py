"""The one-line bars of the frame: headline, banner, ticker, hints, and the title of a pane."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from meshdev.tui.cells import fit, width_of
from meshdev.tui.keys import Key, hints
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.toned import Toned

Say = Callable[[int], Sequence[Span]]


class Bar(Toned):
    """One line of spans; drawn again only when they differ."""

    DEFAULT_CSS = """
    Bar { height: 1; background: $panel; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """What stands there."""
        return "".join(span.text for span in self._spans)

    def say(self, spans: Sequence[Span]) -> None:
        """Show these spans."""
        if tuple(spans) != self._spans:
            self._spans = tuple(spans)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        return Strip.blank(self.size.width, self.rich_style) if y else self._draw()

    def _draw(self) -> Strip:
        return self.line(fit(self._spans, self.size.width), self.size.width)


class Banner(Bar):
    """Says across the screen that something is wrong with the dashboard itself; hidden while nothing is."""

    DEFAULT_CSS = """
    Banner { background: $bad; color: $background; text-style: bold; display: none; }
    Banner.-shown { display: block; }
    """

    def say(self, spans: Sequence[Span]) -> None:
        """Show these spans, or hide when there are none."""
        super().say(spans)
        self.set_class(bool(spans), "-shown")

    def _draw(self) -> Strip:
        text = "".join(span.text for span in fit(self._spans, self.size.width))
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width, self.rich_style)


class KeyBar(Bar):
    """The keys that are of use now, as many as fit; a click presses one."""

    DEFAULT_CSS = """
    KeyBar { background: $panel; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._keys: tuple[Key, ...] = ()
        self._places: list[tuple[int, int, Key]] = []

    def offer(self, keys: Sequence[Key]) -> None:
        """Show these keys."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    @property
    def text(self) -> str:
        """What stands there."""
        return "  ".join(f"{key.written} {key.short}" for key in hints(self._keys, self.size.width))

    def _draw(self) -> Strip:
        spans = [Span(" ")]
        self._places = []
        x = 1
        for key in hints(self._keys, self.size.width):
            label = f" {key.short}  "
            size = width_of(key.written + label)
            self._places.append((x, x + size, key))
            spans += [Span(key.written, Tone.KEY), Span(label, Tone.MUTED)]
            x += size
        return self.line(spans, self.size.width)

    async def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        for start, end, key in self._places:
            if start <= event.x < end:
                self.app.simulate_key(key.keys.split(",")[0])


class PaneTitle(Bar):
    """The rule above the lower pane: whose it is, which views there are, and the status of the one shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"title--rule", "title--tab"}

    DEFAULT_CSS = """
    PaneTitle {
        background: $surface;
        & > .title--rule { color: $rule; }
        & > .title--tab { color: $accent; text-style: bold underline; }
    }
    """

    class Picked(Message):
        """A view was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, views: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._views = tuple(views)
        self._state: tuple[tuple[Span, ...], str, tuple[Span, ...]] = ((), "", ())
        self._places: list[tuple[int, int, str]] = []

    @property
    def text(self) -> str:
        """What stands there."""
        head, view, status = self._state
        return " ".join([*(span.text for span in head), view, *(span.text for span in status)])

    def show(self, head: Sequence[Span], view: str, status: Sequence[Span]) -> None:
        """Show whose pane it is, which view is on, and its status at the right."""
        state = (tuple(head), view, tuple(status))
        if state != self._state:
            self._state = state
            self.refresh()

    def _draw(self) -> Strip:
        width = self.size.width
        head, current, status = self._state
        ground = self.rich_style
        rule: Style = ground + self.get_component_rich_style("title--rule", partial=True)
        tab = ground + self.get_component_rich_style("title--tab", partial=True)
        segments: list[Segment] = []
        used = 0

        def put(text: str, style: Style) -> None:
            nonlocal used
            segments.append(Segment(text, style))
            used += width_of(text)

        put("─ ", rule)
        self._places = []
        for number, view in enumerate(self._views):
            if number:
                put(" · ", rule)
            self._places.append((used, used + len(view), view))
            put(view, tab if view == current else ground + self.style_of(Tone.MUTED))
        if head:
            put(" ── " if self._views else "", rule)
        tail = sum(width_of(span.text) for span in status)
        for span in fit(head, max(0, width - used - tail - 7)):
            put(span.text, ground + self.style_of(span.tone))
        put(" ", rule)
        room = max(0, width - used - 4)
        shown = list(fit(status, room))
        size = sum(width_of(span.text) for span in shown)
        put("─" * max(0, width - used - size - (4 if size else 0)), rule)
        if size:
            put(" ", rule)
            for span in shown:
                put(span.text, ground + self.style_of(span.tone))
            put(" ──", rule)
        return Strip(segments).adjust_cell_length(width, rule)

    def on_click(self, event: events.Click) -> None:
        """Pick the view under the mouse."""
        for start, end, view in self._places:
            if start <= event.x < end:
                self.post_message(self.Picked(view))
