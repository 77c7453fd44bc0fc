"""A trace, line by line, with a cursor: lines are drawn when they are seen, so that many cost what a few do."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshdev.telemetry.traces import Hop, Trace
from meshdev.tui.cells import fit
from meshdev.tui.tone import Span, Tone
from meshdev.tui.waterfall import Frame, aboves, axis_of, line_of
from meshdev.tui.widgets.toned import Toned

_LIFTED = {Tone.FAINT: Tone.MUTED, Tone.MUTED: Tone.TEXT}


class WaterfallView(Toned, ScrollView, can_focus=True):
    """See the module. Posts `Highlighted` when the cursor moves, `Chosen` on Enter or double click."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"waterfall--cursor"}

    DEFAULT_CSS = """
    WaterfallView {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .waterfall--cursor { background: $cursor-idle; }
        &:focus > .waterfall--cursor { background: $cursor; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another call."""

        def can_replace(self, message: Message) -> bool:
            """Only the last one counts."""
            return isinstance(message, WaterfallView.Highlighted)

    class Chosen(Message):
        """A call was opened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._trace: Trace | None = None
        self._above: list[str] = []
        self._head: tuple[tuple[Span, ...], ...] = ()
        self._cursor = 0

    @property
    def trace(self) -> Trace | None:
        """The trace that is shown."""
        return self._trace

    @property
    def hop(self) -> Hop | None:
        """The call under the cursor."""
        return self._trace.hops[self._cursor] if self._trace is not None else None

    def show_trace(self, trace: Trace | None, head: Sequence[Sequence[Span]]) -> None:
        """Show ``trace`` below the lines of ``head``; the cursor stays on the call where it was."""
        here = self.hop.call if self.hop is not None else None
        same = (
            trace is not None and self._trace is not None and trace.summary.trace == self._trace.summary.trace
        )
        self._trace = trace
        self._head = tuple(tuple(line) for line in head)
        self._above = aboves(trace.hops) if trace is not None else []
        self._cursor = 0
        if trace is not None:
            self.virtual_size = Size(0, len(trace.hops) + self._top)
            if same and here is not None:
                self._cursor = next((n for n, hop in enumerate(trace.hops) if hop.call.seq == here.seq), 0)
            else:
                self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.refresh()

    def select(self, span: str) -> None:
        """Put the cursor on the call with that span."""
        if self._trace is not None and span:
            for number, hop in enumerate(self._trace.hops):
                if hop.call.span == span:
                    self._put(number)
                    return

    @property
    def _top(self) -> int:
        return len(self._head) + 1

    def _put(self, place: int) -> None:
        if self._trace is None:
            return
        self._cursor = max(0, min(place, len(self._trace.hops) - 1))
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Highlighted())

    def _keep_in_sight(self) -> None:
        top, visible = self.scroll_offset.y, max(1, self.size.height - self._top)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True, force=True)
        elif self._cursor >= top + visible:
            self.scroll_to(y=self._cursor - visible + 1, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight when there is less room."""
        self._keep_in_sight()

    def action_move(self, by: int) -> None:
        """Move the cursor by so many lines."""
        self._put(self._cursor + by)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self._put(self._cursor + direction * max(1, self.size.height - self._top - 1))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or the last line."""
        self._put(0 if direction < 0 else len(self._above))

    def action_choose(self) -> None:
        """Open the call under the cursor."""
        if self._trace is not None:
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click opens."""
        place = event.y - self._top + self.scroll_offset.y
        if event.y >= self._top and place < len(self._above):
            self._put(place)
            if event.chain > 1:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.scrollable_content_region.width
        trace = self._trace
        if trace is None:
            return Strip.blank(width, self.rich_style)
        frame = Frame.over(width - 2, trace)
        if y < len(self._head):
            return self.line(fit([Span(" "), *self._head[y]], width), width)
        if y < self._top:
            return self.line(fit([Span(" "), *axis_of(trace, frame)], width), width)
        place = y - self._top + self.scroll_offset.y
        if place >= len(trace.hops):
            return Strip.blank(width, self.rich_style)
        return self._draw(trace, place, frame, width)

    def _draw(self, trace: Trace, place: int, frame: Frame, width: int) -> Strip:
        under = place == self._cursor
        ground = self.rich_style
        if under:
            ground += self.get_component_rich_style("waterfall--cursor", partial=True)
        segments = [Segment("▌" if under else " ", ground + self.style_of(Tone.ACCENT))]
        for span in fit(line_of(trace, trace.hops[place], frame, self._above[place]), width - 1):
            tone = _LIFTED.get(span.tone, span.tone) if under else span.tone
            segments.append(Segment(span.text, ground + self.style_of(tone)))
        return Strip(segments).adjust_cell_length(width, ground)
