"""What Chaos, Events and Data have in common: a table, what is known about its row under the cursor, a filter of words.

Below 140 columns the details stand under the table, from there on beside it.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.model import Picture
from meshdev.tui.screens.base import Frame
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView

FILTER = "filter"


class TableScreen(Frame):
    """See the module. An heir says what the rows are (`draw_rows`), and what is known about one (`draw_around`)."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    THING: ClassVar[str] = ""
    """What a row is."""

    MATCHES: ClassVar[str] = ""
    """Where the filter's words are looked for."""

    DEFAULT_CSS = """
    TableScreen {
        #panes { height: 1fr; layout: vertical; }
        #table { height: auto; max-height: 45%; min-height: 5; }
        #about { height: 1; }
        #side { height: 1fr; }
        #details { height: 1fr; }
        &.-wide #panes { layout: horizontal; }
        &.-wide #table { width: 1fr; height: 1fr; max-height: 100%; }
        &.-wide #side { width: 60; height: 1fr; border-left: vkey $rule; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""

    def compose_body(self) -> ComposeResult:
        """Table, and what is known about the row under the cursor."""
        with Container(id="panes"):
            yield LiveTable(self.COLUMNS, id="table")
            with Container(id="side"):
                yield PaneTitle((), id="about")
                yield SpanView(id="details", empty=f"No {self.THING} is selected.")
        yield Prompt(id="prompt")

    @property
    def table(self) -> LiveTable:
        """The rows."""
        return self.query_one("#table", LiveTable)

    @property
    def details(self) -> SpanView:
        """What is known about one."""
        return self.query_one("#details", SpanView)

    # --- drawing ----------------------------------------------------------------------------------

    def draw_rows(self, picture: Picture, now: float) -> None:
        """Fill the table."""
        raise NotImplementedError

    def draw_around(self) -> None:
        """Draw what depends on the row under the cursor."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Begin with the keyboard on the table."""
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self.draw_around)

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``."""
        super().show(picture, now)
        self.draw_rows(picture, now)
        self.draw_around()

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        self.details.scroll_home(animate=False)
        self.draw_around()
        self.show_frame(self.dashboard.picture, self.dashboard.now())

    # --- filter -----------------------------------------------------------------------------------

    def filter_words(self) -> list[Span]:
        """The filter that is in force, for the status line."""
        if not self.wanted:
            return []
        return [Span("filter ", Tone.MUTED), Span(clean(self.wanted), Tone.ACCENT)]

    def no_match(self) -> str:
        """What stands in place of the rows when the filter lets none through."""
        return f"No {self.THING} matches {clean(self.wanted)!r}.\nEsc clears the filter."

    def action_find(self) -> None:
        """Type a filter."""
        hint = f"filter: words in {self.MATCHES}; !word excludes"
        self.query_one(Prompt).ask(FILTER, "/", self.wanted, hint)

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        if event.purpose == FILTER:
            self.filter(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if event.purpose == FILTER and not event.kept:
            self.filter("")
        self.set_focus(self.front)

    @property
    def front(self) -> LiveTable:
        """Where the keyboard belongs."""
        return self.table

    def filter(self, wanted: str) -> None:
        """Show what matches."""
        self.wanted = wanted
        self.show(self.dashboard.picture, self.dashboard.now())

    def action_back(self) -> None:
        """Clear the filter, or bring the keyboard back to the table."""
        if self.wanted:
            self.filter("")
        elif self.focused is not self.table:
            self.set_focus(self.table)
