"""``meshdev doctor``: what this machine offers and lacks."""

import sys

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.diagnosis import Finding, Verdict

_MARKS = {
    Verdict.OK: ("✓", "+", "green"),
    Verdict.WARN: ("!", "!", "yellow"),
    Verdict.FAIL: ("✕", "x", "red"),
}


@click.command()
@options.json_option()
def command(*, as_json: bool) -> int:
    """Tell what this machine offers and lacks, what is lost by it, and the way out.

    Exits with 1 when something is missing that meshdev cannot do without.
    """
    findings = examine()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings)))
    else:
        for line in render(findings, unicode=terminal.unicode_on(sys.stdout)):
            click.echo(line)
    return 1 if any(finding.verdict is Verdict.FAIL for finding in findings) else 0


def examine() -> list[Finding]:
    """All checks."""
    from meshdev.cli import diagnosis, diagnosis_here

    machine = [check() for check in diagnosis.MACHINE]
    return [
        *machine,
        diagnosis_here.terminal(),
        diagnosis_here.encoding(),
        *diagnosis_here.project_findings(),
    ]


def render(findings: list[Finding], *, unicode: bool) -> list[str]:
    """A line for each check, and under it what is lost and the way out."""
    width = max((len(finding.check) for finding in findings), default=0)
    lines = []
    for finding in findings:
        mark, plain, colour = _MARKS[finding.verdict]
        shown = click.style(mark if unicode else plain, fg=colour, bold=True)
        lines.append(f"{shown} {finding.check.ljust(width)}  {finding.found}")
        indent = " " * (width + 4)
        if finding.lost:
            lines.append(f"{indent}{finding.lost}")
        if finding.way_out:
            lines.append(f"{indent}{click.style('way out:', bold=True)} {finding.way_out}")
    return lines
