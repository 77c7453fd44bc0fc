"""Time lines of an edge's golden signals as SVG, with what was done to the system shaded. Pure."""

from collections.abc import Callable, Sequence

from meshdev.chaos.markup import Markup, joined, tag
from meshdev.chaos.report import ExperimentReport, SeriesReport

WIDTH, HEIGHT = 300.0, 84.0
_LEFT, _BOTTOM, _TOP = 4.0, 14.0, 14.0

Scale = Callable[[float], float]


def time_lines(report: ExperimentReport, series: SeriesReport) -> Markup:
    """Rate, errors and p99 of one edge, side by side."""
    return tag(
        "div",
        _chart(report, series, "calls a second", series.rps, "rate", ""),
        _chart(report, series, "errors", [share * 100 for share in series.errors], "bad", " %"),
        _chart(report, series, "p99", series.p99_ms, "slow", " ms"),
        class_="charts",
    )


def _chart(
    report: ExperimentReport,
    series: SeriesReport,
    title: str,
    values: Sequence[float | None],
    kind: str,
    unit: str,
) -> Markup:
    begin, end = series.at[0], series.at[-1] + 1.0
    known = [value for value in values if value is not None]
    most = max(known, default=0.0)
    top = max(most, 1.0)

    def x(at: float) -> float:
        return _LEFT + (min(max(at, begin), end) - begin) / (end - begin) * (WIDTH - 2 * _LEFT)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - value / top * (HEIGHT - _BOTTOM - _TOP)

    return tag(
        "svg",
        tag("title", f"{series.edge}: {title}, at most {_short(most)}{unit}"),
        _shades(report, x),
        tag("line", x1=_LEFT, x2=WIDTH - _LEFT, y1=y(0), y2=y(0), class_="axis"),
        joined(_strokes(series.at, values, x, y, kind)),
        tag("text", title, x=_LEFT, y=10, class_="label"),
        tag("text", f"{_short(most)}{unit}", x=WIDTH - _LEFT, y=10, class_="value"),
        tag("text", f"{begin:.0f} s", x=_LEFT, y=HEIGHT - 2, class_="label"),
        tag("text", f"{end:.0f} s", x=WIDTH - _LEFT, y=HEIGHT - 2, class_="value"),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
    )


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"  # noqa: PLR2004 -- three digits are enough before


def _shades(report: ExperimentReport, x: Scale) -> Markup:
    spans = [
        (action.at, action.until if action.until is not None else action.at, action.words)
        for action in report.actions
    ]
    shades = [
        tag(
            "rect",
            tag("title", words),
            x=f"{x(begin):.1f}",
            y=_TOP,
            width=f"{max(1.5, x(end) - x(begin)):.1f}",
            height=HEIGHT - _BOTTOM - _TOP,
            class_="fault",
        )
        for begin, end, words in spans
    ]
    if report.broke is not None:
        at = f"{x(report.broke):.1f}"
        shades.append(tag("line", x1=at, x2=at, y1=_TOP, y2=HEIGHT - _BOTTOM, class_="broke"))
    return joined(shades)


def _strokes(
    at: Sequence[float], values: Sequence[float | None], x: Scale, y: Scale, kind: str
) -> list[Markup]:
    """A polyline for each stretch without a gap."""
    strokes: list[Markup] = []
    points: list[str] = []
    for moment, value in [*zip(at, values, strict=True), (0.0, None)]:
        if value is not None:
            points.append(f"{x(moment + 0.5):.1f},{y(value):.1f}")
        elif points:
            if len(points) == 1:
                left, _, height = points[0].partition(",")
                points.append(f"{float(left) + 1.5:.1f},{height}")
            strokes.append(tag("polyline", points=" ".join(points), class_=kind))
            points = []
    return strokes
