"""A report as lines for people. Pure, but for the colours."""

from collections.abc import Iterator

import click

from meshdev.chaos.report import ExperimentReport, LoadReport, SignalsReport, Verdict
from meshdev.chaos.words import share_failed, took

_TONES = {Verdict.HOLDS: "green", Verdict.INTERRUPTED: "yellow"}


def report_lines(report: ExperimentReport) -> list[str]:
    """All of it."""
    return list(_lines(report))


def _lines(report: ExperimentReport) -> Iterator[str]:
    tone = _TONES.get(report.verdict, "red")
    yield f"{click.style(report.name, bold=True)}: {click.style(report.verdict.upper(), fg=tone, bold=True)}"
    if report.hypothesis:
        yield f"  hypothesis   {report.hypothesis}"
    yield f"  outcome      {report.summary}"
    if report.broke is not None:
        yield f"  broke        {report.broke:.1f} s after the beginning"
    if report.recovery is not None:
        yield f"  recovered    {report.recovery:.1f} s after the end (expected: within {report.recovery_expected:g} s)"
    for check in report.checks:
        mark = click.style("ok ", fg="green") if check.holds else click.style("bad", fg="red")
        often = f", at {check.bad} of {check.moments} moments" if check.bad else ""
        yield f"  {check.phase:<10} {mark} {check.check} ({check.detail}{often})"
    for action in report.actions:
        until = "" if action.until is None else f"-{action.until:.1f}"
        hits = "" if action.hits is None or not action.edges else f", {action.hits} hits"
        failed = f", FAILED: {action.error}" if action.error else ""
        yield f"  done       {action.at:.1f}{until} s  {action.words}{hits}{failed}"
    yield from _blast_lines(report)
    errors = report.errors
    if errors.injected or errors.knock_on or errors.organic:
        yield (
            f"  errors     {errors.injected} injected, {errors.knock_on} knock-on, {errors.organic} organic"
        )
    if report.load is not None:
        yield from _load_lines(report.load)
    for note in report.notes:
        yield click.style(f"  note       {note}", fg="yellow")


def _blast_lines(report: ExperimentReport) -> Iterator[str]:
    blast = report.blast
    if blast is None:
        return
    hurt = (
        f"{blast.radius} hurt: {', '.join(blast.services)}" if blast.services else "nobody else became worse"
    )
    yield f"  blast      {hurt}"
    for harm in blast.edges:
        if harm.why:
            struck = " (struck)" if harm.struck else ""
            yield f"    {harm.edge}{struck}: {harm.why}; {_change(harm.before, harm.meanwhile)}"
    for harm in blast.routes:
        yield f"      {harm.edge} {harm.route}: {harm.why}; {_change(harm.before, harm.meanwhile)}"


def _change(before: SignalsReport, meanwhile: SignalsReport) -> str:
    return (
        f"errors {share_failed(before)} → {share_failed(meanwhile)}, "
        f"p50 {took(before.p50_ms)} → {took(meanwhile.p50_ms)}, p99 {took(before.p99_ms)} → {took(meanwhile.p99_ms)}"
    )


def _load_lines(load: LoadReport) -> Iterator[str]:
    yield (
        f"  load       {load.requests} requests, {load.rps:g}/s, {load.failures} failed; p50 {took(load.p50_ms)}, "
        f"p90 {took(load.p90_ms)}, p99 {took(load.p99_ms)}, max {took(load.max_ms)}; lag p99 {took(load.lag_p99_ms)}"
    )
    if len(load.by_request) > 1:
        for part in load.by_request:
            yield f"    {part.name}: {part.requests}, {part.failures} failed, p99 {took(part.p99_ms)}"
    for error, number in load.errors.items():
        yield f"    {number} times {error}"
