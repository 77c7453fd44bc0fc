"""The Data screen: the databases with their owners and users, and the statements of the one at hand.

Statements are many, so they are not in the stream of events: the screen asks for them, once a second at most, while it
is in front. A statement is seldom as short as its line: while the keyboard is among them, and where there is room
anyway, the whole of the one under the cursor stands below; on wide terminals always beside them.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from meshdev.errors import MeshdevError
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.databases.cells import (
    DATABASES,
    STATEMENTS,
    Order,
    database_rows,
    filter_of,
    key_of,
    statement_rows,
)
from meshdev.tui.databases.facts import database_facts, statement_facts, why_none
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.databases import DATA_KEYS
from meshdev.tui.model import Link, Picture
from meshdev.tui.orders import following
from meshdev.tui.screens.base import away, side_by_side, unconnected
from meshdev.tui.screens.table import TableScreen
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.database_views import DatabaseView, StatementView

_EVERY = 1.0  # seconds


class DatabasesScreen(TableScreen):
    """See the module. ``table`` are the databases; the filter is for the statements."""

    MODE = "data"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DATA_KEYS)]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012 -- Textual declares it as an instance's

    COLUMNS = DATABASES
    THING = "statement"
    MATCHES = "statements, tables, services"

    DEFAULT_CSS = """
    DatabasesScreen {
        #lists { height: 1fr; width: 1fr; }
        #table { min-height: 3; }
        #statements { height: 1fr; }
        #side { display: none; height: auto; max-height: 45%; border-top: solid $rule; }
        #details { height: auto; max-height: 100%; }
        &.-reading #side, &.-tall #side { display: block; }
        &.-wide #table { height: auto; max-height: 45%; }
        &.-wide #side { display: block; max-height: 100%; border-top: none; }
        &.-wide #details { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._databases: Sequence[DatabaseView] = ()
        self._known = False
        self._asked = 0.0
        self._asking = False
        self._order = Order.TIME

    def compose_body(self) -> ComposeResult:
        """Databases, their statements, and what is known about both."""
        with Container(id="panes"):
            with Container(id="lists"):
                yield LiveTable(self.COLUMNS, id="table")
                yield PaneTitle((), id="about")
                yield LiveTable(STATEMENTS, id="statements")
            with Container(id="side"):
                yield SpanView(id="details", empty="No database is selected.")
        yield Prompt(id="prompt")

    @property
    def statements(self) -> LiveTable:
        """The statements of the database under the cursor."""
        return self.query_one("#statements", LiveTable)

    @property
    def front(self) -> LiveTable:
        """The statements, if there are any that the filter lets through."""
        return self.statements if self.statements.rows else self.table

    @property
    def database(self) -> DatabaseView | None:
        """The database under the cursor."""
        return next((one for one in self._databases if one.name == self.table.cursor), None)

    @property
    def statement(self) -> StatementView | None:
        """The statement under the cursor."""
        database, key = self.database, self.statements.cursor
        return next((one for one in database.statements if key_of(one) == key), None) if database else None

    # --- drawing ----------------------------------------------------------------------------------

    def show(self, picture: Picture, now: float) -> None:
        """Draw what is known, and ask again if that is old."""
        super().show(picture, now)
        connected = picture.link is Link.CONNECTED and picture.system is not None
        if connected and not self._asking and not 0 <= now - self._asked < _EVERY:
            self._asking, self._asked = True, now
            self.dashboard.begin(self._ask)

    async def _ask(self) -> None:
        try:
            self._databases = await self.dashboard.backend.databases()
            self._known = True
        except MeshdevError:
            pass  # the banner says that the daemon is away
        finally:
            self._asking = False
        if self.is_attached:
            picture, now = self.dashboard.picture, self.dashboard.now()
            self.draw_rows(picture, now)
            self.draw_around()
            self.show_frame(picture, now)

    def draw_rows(self, picture: Picture, now: float) -> None:
        """The databases."""
        del now
        self.table.show_rows(database_rows(self._databases), empty=self._empty(picture))

    def draw_around(self) -> None:
        """The statements of the database under the cursor, and what is known about the one under theirs."""
        database = self.database
        found = statement_rows(database.statements, self._order, self.wanted) if database else ()
        self.statements.show_rows(found, sorted_by=self._order, empty=self._empty_statements(database))
        by = [Span(f"by {self._order}", Tone.MUTED)] if found else []
        head = _head(database, self.dashboard.picture)
        self.query_one("#about", PaneTitle).show(head, "", side_by_side([self.filter_words(), by]))
        facts, width = [], self.details.room
        brief = self.has_class("-reading") and not (self.has_class("-wide") or self.has_class("-tall"))
        if database is not None and not brief:
            facts = database_facts(database, width)
        if self.statement is not None and self.statement.text:
            facts += [*([[]] if facts else []), *statement_facts(self.statement, width)]
        self.details.show_lines(facts)

    def _empty(self, picture: Picture) -> str:
        if words := unconnected(picture):
            return words
        if not self._known:
            return "Asking the daemon …"
        return "No databases: the topology has no [databases.NAME]."

    def _empty_statements(self, database: DatabaseView | None) -> str:
        if database is None:
            return ""
        return self.no_match() if database.statements else why_none(database)

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        useless = set()
        if not self.wanted and self.focused is self.table:
            useless.add("back")
        if not self.is_attached or self.database is None:
            useless |= {"open", "graph", "copy", "sort", "find"}
        elif not self.database.statements:
            useless |= {"open", "copy", "sort", "find"}
        elif self.statement is None:
            useless |= {"copy", "sort"}
        return [key for key in DATA_KEYS if key.action not in useless]

    # --- messages ---------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The keyboard among the statements: the whole of one is read."""
        self.set_class(event.widget is self.statements, "-reading")
        self.call_after_refresh(self.draw_around)

    @on(LiveTable.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    # --- actions ----------------------------------------------------------------------------------

    def action_open(self) -> None:
        """To the statements; from there to the calls that are such a statement."""
        database, statement = self.database, self.statement
        if database is None:
            return
        if self.focused is not self.statements and database.statements:
            self.set_focus(self.statements)
        elif statement is not None:
            self.dashboard.open_traffic(filter_of(database, statement))

    def action_graph(self) -> None:
        """Show who uses it."""
        if self.database is not None:
            self.dashboard.open_graph(self.database.name)

    def action_copy(self) -> None:
        """Copy the statement."""
        if self.statement is not None:
            self.dashboard.copy(self.statement.text, "the statement")

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._order = following(self._order)
        self.draw_around()
        self.statements.action_edge(-1)


def _head(database: DatabaseView | None, picture: Picture) -> list[Span]:
    if database is None:
        return []
    many = "" if database.runs == "file" else units.plural(len(database.statements), "statement")
    spans = [Span(many), *away(picture, [database.name])]
    foreign = [one.service for one in database.users if one.foreign]
    if foreign:
        spans.append(Span(f"  ‡ foreign: {clean(', '.join(foreign))}", Tone.WARN))
    return spans
