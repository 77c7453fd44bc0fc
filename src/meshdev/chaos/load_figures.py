"""Figures of a load: percentiles over what was meant to be sent, and the generator's own lag. Pure."""

from collections import Counter
from collections.abc import Sequence

from meshdev.chaos.report import LoadReport
from meshdev.chaos.samples import percentile
from meshdev.chaos.shot import Shot


def load_report(name: str, shots: Sequence[Shot], seconds: float) -> LoadReport:
    """The figures of ``shots``, which were meant to be sent within so many seconds, and those of each sort."""
    sorts = dict.fromkeys(shot.request for shot in shots)
    return _figures(
        name,
        shots,
        seconds,
        [_figures(sort, [shot for shot in shots if shot.request == sort], seconds, []) for sort in sorts],
    )


def _figures(name: str, shots: Sequence[Shot], seconds: float, parts: list[LoadReport]) -> LoadReport:
    sent = [shot for shot in shots if not shot.error.startswith("not sent")]
    latencies = sorted(shot.latency for shot in sent)
    lags = sorted(shot.lag for shot in sent)
    return LoadReport(
        name=name,
        requests=len(shots),
        failures=sum(shot.failed for shot in shots),
        rps=round(len(shots) / seconds, 2) if seconds > 0 else 0.0,
        p50_ms=_ms(percentile(latencies, 0.5)),
        p90_ms=_ms(percentile(latencies, 0.9)),
        p99_ms=_ms(percentile(latencies, 0.99)),
        max_ms=_ms(latencies[-1] if latencies else None),
        lag_p99_ms=_ms(percentile(lags, 0.99)),
        lag_max_ms=_ms(lags[-1] if lags else None),
        statuses=dict(Counter(str(shot.status) for shot in sent if shot.status)),
        errors=dict(Counter(shot.error for shot in shots if shot.error)),
        by_request=parts,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
