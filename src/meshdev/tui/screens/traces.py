"""The Traces screen: what belongs together across services, as a list, and one of them as a waterfall.

Traces are made of the calls that the mesh saw. Events over brokers have their place among the lines of a waterfall once
the mesh tells of them.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from meshdev.telemetry.traces import assemble, untraced
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.flow_facts import detached_line
from meshdev.tui.flows import Test
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.traces import TRACES_KEYS
from meshdev.tui.orders import following
from meshdev.tui.screens.base import side_by_side
from meshdev.tui.screens.calls import CallsScreen
from meshdev.tui.tone import Span, Tone
from meshdev.tui.trace_list import COLUMNS, MOST, ORDER_COLUMNS, Order, TraceList
from meshdev.tui.waterfall import notes_of, summary_of
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.waterfall_view import WaterfallView
from meshdev.wire.control import ExchangeView

_COLUMN_ORDERS = {column: order for order, column in ORDER_COLUMNS.items()}


class TracesScreen(CallsScreen):
    """See the module."""

    MODE = "traces"
    VIEW = "Traces"
    HINT = "traces with a call such as callee=orders status=5xx ms>100 error"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TRACES_KEYS)]

    DEFAULT_CSS = """
    TracesScreen {
        #waterfall { display: none; }
        &.-waterfall #waterfall { display: block; }
        &.-waterfall #traces { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._list: TraceList | None = None
        self._open = ""
        self._assembled = 0
        self._said = ""

    def compose_list(self) -> ComposeResult:
        """The list, or a waterfall in its place."""
        yield LiveTable(COLUMNS, id="traces")
        yield WaterfallView(id="waterfall")

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one("#traces", LiveTable)

    @property
    def waterfall(self) -> WaterfallView:
        """The trace that is open."""
        return self.query_one("#waterfall", WaterfallView)

    @property
    def front(self) -> Widget:
        """Whichever is shown."""
        return self.waterfall if self._open else self.table

    @property
    def listed(self) -> TraceList:
        """Which traces are shown."""
        if self._list is None:
            self._list = TraceList(self.flows)
        return self._list

    @property
    def call(self) -> ExchangeView | None:
        """The call under the cursor; in the list the first one of the trace."""
        if self._open:
            return self.waterfall.hop.call if self.waterfall.hop is not None else None
        calls = self.flows.traces.get(self.table.cursor or "")
        return assemble(calls).summary.root if calls else None

    # --- drawing ----------------------------------------------------------------------------------

    def take_in(self) -> None:
        """Show what has come."""
        empty = self._empty()
        if self.listed.refresh() or empty != self._said:
            self._redraw()
        calls = self.flows.traces.get(self._open)
        if calls is not None and len(calls) != self._assembled:
            self._show_open()

    def _redraw(self) -> None:
        self._said = self._empty()
        column, table = ORDER_COLUMNS[self.listed.order], self.table
        on_first = not table.rows or table.cursor == table.rows[0].key
        table.show_rows(self.listed.rows, sorted_by=column, empty=self._said)
        if on_first and self.listed.following:
            table.action_edge(-1)  # what comes is sorted in; the cursor stays on the first until it is moved

    def _show_open(self) -> None:
        calls = self.flows.traces.get(self._open)
        if not calls:
            return
        self._assembled = len(calls)
        trace = assemble(calls)
        head = [summary_of(trace), *notes_of(trace, untraced(calls, self.flows.stray()))]
        root = trace.summary.root
        head += detached_line(root, list(self.flows), max(20, self.size.width - 4))[:1]
        self.waterfall.show_trace(trace, head)

    def _empty(self) -> str:
        if self._wanted and len(self.flows):
            return "No trace has a call that matches.\nEsc clears the filter."
        return self.nothing("No trace has been seen yet.")

    def head(self) -> Sequence[Span]:
        """How many there are, or which one this is."""
        if self._open:
            return [Span(clean(self._open), Tone.TEXT)]
        known = len(self.listed)
        if not known:
            return []
        shown = f"first {MOST} of " if known > MOST else ""
        return [Span(f"{shown}{units.plural(known, 'trace')}", Tone.MUTED)]

    def status(self) -> Sequence[Span]:
        """Order, filter, what is missing, whether it follows."""
        listed, lost = self.listed, self.flows.lost
        if self._open:
            return [Span("◆", Tone.ACCENT), Span(" critical path  ━ own  ─ waiting", Tone.MUTED)]
        waiting = f" +{units.count(listed.waiting)}" if listed.waiting else ""
        return side_by_side(
            [
                self.filter_words(),
                [Span(str(listed.order), Tone.MUTED)],
                [Span(f"{units.count(lost)} calls skipped", Tone.WARN)] if lost else [],
                [Span("following", Tone.OK) if listed.following else Span(f"paused{waiting}", Tone.WARN)],
            ]
        )

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        useless = {"follow", "find", "sort", "open"} if self._open else {"details", "copy"}
        if self.is_attached and self.call is None:
            useless |= {"open", "details", "lines", "copy", "copy_trace"}
        if self._undo() is None:
            useless.add("back")
        return [key for key in TRACES_KEYS if key.name not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Highlighted)
    @on(WaterfallView.Highlighted)
    def _highlighted(self) -> None:
        if self.has_class("-details"):
            self.show_around()

    @on(LiveTable.Chosen)
    @on(WaterfallView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    @on(LiveTable.HeaderClicked)
    def _header_clicked(self, event: LiveTable.HeaderClicked) -> None:
        self._sort_by(_COLUMN_ORDERS.get(event.column, Order.NEWEST))

    # --- one trace --------------------------------------------------------------------------------

    def show_trace(self, trace: str, span: str = "") -> None:
        """Open a trace as a waterfall, the cursor on the call with that span."""
        if not self.flows.traces.get(trace):
            self.dashboard.say(f"trace {trace} is not among the calls that are kept", level="warning")
            return
        self._open = trace
        self.add_class("-waterfall")
        self._show_open()
        self.waterfall.select(span)
        self.set_focus(self.waterfall)
        self.show_all()

    def action_open(self) -> None:
        """From the list into the trace; there, the details of a call."""
        if self._open:
            self.action_details()
        elif self.table.cursor is not None:
            self.show_trace(self.table.cursor)

    def action_details(self) -> None:
        """Details of the call, or none."""
        if self._open:
            self.open_details(shown=not self.has_class("-details"))

    def _close(self) -> None:
        self._open = ""
        self.remove_class("-waterfall")
        self.open_details(shown=False)
        self.set_focus(self.table)

    def _undo(self) -> Callable[[], None] | None:
        """What Escape does now."""
        if self.is_attached and self.focused is self.details:
            return partial(self.set_focus, self.front)
        if self.has_class("-details"):
            return partial(self.open_details, shown=False)
        if self._open:
            return self._close
        if not self.listed.following:
            return partial(self._follow, following=True)
        return partial(self.filter, "") if self._wanted else None

    def action_back(self) -> None:
        """Undo one thing."""
        undo = self._undo()
        if undo is not None:
            undo()
            self.show_all()

    # --- the list ---------------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Pause the list, or follow what comes."""
        if not self._open:
            self._follow(following=not self.listed.following)

    def _follow(self, *, following: bool) -> None:
        self.listed.follow(following=following)
        self._redraw()
        self.show_all()

    def action_sort(self) -> None:
        """Sort by the next order."""
        if not self._open:
            self._sort_by(following(self.listed.order))

    def _sort_by(self, order: Order) -> None:
        self.listed.sort(order)
        self._redraw()
        self.table.action_edge(-1)
        self.show_all()

    def action_find(self) -> None:
        """Filter the traces."""
        if not self._open:
            super().action_find()

    def narrow(self, test: Test | None) -> None:
        """Show only traces with a call that passes."""
        self.listed.narrow(test)
        self._redraw()
