"""The Data screen: the databases with their owners and users, and the statements of the one at hand.

Statements are many, so they are not in the stream of events: the screen asks for them, once a second at most, while it
is in front.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from meshdev.errors import MeshdevError
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.databases.cells import DATABASES, STATEMENTS, Order, database_rows, key_of, statement_rows
from meshdev.tui.databases.facts import database_facts
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.databases import DATA_KEYS
from meshdev.tui.model import Link, Picture
from meshdev.tui.screens.base import Frame
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.database_views import DatabaseView, StatementView

_ORDERS = tuple(Order)
_EVERY = 1.0  # seconds


class DatabasesScreen(Frame):
    """See the module."""

    MODE = "data"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DATA_KEYS)]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    DEFAULT_CSS = """
    DatabasesScreen {
        #panes { height: 1fr; layout: vertical; }
        #tables { height: 1fr; width: 1fr; }
        #databases { height: auto; max-height: 45%; min-height: 3; }
        #about { height: 1; }
        #statements { height: 1fr; }
        #side { display: none; }
        &.-wide #panes { layout: horizontal; }
        &.-wide #side { display: block; width: 60; height: 1fr; border-left: vkey $rule; }
        #details { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._databases: Sequence[DatabaseView] = ()
        self._known = False
        self._asked = 0.0
        self._asking = False
        self._wanted = ""
        self._order = Order.TIME

    def compose_body(self) -> ComposeResult:
        """Databases, their statements, and what is known about both."""
        with Container(id="panes"):
            with Container(id="tables"):
                yield LiveTable(DATABASES, id="databases")
                yield PaneTitle((), id="about")
                yield LiveTable(STATEMENTS, id="statements")
            with Container(id="side"):
                yield SpanView(id="details", empty="No database is selected.")
        yield Prompt(id="prompt")

    @property
    def table(self) -> LiveTable:
        """The databases."""
        return self.query_one("#databases", LiveTable)

    @property
    def statements(self) -> LiveTable:
        """The statements of the database under the cursor."""
        return self.query_one("#statements", LiveTable)

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

    def on_mount(self) -> None:
        """Begin with the keyboard on the databases."""
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self._show_statements)

    def show(self, picture: Picture, now: float) -> None:
        """Draw what is known, and ask again if that is old."""
        super().show(picture, now)
        self._draw()
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
            self._draw()
            self.show_frame(self.dashboard.picture, self.dashboard.now())

    def _draw(self) -> None:
        self.table.show_rows(database_rows(self._databases), empty=self._empty())
        self._show_statements()

    def _show_statements(self) -> None:
        database = self.database
        found = statement_rows(database.statements, self._order, self._wanted) if database else ()
        self.statements.show_rows(found, sorted_by=self._order, empty=self._empty_statements(database))
        self.query_one("#about", PaneTitle).show(_head(database), "", self._status())
        self._show_details()

    def _show_details(self) -> None:
        details, database = self.query_one("#details", SpanView), self.database
        facts = database_facts(database, self.statement, details.room) if database is not None else []
        details.show_lines(facts)

    def _status(self) -> list[Span]:
        filtered = [Span("filter ", Tone.MUTED), Span(f"{clean(self._wanted)}  ", Tone.ACCENT)]
        return [*(filtered if self._wanted else []), Span(f"by {self._order}", Tone.MUTED)]

    def _empty(self) -> str:
        if not self._known:
            return "Asking the daemon …"
        return "No databases: the topology has no [databases.NAME]."

    def _empty_statements(self, database: DatabaseView | None) -> str:
        if database is None:
            return ""
        if database.statements:
            return f"No statement matches {clean(self._wanted)!r}.\nEsc clears the filter."
        if database.runs == "file":
            return "A file: services open it themselves, so nothing of it passes an edge."
        if not database.read:
            return "Its protocol is not read: connections are counted, statements are not seen."
        return "No statement was seen yet."

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        useless = set()
        if not self._wanted and self.focused is self.table:
            useless.add("back")
        if not self.is_attached or self.database is None:
            useless |= {"open", "graph", "copy", "sort"}
        elif self.statement is None:
            useless |= {"copy", "sort"}
        return [key for key in DATA_KEYS if key.action not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        self._show_statements()
        self.show_frame(self.dashboard.picture, self.dashboard.now())

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
            table = statement.target.partition(",")[0]
            tables = f' path~"{table}"' if table else ""
            self.dashboard.open_traffic(f'callee={database.name} method="{statement.name}"{tables}')

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
        self._order = _ORDERS[(_ORDERS.index(self._order) + 1) % len(_ORDERS)]
        self._show_statements()
        self.statements.action_edge(-1)

    # --- filter -----------------------------------------------------------------------------------

    def action_find(self) -> None:
        """Filter."""
        hint = "filter: words in statements, tables, services; !word excludes"
        self.query_one(Prompt).ask("filter", "/", self._wanted, hint)

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        self._filter(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if not event.kept:
            self._filter("")
        self.set_focus(self.statements if self.statements.rows else self.table)

    def _filter(self, wanted: str) -> None:
        self._wanted = wanted
        self._show_statements()

    def action_back(self) -> None:
        """Clear the filter, or bring the keyboard back to the databases."""
        if self._wanted:
            self._filter("")
        elif self.focused is not self.table:
            self.set_focus(self.table)


def _head(database: DatabaseView | None) -> list[Span]:
    if database is None:
        return []
    spans = [Span(units.plural(len(database.statements), "statement"))]
    foreign = [one.service for one in database.users if one.foreign]
    if foreign:
        spans.append(Span(f"  ‡ foreign: {clean(', '.join(foreign))}", Tone.WARN))
    return spans
