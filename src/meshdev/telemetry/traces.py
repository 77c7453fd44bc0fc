"""Calls that belong together, as a tree: who called whom on whose behalf. Sans-IO.

All times are of one machine's clock. Calls may come in any order, some may never come, ids may be wrong.

| a call hangs below | when |
|---|---|
| the call whose span it names | its caller passes ``traceparent`` on as it came |
| the call to its caller that was under way, the latest begun | it names a span that nobody saw: its caller's own |
| the call to its caller that ended last before | the same, and none was under way: work that nobody waited for |
| the publishing of the message | a broker delivers a message of the same topic that names the same span |
| nothing: it is a root | it names none, or nothing fits; of calls that name each other in a circle, the first |

A delivery is a call to the subscriber: what that does with the message hangs below it. Calls of one caller that name
the same unseen span hang together, where the first of them does.

The *critical path* is what made the trace as long as it was: from the end of the first root backwards, always the child
that ended last before the one after it began. What a call did not spend waiting for its children is its *own* time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from meshdev.telemetry.exchange_filter import failed
from meshdev.wire.control import DELIVER, PUBLISH, ExchangeView

Interval = tuple[float, float]

OUTSIDE: Final = "outside"  # a caller that is no service
_LOOKED_BACK: Final = 64
_SLACK: Final = 0.000_01  # seconds: clocks are read one after the other


class Join(StrEnum):
    """What a call hangs below its parent by."""

    ROOT = "root"
    SPAN = "span"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Hop:
    """One call in its trace; ``waits`` are the times (epoch seconds, apart, sorted) in which a child was under way."""

    call: ExchangeView
    depth: int = 0
    join: Join = Join.ROOT
    critical: bool = False
    children: int = 0
    waits: tuple[Interval, ...] = ()

    @property
    def own_ms(self) -> float:
        """What it took without its children."""
        return max(0.0, self.call.ms - 1000.0 * sum(end - begin for begin, end in self.waits))


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace without its tree; ``root`` is the first call that hangs below nothing; epoch seconds."""

    trace: str
    root: ExchangeView
    start: float
    end: float
    spans: int
    services: int
    errors: int

    @property
    def ms(self) -> float:
        """From its first beginning to its last end."""
        return (self.end - self.start) * 1000.0


@dataclass(frozen=True, slots=True)
class Trace:
    """``hops`` are in the order of a walk: a call, then what it called, by time."""

    summary: Summary
    hops: tuple[Hop, ...]

    @property
    def roots(self) -> int:
        """More than one: something between them was not seen."""
        return sum(hop.join is Join.ROOT for hop in self.hops)

    @property
    def guessed(self) -> int:
        """Calls that hang where they do by time alone."""
        return sum(hop.join is Join.TIME for hop in self.hops)


def end_of(call: ExchangeView) -> float:
    """When a call was over."""
    return call.at + call.ms / 1000.0


def summarise(calls: Sequence[ExchangeView]) -> Summary:
    """What a list says of the trace that ``calls`` (at least one) belong to."""
    spans = {call.span for call in calls if call.span}
    roots = [call for call in calls if call.parent not in spans or call.parent == call.span]
    root = min(roots or calls, key=_order)
    return Summary(
        trace=root.trace,
        root=root,
        start=min(call.at for call in calls),
        end=max(end_of(call) for call in calls),
        spans=len(calls),
        services=len({name for call in calls for name in (call.caller, call.callee)} - {OUTSIDE}),
        errors=sum(failed(call) for call in calls),
    )


def assemble(calls: Sequence[ExchangeView]) -> Trace:
    """The tree of ``calls`` (at least one), which all have the same trace id."""
    calls = sorted(calls, key=_order)
    parents, joins = _parents(calls)
    _break_circles(parents, joins)
    children: list[list[int]] = [[] for _ in calls]
    roots = []
    for index, parent in enumerate(parents):
        if parent is None:
            roots.append(index)
        else:
            children[parent].append(index)
    critical = _critical(calls, children, roots[0])
    hops = []
    stack = [(root, 0) for root in reversed(roots)]
    while stack:
        index, depth = stack.pop()
        below = children[index]
        hops.append(
            Hop(
                call=calls[index],
                depth=depth,
                join=joins[index],
                critical=index in critical,
                children=len(below),
                waits=_waits(calls[index], [calls[child] for child in below]),
            )
        )
        stack.extend((child, depth + 1) for child in reversed(below))
    return Trace(summarise(calls), tuple(hops))


def untraced(calls: Sequence[ExchangeView], roots: Mapping[str, Sequence[ExchangeView]]) -> dict[str, int]:
    """Services of a trace that seem not to pass it on, and how many calls they made meanwhile on nobody's behalf.

    ``roots`` are all calls without a parent, by caller and by time. Who passed the trace on once is not blamed.
    """
    passed = {call.caller for call in calls if call.parent}
    found: dict[str, set[int]] = defaultdict(set)
    for call in calls:
        strays = roots.get(call.callee, ())
        if call.callee in passed or not strays:
            continue
        begin = bisect_right(strays, call.at, key=lambda stray: stray.at)
        end = bisect_right(strays, end_of(call), key=lambda stray: stray.at)
        found[call.callee].update(
            stray.seq for stray in strays[begin:end] if end_of(stray) <= end_of(call) + _SLACK
        )
    return {name: len(numbers) for name, numbers in found.items() if numbers}


def answering(root: ExchangeView, calls: Sequence[ExchangeView]) -> ExchangeView | None:
    """The call that its caller was answering when it began ``root`` without a parent, if there was one."""
    if root.parent:
        return None
    found = [
        call
        for call in calls
        if call.callee == root.caller and call.at <= root.at and end_of(root) <= end_of(call) + _SLACK
    ]
    return max(found, key=_order) if found else None


def _order(call: ExchangeView) -> tuple[float, float, int]:
    """By time; of two that began at once, the longer one holds the other."""
    return (call.at, -call.ms, call.seq)


def _parents(calls: Sequence[ExchangeView]) -> tuple[list[int | None], list[Join]]:
    by_span: dict[str, int] = {}
    to: dict[str, list[int]] = defaultdict(list)
    for index, call in enumerate(calls):
        if call.span:
            by_span.setdefault(call.span, index)
        to[call.ends[1]].append(index)
    starts = {callee: [calls[index].at for index in indices] for callee, indices in to.items()}
    parents: list[int | None] = []
    joins: list[Join] = []
    found: dict[tuple[str, str], int | None] = {}
    published: dict[tuple[str, str], int] = {}
    for index, call in enumerate(calls):
        parent = by_span.get(call.parent) if call.parent else None
        join = Join.SPAN
        if call.kind == DELIVER:
            parent = published.get((call.target, call.parent), parent)
        elif call.kind == PUBLISH:
            published[call.target, call.parent] = index
        if parent is None and call.parent and call.caller in to:
            unseen = (call.caller, call.parent)
            if unseen not in found:
                found[unseen] = _before(calls, to[call.caller], starts[call.caller], index)
            parent, join = found[unseen], Join.TIME
        if parent is None or parent == index:
            parent, join = None, Join.ROOT
        parents.append(parent)
        joins.append(join)
    return parents, joins


def _before(
    calls: Sequence[ExchangeView], indices: Sequence[int], starts: Sequence[float], index: int
) -> int | None:
    """The call among ``indices`` that was under way when the one at ``index`` began, or ended last before."""
    at = calls[index].at
    last = bisect_right(starts, at)
    ended: int | None = None
    for candidate in reversed(indices[max(0, last - _LOOKED_BACK) : last]):
        if candidate >= index:
            continue
        if end_of(calls[candidate]) + _SLACK >= at:
            return candidate
        if ended is None or end_of(calls[candidate]) > end_of(calls[ended]):
            ended = candidate
    return ended


def _break_circles(parents: list[int | None], joins: list[Join]) -> None:
    """Make the first call of each circle a root."""
    done: set[int] = set()
    for start in range(len(parents)):
        path: dict[int, None] = {}
        index: int | None = start
        while index is not None and index not in done and index not in path:
            path[index] = None
            index = parents[index]
        if index is not None and index in path:
            way = list(path)
            first = min(way[way.index(index) :])
            parents[first] = None
            joins[first] = Join.ROOT
        done.update(path)


def _critical(calls: Sequence[ExchangeView], children: Sequence[Sequence[int]], root: int) -> set[int]:
    """The indices of the calls on the critical path from ``root`` on."""
    critical = {root}
    stack = [root]
    while stack:
        index = stack.pop()
        until = end_of(calls[index])
        ends = {
            child: min(end_of(calls[child]), until) for child in children[index] if calls[child].at < until
        }
        for child in sorted(ends, key=lambda child: (ends[child], -calls[child].at), reverse=True):
            if ends[child] <= until + _SLACK:
                critical.add(child)
                stack.append(child)
                until = calls[child].at
    return critical


def _waits(call: ExchangeView, children: Sequence[ExchangeView]) -> tuple[Interval, ...]:
    """When ``children`` (sorted by time) were under way within ``call``."""
    merged: list[Interval] = []
    for child in children:
        begin, end = max(child.at, call.at), min(end_of(child), end_of(call))
        if end <= begin:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)
