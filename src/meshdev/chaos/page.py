"""A report as one HTML page that needs nothing else: no script, no font, no address. Pure."""

import time
from collections.abc import Iterable, Sequence

from meshdev.chaos.markup import Markup, joined, tag
from meshdev.chaos.page_graph import blast_graph
from meshdev.chaos.page_lines import time_lines
from meshdev.chaos.page_style import STYLE
from meshdev.chaos.report import ExperimentReport, HarmReport, LoadReport, Verdict
from meshdev.chaos.words import share_failed, took

_GOOD = (Verdict.HOLDS,)


def page_of(report: ExperimentReport) -> str:
    """The document."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", f"{report.name}: {report.verdict}"),
        tag("style", Markup(STYLE)),
    )
    body = tag(
        "body",
        _header(report),
        _section("What was looked at", _checks(report)),
        _section("What was done", _actions(report)),
        _section("Blast radius", _blast(report)),
        _section("Time lines", _series(report)) if report.series else None,
        _section("Load", _load(report.load)) if report.load else None,
        tag("footer", f"meshdev chaos run {report.name}, system {report.system}"),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(report: ExperimentReport) -> Markup:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(report.started))
    facts = [
        ("begun", when),
        ("took", f"{report.duration:.1f} s"),
        ("broke", "never" if report.broke is None else f"{report.broke:.1f} s after the beginning"),
        ("recovered", "-" if report.recovery is None else f"{report.recovery:.1f} s after the end"),
        ("expected", f"within {report.recovery_expected:g} s"),
    ]
    return tag(
        "header",
        tag(
            "h1",
            report.name,
            " ",
            tag("span", report.verdict.value, class_="good" if report.verdict in _GOOD else "wrong"),
        ),
        tag("p", report.hypothesis, class_="hypothesis"),
        tag("p", report.summary),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts)),
        *(tag("p", note, class_="note") for note in report.notes),
    )


def _section(title: str, *content: object) -> Markup:
    return tag("section", tag("h2", title), *content)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", head) for head in heads))),
            tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)),
        ),
        class_="wide",
    )


def _mark(*, good: bool) -> Markup:
    return tag("span", "holds" if good else "broke", class_="good" if good else "wrong")


def _checks(report: ExperimentReport) -> Markup:
    rows = [
        (it.phase, it.check, _mark(good=it.holds), it.detail, f"{it.bad} of {it.moments}")
        for it in report.checks
    ]
    return _table(("phase", "steady state", "", "seen", "bad moments"), rows)


def _actions(report: ExperimentReport) -> Markup:
    rows = [
        (
            f"{it.at:.1f} s",
            "" if it.until is None else f"{it.until:.1f} s",
            it.words,
            "" if it.hits is None else it.hits,
            ", ".join((*it.edges, *it.services)),
            it.error,
        )
        for it in report.actions
    ]
    return _table(("from", "to", "what", "hits", "where", "trouble"), rows) if rows else tag("p", "nothing")


def _blast(report: ExperimentReport) -> Markup:
    errors = report.errors
    counted = (
        f"Failed calls meanwhile: {errors.injected} injected, {errors.knock_on} in the trace of an injected fault, "
        f"{errors.organic} organic."
    )
    legend = tag(
        "p",
        tag("span", "struck", class_="key struck"),
        " faults acted here  ",
        tag("span", "hurt", class_="key hurt"),
        " became worse",
        class_="legend",
    )
    if report.blast is None:
        return joined([tag("p", "It did not come to that."), tag("p", counted)])
    names = ", ".join(report.blast.services) or "nobody else"
    rows = [_harm(it) for it in report.blast.edges] + [_harm(it) for it in report.blast.routes]
    heads = ("edge", "route", "worse", "errors", "p50", "p99", "calls/s")
    return joined(
        [
            tag("p", f"Hurt: {names}. ", counted),
            tag("div", blast_graph(report), class_="wide"),
            legend,
            _table(heads, rows),
        ]
    )


def _harm(it: HarmReport) -> tuple[object, ...]:
    why = f"{it.why} (struck)" if it.why and it.struck else it.why
    before, meanwhile = it.before, it.meanwhile
    return (
        it.edge,
        it.route,
        tag("span", why, class_="wrong") if why else "",
        f"{share_failed(before)} → {share_failed(meanwhile)}",
        f"{took(before.p50_ms)} → {took(meanwhile.p50_ms)}",
        f"{took(before.p99_ms)} → {took(meanwhile.p99_ms)}",
        f"{before.rps:g} → {meanwhile.rps:g}",
    )


def _series(report: ExperimentReport) -> Markup:
    return joined(
        tag("article", tag("h3", series.edge), time_lines(report, series)) for series in report.series
    )


def _load(load: LoadReport) -> Markup:
    parts = [load, *(load.by_request if len(load.by_request) > 1 else [])]
    rows = [
        (
            it.name,
            it.requests,
            it.failures,
            f"{it.rps:g}",
            took(it.p50_ms),
            took(it.p90_ms),
            took(it.p99_ms),
            took(it.max_ms),
            took(it.lag_p99_ms),
        )
        for it in parts
    ]
    heads = ("requests", "sent", "failed", "a second", "p50", "p90", "p99", "max", "lag p99")
    told = "Latencies count from when a request was due, not from when it was sent."
    return joined([tag("p", told), _table(heads, rows)])
