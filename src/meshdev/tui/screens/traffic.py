"""The Traffic screen: single calls over the edges as they end, with their details, and two of them side by side."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from meshdev.errors import MeshdevError
from meshdev.recording.calls import guessed
from meshdev.tui import units
from meshdev.tui.cells import clean, wrap_words
from meshdev.tui.flow_cells import COLUMNS, edge_of, moment, row_of
from meshdev.tui.flow_facts import diff_of
from meshdev.tui.flow_list import CallOrder, FlowList
from meshdev.tui.flows import Flows, Test
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.traffic import TRAFFIC_KEYS
from meshdev.tui.model import Row
from meshdev.tui.orders import following
from meshdev.tui.recordings.compared import compared
from meshdev.tui.recordings.opened import Opened
from meshdev.tui.recordings.wholes import ASKING, Whole
from meshdev.tui.screens.base import side_by_side
from meshdev.tui.screens.calls import CallsScreen
from meshdev.tui.screens.recordings import RecordingsPanel
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.flow_table import FlowTable
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.wire.control import ExchangeView

_ORDER_COLUMNS = {
    CallOrder.SLOWEST: "ms",
    CallOrder.FAILED: "status",
    CallOrder.LARGEST: "size",
    CallOrder.EDGE: "name",
}
_COLUMN_ORDERS = {column: order for order, column in _ORDER_COLUMNS.items()}


class TrafficScreen(CallsScreen):
    """See the module."""

    MODE = "traffic"
    VIEW = "Calls"
    HINT = "callee=orders status=5xx ms>100 path~/pay error; !term excludes"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TRAFFIC_KEYS)]

    def __init__(self) -> None:
        super().__init__()
        self._list: FlowList | None = None
        self._marked: ExchangeView | None = None
        self._make: Callable[[ExchangeView], Row] = row_of
        self._made_for: int | None = None
        self._diff = False
        self._shown: tuple[object, ...] = ()
        self._opened: Opened | None = None

    @property
    def flows(self) -> Flows:
        """The calls that pass, or those of the recording that is open."""
        return self.dashboard.traffic.flows if self._opened is None else self._opened.flows

    def whole_of(self, call: ExchangeView) -> Whole | None:
        """Of a recorded call everything is there."""
        return super().whole_of(call) if self._opened is None else self._opened.whole(call)

    def wanted_whole(self) -> Sequence[ExchangeView]:
        """The call, and the one that it is compared with."""
        marked = [self._marked] if self._diff and self._marked is not None else []
        return [*super().wanted_whole(), *marked]

    def compose_list(self) -> ComposeResult:
        """The calls."""
        yield FlowTable(COLUMNS, id="calls")

    @property
    def table(self) -> FlowTable:
        """The calls."""
        return self.query_one("#calls", FlowTable)

    @property
    def front(self) -> FlowTable:
        """The calls."""
        return self.table

    @property
    def call(self) -> ExchangeView | None:
        """The call under the cursor."""
        return self.table.call

    @property
    def listed(self) -> FlowList:
        """Which calls are shown."""
        if self._list is None:
            self._list = FlowList(self.flows)
        return self._list

    # --- drawing ----------------------------------------------------------------------------------

    def take_in(self) -> None:
        """Show what has come."""
        listed = self.listed
        fresh = listed.refresh()
        empty = self._empty()
        state = (len(listed.calls), fresh[-1].seq if fresh else 0, listed.following, empty)
        if fresh or state != self._shown:
            self._redraw(fresh)
        self._shown = state

    def _redraw(self, fresh: Sequence[ExchangeView]) -> None:
        marked = self._marked.seq if self._marked is not None else None
        if marked != self._made_for:
            self._make = partial(row_of) if marked is None else partial(_row, marked)
            self._made_for = marked
        listed = self.listed
        self.table.show_calls(
            listed.calls,
            self._make,
            fresh=fresh,
            following=listed.following,
            empty=self._empty(),
            sorted_by=_ORDER_COLUMNS.get(listed.order, ""),
        )

    def _empty(self) -> str:
        if self._wanted and len(self.flows):
            return f"None of {units.plural(len(self.flows), 'call')} matches.\nEsc clears the filter."
        if self._opened is not None:
            return f"{self._opened.name} has no calls.\nEsc leads back to what passes now."
        return self.nothing("No call has been seen yet.")

    def head(self) -> Sequence[Span]:
        """How many are shown, of how many."""
        shown, kept = len(self.listed.calls), len(self.flows)
        if self._opened is not None:
            name = Span(f"◉ {clean(self._opened.name)}  ", Tone.ACCENT)
            of = f"{units.count(shown)} of " if self.filtered else ""
            return [name, Span(f"{of}{units.plural(kept, 'call')}", Tone.MUTED)]
        if self.filtered:
            return [Span(f"{units.count(shown)} of {units.plural(kept, 'call')}", Tone.MUTED)]
        return [Span(units.plural(kept, "call"), Tone.MUTED)] if kept else []

    def status(self) -> Sequence[Span]:
        """Filter, order, what is missing, whether it follows."""
        listed, lost, marked = self.listed, self.flows.lost, self._marked
        waiting = f" +{units.count(listed.waiting)}" if listed.waiting else ""
        sorted_by = "" if listed.order is CallOrder.ENDED else str(listed.order)
        return side_by_side(
            [
                self.filter_words(),
                [Span("◆ ", Tone.ACCENT), Span(edge_of(marked), Tone.MUTED)] if marked is not None else [],
                [Span(sorted_by, Tone.MUTED)] if sorted_by else [],
                [Span(f"{units.count(lost)} skipped", Tone.WARN)] if lost else [],
                self._flow_words(waiting),
            ]
        )

    def _flow_words(self, waiting: str) -> list[Span]:
        if self._opened is not None:
            return [
                Span("recorded ", Tone.MUTED),
                Span(moment(self._opened.recording.meta.created)[:8], Tone.MUTED),
            ]
        if self.listed.following:
            return [Span("following", Tone.OK)]
        return [Span(f"paused{waiting}", Tone.WARN)]

    def detail_lines(self, width: int) -> Sequence[Sequence[Span]]:
        """One call, or two side by side."""
        call = self.call
        if self._diff and self._marked is not None and call is not None:
            return [*diff_of(self._marked, call, width), *self._whole_diff(self._marked, call, width)]
        return super().detail_lines(width)

    def _whole_diff(self, marked: ExchangeView, call: ExchangeView, width: int) -> Sequence[Sequence[Span]]:
        left, right = self.whole_of(marked), self.whole_of(call)
        if left is None or right is None or ASKING in (left, right):
            return [[], [Span("  ◌ asking for headers and bodies …", Tone.MUTED)]]
        if left.exchange is None or right.exchange is None:
            words = left.words or right.words
            return [[], *([Span(f"  {part}", Tone.MUTED)] for part in wrap_words(clean(words), width - 2))]
        return compared(left.exchange, right.exchange, width, left.decode or guessed)

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        useless = {"back"} if self._opened is None else {"follow"}
        if not self.has_class("-details"):
            useless.add("zoom")
        if not self.is_attached or self.call is None:
            useless |= {"details", "trace", "lines", "mark", "diff", "copy", "copy_httpx", "copy_trace"}
        if self._marked is None:
            useless.add("diff")
        if self._undo() is not None:
            useless.discard("back")
        return [key for key in TRAFFIC_KEYS if key.name not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        if self.has_class("-details"):
            self.show_around()

    @on(LiveTable.Chosen)
    def _chosen(self) -> None:
        self.action_details()

    @on(LiveTable.HeaderClicked)
    def _header_clicked(self, event: LiveTable.HeaderClicked) -> None:
        order = _COLUMN_ORDERS.get(event.column, CallOrder.ENDED)
        self._sort_by(CallOrder.ENDED if order is self.listed.order else order)

    @on(FlowTable.Held)
    def _held(self) -> None:
        self._follow(following=False)

    @on(FlowTable.LetGo)
    def _let_go(self) -> None:
        if self._opened is None:
            self._follow(following=not self.has_class("-details"))

    def _follow(self, *, following: bool) -> None:
        self.listed.follow(following=following)
        self._redraw([])
        self.show_all()

    # --- actions ----------------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Pause the list, or follow the newest call."""
        if self._opened is not None:
            return
        self._follow(following=not self.listed.following)

    def action_details(self) -> None:
        """Show what is known of the call, or only the list again."""
        shown = not self.has_class("-details") or self._diff
        self._drop_diff()
        if shown and self.listed.following:
            self._follow(following=False)
        self.open_details(shown=shown)

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._sort_by(following(self.listed.order))

    def _sort_by(self, order: CallOrder) -> None:
        """Sort, and go to where the list begins; with the details open it stands still there."""
        self.listed.sort(order)
        self._redraw([])
        self.table.to_front()
        self._follow(following=self._opened is None and not self.has_class("-details"))

    def narrow(self, test: Test | None) -> None:
        """Show only what passes."""
        self.listed.narrow(test)
        self._redraw(self.listed.calls)

    def action_mark(self) -> None:
        """Mark the call, or take the mark away."""
        if self.listed.following:
            self._follow(following=False)
        call = self.call
        again = call is not None and self._marked is not None and call.seq == self._marked.seq
        self._mark(None if again else call)

    def _mark(self, call: ExchangeView | None) -> None:
        self._marked = call
        if call is None:
            self._drop_diff()
        self._redraw([])
        self.show_all()

    def action_diff(self) -> None:
        """Compare the marked call with this one, or stop."""
        if self._marked is None:
            self.dashboard.say(
                "mark a call with Space first, then D on another compares them", level="warning"
            )
            return
        self._diff = not self._diff
        self.set_class(self._diff, "-diff")
        if self.listed.following:
            self._follow(following=False)
        self.open_details(shown=self._diff)

    def _undo(self) -> Callable[[], None] | None:
        """What Escape does now."""
        if self.is_attached and self.focused is self.details:
            return partial(self.set_focus, self.table)
        if self.has_class("-details"):
            return self._close_details
        if self._marked is not None:
            return partial(self._mark, None)
        if self._opened is not None:
            return partial(self.filter, "") if self._wanted else self.show_live
        if not self.listed.following:
            return partial(self._follow, following=True)
        return partial(self.filter, "") if self._wanted else None

    def _close_details(self) -> None:
        self._drop_diff()
        self.open_details(shown=False)

    # --- recordings -----------------------------------------------------------------------------------

    def action_record(self) -> None:
        """Stop what is being recorded, or ask what to record."""
        desk = self.dashboard.recordings
        if not desk.active:
            call = self.call
            desk.ask_what(f"{call.caller} -> {call.callee}" if call is not None else "")
        elif len(desk.active) == 1:
            desk.stop(desk.active[0].name)
        else:
            self.dashboard.say(f"{len(desk.active)} are being recorded: R on one stops it", level="warning")
            self.action_recordings()

    def action_keep(self) -> None:
        """Save what passed in the last minutes."""
        self.dashboard.recordings.save_last()

    def action_recordings(self) -> None:
        """Show the recordings."""
        at = self._opened.name if self._opened is not None else ""

        def chosen(name: str | None) -> None:
            if name:
                self.show_recording(name)

        self.dashboard.push_screen(RecordingsPanel(self.dashboard.recordings, at), chosen)

    def show_recording(self, name: str) -> None:
        """Show the calls of a recording."""

        async def work() -> None:
            try:
                recording = await self.dashboard.recordings.open(name)
            except MeshdevError as error:
                self.dashboard.complain(error, f"open {name}")
                return
            self._turn_to(Opened.of(recording))
            if recording.notes:
                self.dashboard.say(f"{name}: {recording.notes[0]}", level="warning")

        self.dashboard.begin(work)

    def show_live(self) -> None:
        """Show the calls that pass again."""
        self._turn_to(None)

    def _turn_to(self, opened: Opened | None) -> None:
        self._close_details()
        self._opened, self._marked, self._list = opened, None, None
        self._make, self._made_for = partial(row_of), None
        if opened is not None:
            self.listed.follow(following=False)
        self.filter("")
        self.listed.narrow(None)
        self._redraw([])
        if self.listed.calls:
            self.table.action_edge(-1 if opened is not None else 1)
        self.show_all()

    def action_zoom(self) -> None:
        """Only the details, or both."""
        zoomed = self.has_class("-details") and not self.has_class("-zoomed")
        self.set_class(zoomed, "-zoomed")
        self.set_focus(self.details if zoomed else self.table)
        self.call_after_refresh(self.show_around)

    def _drop_diff(self) -> None:
        self._diff = False
        self.remove_class("-diff")

    def action_back(self) -> None:
        """Undo one thing."""
        undo = self._undo()
        if undo is not None:
            undo()
            self.show_all()


def _row(marked: int, call: ExchangeView) -> Row:
    return row_of(call, marked=call.seq == marked)
