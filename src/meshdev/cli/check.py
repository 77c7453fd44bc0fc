"""``meshdev check``: everything that is wrong with the topology, and what is probably not meant."""

import os
import sys
import time
from collections.abc import Sequence

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.diagnosis_names import names_that_cannot_be
from meshdev.errors import Problem, TopologyError
from meshdev.topology.lint import DEEPEST, Finding, Severity, lint
from meshdev.topology.load import load
from meshdev.topology.model import Kind, System

_FAULTY = TopologyError.exit_code


@click.command()
@options.file_option()
@click.option(
    "-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="May be given several times."
)
@click.option(
    "--deepest", default=DEEPEST, show_default=True, metavar="N", help="The longest chain of calls."
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@options.json_option()
def command(
    *, file: tuple[str, ...], profiles: tuple[str, ...], deepest: int, strict: bool, as_json: bool
) -> int:
    """Check the topology file: errors (exit code 2), and warnings about its architecture."""
    try:
        project = options.here(file)
        system = load(
            project.file, profiles=profiles or None, environ=os.environ, overrides=project.overrides
        )
    except TopologyError as error:
        if not as_json or not error.problems:
            raise
        _print_json([_problem(problem) for problem in error.problems])
        return _FAULTY
    findings = lint(system, environ=os.environ, deepest=deepest, now=time.time())
    findings = tuple(sorted((*findings, *names_that_cannot_be(system))))
    failed = any(finding.severity is Severity.ERROR or strict for finding in findings)
    if as_json:
        _print_json([_finding(finding) for finding in findings])
    else:
        _print(system, findings)
    return _FAULTY if failed else 0


def _print(system: System, findings: Sequence[Finding]) -> None:
    colour = terminal.colour_on(sys.stdout)
    for finding in findings:
        click.echo(_coloured(finding) if colour else str(finding))
    counts = {kind: sum(node.kind is kind for node in system.services.values()) for kind in Kind}
    counts[Kind.DATABASE] += len(system.embedded)
    parts = [_many(count, kind) for kind, count in counts.items() if count]
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    outcome = (
        f"{_many(errors, 'error')}, {_many(len(findings) - errors, 'warning')}" if findings else "no findings"
    )
    profiles = f" (profiles: {', '.join(system.profiles)})" if system.profiles else ""
    click.echo(f"{system.name}{profiles}: {', '.join(parts) or 'nothing'}; {outcome}")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _coloured(finding: Finding) -> str:
    tone = "red" if finding.severity is Severity.ERROR else "yellow"
    word = f"{finding.severity}:"
    return str(finding).replace(word, click.style(word, fg=tone), 1)


def _print_json(problems: list[dict[str, object]]) -> None:
    answer = {"ok": not any(problem["severity"] == "error" for problem in problems), "problems": problems}
    click.echo(msgspec.json.format(msgspec.json.encode(answer)))


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "severity": "error",
        "code": "invalid",
        "message": problem.message,
        "hint": problem.hint,
    }


def _finding(finding: Finding) -> dict[str, object]:
    found = _problem(Problem(finding.where, finding.message, finding.hint))
    return {**found, "severity": finding.severity.value, "code": finding.code}
