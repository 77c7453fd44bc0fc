"""A service's golden signals, from the edges into it, and how they are drawn in a cell or two. Pure.

Rates add up over the callers. A percentile cannot be added: p99 is the slowest caller's, p50 is weighted by the rates
of the callers. Edges that are not read as HTTP count connections, which are no requests: they are left out here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from meshdev.tui import units
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import CONNECTIONS, LATENCY_BOUNDS_MS, EdgeSignalsView

SPARKS = 10
"""Cells of a sparkline: a minute."""

HEAT_CELLS = len(LATENCY_BOUNDS_MS) + 1
HEAT_TITLE = "1ms  50ms  10s"
"""The scale of the heat strip; each cell is one of `LATENCY_BOUNDS_MS`, the last one what took longer."""

_MINUTE = 60
_MANY_ERRORS = 0.01
_LEVELS = "▂▃▄▅▆"  # no full block: rows must not grow together
_NOTHING = "▁"
_SHADES = "░▒▓█"
_SLOW_MS, _VERY_SLOW_MS = 250.0, 1000.0
_LITTLE, _SOME, _MUCH = 0.05, 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Golden:
    """What comes into a service: requests and failed ones a second, percentiles in milliseconds, the last minute.

    ``buckets`` counts requests by `LATENCY_BOUNDS_MS`, not cumulated, the last one what took longer.
    """

    rps: float = 0.0
    eps: float = 0.0
    requests: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    series: tuple[int, ...] = ()
    error_series: tuple[int, ...] = ()
    buckets: tuple[int, ...] = ()

    @property
    def error_share(self) -> float:
        """0 to 1."""
        return min(1.0, self.eps / self.rps) if self.rps else 0.0


def golden_of(signals: Iterable[EdgeSignalsView]) -> dict[str, Golden]:
    """The golden signals of every service that was called."""
    into: dict[str, list[EdgeSignalsView]] = {}
    for edge in signals:
        if edge.observed and edge.unit != CONNECTIONS:
            into.setdefault(edge.callee, []).append(edge)
    return {callee: _together(edges) for callee, edges in into.items()}


def _together(edges: Sequence[EdgeSignalsView]) -> Golden:
    live = [edge for edge in edges if edge.rps] or edges
    halves = [(edge.p50_ms, edge.rps or 1.0) for edge in live if edge.p50_ms is not None]
    weight = sum(share for _, share in halves)
    return Golden(
        rps=sum(edge.rps for edge in edges),
        eps=sum(edge.eps for edge in edges),
        requests=sum(edge.requests for edge in edges),
        p50_ms=sum(half * share for half, share in halves) / weight if weight else None,
        p99_ms=max((edge.p99_ms for edge in live if edge.p99_ms is not None), default=None),
        series=_added(edge.series for edge in edges),
        error_series=_added(edge.error_series for edge in edges),
        buckets=_added_from_left(_parted(edge.latency_buckets) for edge in edges),
    )


def _added(series: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """The sum of series that end now, whatever their lengths."""
    return tuple(_added_from_left([*reversed(each)] for each in series))[::-1]


def _added_from_left(series: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(each) for each in zip_longest(*series, fillvalue=0))


def _parted(cumulated: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise((0, *cumulated))]


def error_tone(share: float) -> Tone:
    """How loud a share of errors is."""
    return Tone.MUTED if share <= 0 else Tone.WARN if share < _MANY_ERRORS else Tone.ALERT


def spark(golden: Golden, now: float, cells: int = SPARKS) -> tuple[Span, ...]:
    """The last minute's requests as columns, the newest at the right; one with failed requests is in a bad tone.

    Columns hold whole steps of the clock, so that they wander to the left instead of flickering.
    """
    if not any(golden.series):
        return ()
    step = _MINUTE // cells
    newest = int(now) % step + 1
    rates = _steps(golden.series, newest, step, cells)
    failed = _steps(golden.error_series, newest, step, cells)
    most = max(rates)
    spans: list[Span] = []
    for rate, failures in zip(rates, failed, strict=True):
        level = _NOTHING if not rate else _LEVELS[min(len(_LEVELS) - 1, int(rate / most * len(_LEVELS)))]
        tone = Tone.BAD if failures else Tone.BUSY if rate else Tone.FAINT
        if spans and spans[-1].tone is tone:
            spans[-1] = Span(spans[-1].text + level, tone)
        else:
            spans.append(Span(level, tone))
    return tuple(spans)


def _steps(series: Sequence[int], newest: int, step: int, cells: int) -> list[float]:
    """Means over steps of the series, the last one over its ``newest`` samples only."""
    means: list[float] = []
    end = len(series)
    size = newest
    while len(means) < cells:
        part = series[max(0, end - size) : max(0, end)]
        means.append(sum(part) / len(part) if part else 0.0)
        end -= size
        size = step
    return means[::-1]


def heat(buckets: Sequence[int]) -> tuple[Span, ...]:
    """Where the latencies lie, on the scale of `HEAT_TITLE`: the darker, the more requests."""
    total = sum(buckets)
    if total <= 0:
        return ()
    spans = []
    for number in range(HEAT_CELLS):
        count = buckets[number] if number < len(buckets) else 0
        bound = LATENCY_BOUNDS_MS[number] if number < len(LATENCY_BOUNDS_MS) else float("inf")
        spans.append(Span(_shade(count / total), _speed(bound)))
    return tuple(spans)


def _shade(share: float) -> str:
    if share <= 0:
        return " "
    return _SHADES[(share > _LITTLE) + (share > _SOME) + (share > _MUCH)]


def _speed(bound: float) -> Tone:
    return Tone.OK if bound <= _SLOW_MS else Tone.WARN if bound <= _VERY_SLOW_MS else Tone.BAD


class Recent:
    """What the buckets have gained lately: their counts go on since the daemon started, but an hour ago is not now."""

    def __init__(self, span: float = 60.0, samples: int = 6) -> None:
        self._step = span / samples
        self._samples = samples
        self._taken: list[tuple[float, Mapping[str, tuple[int, ...]]]] = []

    def gained(self, golden: Mapping[str, Golden], now: float) -> dict[str, tuple[int, ...]]:
        """By service; what was all there from the beginning counts until there is something to compare it with."""
        if self._taken and any(
            sum(each.buckets) < sum(self._taken[-1][1].get(name, ())) for name, each in golden.items()
        ):
            self._taken.clear()  # another run
        if not self._taken or now - self._taken[-1][0] >= self._step:
            self._taken = [
                *self._taken[-self._samples :],
                (now, {name: each.buckets for name, each in golden.items()}),
            ]
        oldest = self._taken[0][1] if len(self._taken) > 1 else {}
        gained = {}
        for name, each in golden.items():
            before = oldest.get(name, ())
            since = tuple(a - b for a, b in zip_longest(each.buckets, before, fillvalue=0))
            gained[name] = since if any(since) else each.buckets
        return gained


def latency_text(milliseconds: float | None) -> str:
    """A percentile in a cell; nothing where nothing is known."""
    return "" if milliseconds is None else units.latency(milliseconds)
