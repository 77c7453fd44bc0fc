"""The first screen: all services live, and below them the selected one: its log, its details, what happened.

The lower pane shows one view at a time; on a wide terminal the details stand beside the log.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from meshdev.tui.chaos.acting import by_service
from meshdev.tui.golden import Recent, golden_of
from meshdev.tui.keys import LOG_KEYS, SERVICE_KEYS, Key, bindings
from meshdev.tui.model import COLUMNS, Link, Order, Picture, Signals, rows_of
from meshdev.tui.orders import following
from meshdev.tui.panes import DETAILS, EVENTS, LOGS, VIEWS, empty_table, pane_head, pane_status
from meshdev.tui.screens.base import told
from meshdev.tui.screens.details import DetailsPane
from meshdev.tui.screens.service_log import ServiceLog
from meshdev.tui.states import state_of
from meshdev.tui.tone import Tone
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.log_view import LogView
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.control import ServiceView

FILTER = "filter"
SEARCH = "search"
ONLY = "only"

_COLUMN_ORDERS = {
    "state": Order.TROUBLE,
    "name": Order.NAME,
    "rps": Order.RPS,
    "errors": Order.ERRORS,
    "p99": Order.P99,
    "cpu": Order.CPU,
    "memory": Order.MEMORY,
}
_ORDER_COLUMNS = {order: column for column, order in _COLUMN_ORDERS.items()}


class ServicesScreen(ServiceLog):
    """See the module."""

    MODE = "services"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(SERVICE_KEYS),
        *bindings(LOG_KEYS, but=frozenset({"find", "find_next"})),
    ]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    DEFAULT_CSS = """
    ServicesScreen {
        #table { height: auto; max-height: 58%; min-height: 4; }
        #lower { height: 1fr; }
        #log, #events { width: 1fr; height: 1fr; }
        #details { width: 1fr; height: 1fr; display: none; }
        #events { display: none; }
        &.-zoomed #table { display: none; }
        &.-view-details #details { display: block; }
        &.-view-details #log { display: none; }
        &.-view-events #events { display: block; }
        &.-view-events #log { display: none; }
        &.-wide.-view-logs #details, &.-wide.-view-events #details {
            display: block;
            width: 46;
            border-left: vkey $rule;
            padding-left: 1;
        }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        self._order = Order.TOPOLOGY
        self._view = LOGS
        self._signals = Signals()
        self._recent = Recent()

    def compose_body(self) -> ComposeResult:
        """Table above, pane below."""
        yield LiveTable(COLUMNS, id="table")
        yield PaneTitle(VIEWS, id="title")
        with Horizontal(id="lower"):
            yield LogView(id="log")
            yield SpanView(id="events", empty="Nothing has happened yet.", to_end=True)
            yield DetailsPane(id="details")
        yield Prompt(id="prompt")

    # --- parts ------------------------------------------------------------------------------------

    @property
    def table(self) -> LiveTable:
        """The services."""
        return self.query_one("#table", LiveTable)

    @property
    def details(self) -> DetailsPane:
        """What is known about the selected service."""
        return self.query_one("#details", DetailsPane)

    @property
    def _selected(self) -> str | None:
        """The name under the cursor, as of this very moment."""
        return self.table.cursor

    @property
    def service(self) -> ServiceView | None:
        """The selected service."""
        return self.dashboard.picture.service(self._selected)

    # Not `has_focus`: that follows the focus by a message, and the next key may be faster.

    @property
    def _in_log(self) -> bool:
        return self.focused is self.log_view

    @property
    def _in_table(self) -> bool:
        return self.focused is self.table

    # --- drawing ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin with the keyboard on the table."""
        self.add_class("-view-logs")
        self.set_focus(self.table)

    def on_unmount(self) -> None:
        """Let the log go."""
        self.close_log()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self._show_lower)

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``."""
        super().show(picture, now)
        golden = golden_of(picture.signals)
        self._signals = Signals(golden, self._recent.gained(golden, now), by_service(picture.faults))
        rows = rows_of(picture.services, now, self._signals, wanted=self._wanted, order=self._order)
        column = _ORDER_COLUMNS.get(self._order, "")
        self.table.show_rows(rows, sorted_by=column, empty=empty_table(picture, self._wanted))
        self.follow_log(picture, self._selected)
        self._show_lower()

    def _show_lower(self) -> None:
        picture, now = self.dashboard.picture, self.dashboard.now()
        service = self.service
        head = pane_head(service, now) if self._view != EVENTS else []
        title = self.query_one("#title", PaneTitle)
        title.show(head, self._view, pane_status(self._view, self.log_view.status, self._wanted))
        if self.details.display:
            golden = self._signals.of(service.name if service else "")
            self.details.show_service(picture, service, golden, now)
            if service is not None and picture.link is Link.CONNECTED and self.details.wants(service):
                self._ask_environment(service.name)
        events = self.query_one("#events", SpanView)
        if events.display:
            events.show_lines([told(happening) for happening in picture.happenings])

    def _ask_environment(self, name: str) -> None:
        async def work() -> None:
            await self.details.fetch(name, self.dashboard.backend.env)
            self._show_lower()

        self.dashboard.begin(work)

    def keys(self) -> Sequence[Key]:
        """The keys of the pane that has the keyboard; for services only what the selected one allows."""
        if self.is_attached and self._in_log:
            return LOG_KEYS
        service = self.service
        if service is None:
            return [key for key in SERVICE_KEYS if key.action in {"find", "events", "sort"}]
        idle = state_of(service).tone is Tone.MUTED or service.phase in {"exited", "gave-up"}
        useless = {"stop", "restart"} if idle else {"start"}
        if service.phase in {"exited", "gave-up"}:
            useless = {"stop"}
        if not service.url and not service.ports:
            useless.add("open")
        if not self.details.display:
            useless.add("unmask")
        return [key for key in SERVICE_KEYS if key.action not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        self.follow_log(self.dashboard.picture, self._selected)
        self._show_lower()
        self.show_frame(self.dashboard.picture, self.dashboard.now())

    @on(LiveTable.Chosen)
    def _chosen(self) -> None:
        self.action_logs()

    @on(LiveTable.HeaderClicked)
    def _header_clicked(self, event: LiveTable.HeaderClicked) -> None:
        order = _COLUMN_ORDERS.get(event.column, Order.TOPOLOGY)
        self._sort_by(Order.TOPOLOGY if order is self._order else order)

    @on(LogView.Changed)
    def _log_changed(self) -> None:
        self._show_lower()

    @on(PaneTitle.Picked)
    def _picked(self, event: PaneTitle.Picked) -> None:
        self._turn_to(event.view)

    # --- views ------------------------------------------------------------------------------------

    def _turn_to(self, view: str) -> None:
        for each in VIEWS:
            self.set_class(each == view, f"-view-{each.lower()}")
        self._view = view
        self.call_after_refresh(self._show_lower)
        self._show_lower()

    def action_logs(self) -> None:
        """Show the log and put the keyboard on it."""
        self._turn_to(LOGS)
        self.set_focus(self.log_view)

    def action_details(self) -> None:
        """Turn to the details, or back to the log."""
        self._turn_to(LOGS if self._view == DETAILS else DETAILS)
        self._refocus("#details" if self._view == DETAILS else "#log")

    def action_events(self) -> None:
        """Turn to the events, or back to the log."""
        self._turn_to(LOGS if self._view == EVENTS else EVENTS)
        self._refocus("#events" if self._view == EVENTS else "#log")

    def _refocus(self, pane: str) -> None:
        """The keyboard stays in the lower pane when it was there, or when only that is shown."""
        if not self._in_table or not self.table.display:
            self.set_focus(self.query_one(pane))

    def action_zoom(self) -> None:
        """Give the lower pane the whole screen, or put the table back."""
        self.toggle_class("-zoomed")
        pane = {LOGS: "#log", DETAILS: "#details", EVENTS: "#events"}[self._view]
        self.set_focus(self.query_one(pane if self.has_class("-zoomed") else "#table"))

    def action_back(self) -> None:
        """Undo one thing: the search, the line cursor, the zoom, the filter; then the keyboard to the table."""
        log = self.log_view
        if self._in_log and log.status.pattern:
            log.search("")
        elif self._in_log and not log.status.following:
            log.follow(following=True)
        elif self.has_class("-zoomed"):
            self.action_zoom()
        elif not self._in_table:
            self._turn_to(LOGS)
            self.set_focus(self.table)
        elif self._wanted:
            self._filter("")

    # --- filter, search, sort ---------------------------------------------------------------------

    def action_find(self) -> None:
        """Filter the services, or search the log: whichever has the keyboard."""
        prompt = self.query_one(Prompt)
        if self._in_log:
            prompt.ask(SEARCH, "/", self.log_view.status.pattern, "search: regular expression")
        else:
            prompt.ask(FILTER, "/", self._wanted, "filter: words in name, state or team; !word excludes")

    def action_only(self) -> None:
        """Show only the log lines that match."""
        self._turn_to(LOGS)
        self.query_one(Prompt).ask(ONLY, "&", self.log_view.status.pattern, "show only lines that match")

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        if event.purpose == FILTER:
            self._filter(event.text)
        else:
            self.log_view.search(event.text, only=event.purpose == ONLY)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if event.purpose == FILTER:
            if not event.kept:
                self._filter("")
            self.set_focus(self.table)
            return
        if not event.kept:
            self.log_view.search("")
        self.set_focus(self.log_view)
        if event.kept and event.purpose == SEARCH:
            self.log_view.action_find(-1)

    def _filter(self, wanted: str) -> None:
        self._wanted = wanted
        self.show(self.dashboard.picture, self.dashboard.now())

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._sort_by(following(self._order))

    def _sort_by(self, order: Order) -> None:
        self._order = order
        self.dashboard.say(f"sorted by {order}")
        self.show(self.dashboard.picture, self.dashboard.now())

    # --- with the selected service ----------------------------------------------------------------

    def action_copy(self) -> None:
        """Copy the log line, or the service's address."""
        if self._in_log:
            line = self.log_view.current()
            if line is not None:
                self.dashboard.copy(line.text, "the line")
        elif self.service is not None:
            self.dashboard.copy(self.service.url or self.service.name, "")

    def action_edit(self) -> None:
        """Open the source: of the service, or the line that the log line names."""
        service = self.service
        if service is None:
            return
        line = self.log_view.current() if self._in_log else None
        if line is not None:
            self.edit_named(line.text, service.name)
        else:
            self.edit_definition(service.name)

    def fault_target(self) -> str:
        """The selected service: all that lead to it, and its instances."""
        return self._selected or ""

    def action_unmask(self) -> None:
        """Show or hide the secrets in the environment."""
        if self._view != DETAILS and not self.details.display:
            self.action_details()
        shown = self.details.toggle_secrets()
        self.dashboard.say("secrets are shown; u hides them" if shown else "secrets are hidden")
        self._show_lower()

    def select(self, name: str) -> None:
        """Put the cursor on a service, dropping a filter that hides it (palette)."""
        self._filter("")
        self.table.move_to(name)

    @property
    def live(self) -> bool:
        """Whether what is shown is current."""
        return self.dashboard.picture.link is Link.CONNECTED
