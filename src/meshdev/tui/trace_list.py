"""The list of traces: which are shown, in which order, each as a line. Pure.

A trace passes a filter when one of its calls does. At most `MOST` are shown; of more, the first in the order.
"""

from collections.abc import Callable
from enum import StrEnum
from heapq import nlargest

from meshdev.telemetry.traces import Summary, summarise
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.flow_cells import SHORT_ID, bar_of, edge_of, pace_of, request_of, status_of
from meshdev.tui.flows import Flows, Test
from meshdev.tui.model import Cell, Row
from meshdev.tui.tone import Tone

MOST = 500

COLUMNS: tuple[Column, ...] = (
    Column("time", "TIME", 8, 8, 70, always=True),
    Column("name", "BEGAN WITH", 22, 40, 90, always=True),
    Column("status", "STATUS", 6, 13, 100, always=True),
    Column("ms", "TOOK", 6, 6, 95, right=True, always=True),
    Column("bar", "", 6, 6, 30, extra=True),
    Column("request", "REQUEST", 16, 400, 85, flex=True),
    Column("spans", "CALLS", 6, 6, 80, right=True, always=True),
    Column("services", "SERVICES", 8, 8, 40, right=True),
    Column("errors", "FAILED", 7, 7, 75, right=True),
    Column("trace", "TRACE", 8, 8, 10, extra=True),
)


class Order(StrEnum):
    """What the list is sorted by."""

    NEWEST = "newest first"
    SLOWEST = "slowest first"
    FAILED = "most failures first"
    LARGEST = "most calls first"


ORDER_COLUMNS = {
    Order.NEWEST: "time",
    Order.SLOWEST: "ms",
    Order.FAILED: "errors",
    Order.LARGEST: "spans",
}


_WEIGHTS: dict[Order, Callable[[Summary], tuple[float, float]]] = {
    Order.NEWEST: lambda summary: (summary.start, 0.0),
    Order.SLOWEST: lambda summary: (summary.end - summary.start, summary.start),
    Order.FAILED: lambda summary: (summary.errors, summary.start),
    Order.LARGEST: lambda summary: (summary.spans, summary.start),
}


class TraceList:
    """Those traces of ``flows`` that pass a test; see the module."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._test: Test | None = None
        self._known: dict[str, Summary] = {}
        self._drawn: dict[str, tuple[Summary, Row]] = {}
        self._pending: set[str] = set(flows.traces)
        self.order = Order.NEWEST
        self.following = True
        self.rows: tuple[Row, ...] = ()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def waiting(self) -> int:
        """Traces that have come or changed while the list is held."""
        return 0 if self.following else len(self._pending)

    def refresh(self) -> bool:
        """Take in what has come; whether the rows are others now."""
        self._pending |= self._flows.touched()
        if not self.following or not self._pending:
            return False
        self._renew(self._pending)
        self._pending = set()
        self._arrange()
        return True

    def follow(self, *, following: bool) -> None:
        """Follow again, or stand still."""
        self.following = following
        self.refresh()

    def sort(self, order: Order) -> None:
        """Another order."""
        self.order = order
        self._arrange()

    def narrow(self, test: Test | None) -> None:
        """Only traces with a call that passes ``test``."""
        self._test = test
        self._known.clear()
        self._pending = set()
        self._renew(set(self._flows.traces))
        self._arrange()

    def _renew(self, traces: set[str]) -> None:
        test = self._test
        for trace in traces:
            calls = self._flows.traces.get(trace)
            if calls and (test is None or any(map(test, calls))):
                self._known[trace] = summarise(calls)
            else:
                self._known.pop(trace, None)

    def _arrange(self) -> None:
        shown = nlargest(MOST, self._known.values(), key=_WEIGHTS[self.order])
        before, self._drawn = self._drawn, {}
        for summary in shown:
            known = before.get(summary.trace)
            if known is None or known[0] is not summary:
                known = (summary, row_of(summary))
            self._drawn[summary.trace] = known
        self.rows = tuple(row for _, row in self._drawn.values())


def row_of(summary: Summary) -> Row:
    """One trace as a line of the table."""
    root = summary.root
    pace = pace_of(summary.ms)
    failures = f"✕ {units.count(summary.errors)}" if summary.errors else ""
    cells = (
        Cell(units.clock(summary.start), Tone.FAINT),
        Cell(edge_of(root), Tone.TEXT),
        status_of(root),
        Cell(units.latency(summary.ms), pace),
        Cell(bar_of(summary.ms), pace if pace is not Tone.TEXT else Tone.FAINT),
        Cell(request_of(root), Tone.TEXT),
        Cell(units.count(summary.spans), Tone.TEXT),
        Cell(units.count(summary.services), Tone.MUTED),
        Cell(failures, Tone.BAD),
        Cell(clean(summary.trace[:SHORT_ID]), Tone.FAINT),
    )
    return Row(summary.trace, cells)
