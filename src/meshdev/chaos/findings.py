"""What an exploration has found, ranked by blast radius, as values and as lines. Pure, but for the colours."""

from collections.abc import Iterable, Sequence

import click

from meshdev.chaos.report import HarmReport, Shape


class Finding(Shape, frozen=True, kw_only=True):
    """What one or two faults did: who was hurt, whether the steady state broke, how long it took to come back.

    ``error_share`` and ``slowdown_ms`` (of the median) are the worst among the edges that were not struck;
    ``recovery`` is None when it was not back in the time that was waited, ``hits`` how often the faults hit.
    """

    faults: str
    edges: list[str]
    radius: int
    services: list[str]
    broke: list[str]
    error_share: float
    slowdown_ms: float
    recovery: float | None
    hits: int
    harm: list[HarmReport]


class Exploration(Shape, frozen=True, kw_only=True):
    """All of it, the worst first; ``tried`` of ``possible`` fitted into the time."""

    system: str
    seed: int
    budget: float
    took: float
    tried: int
    possible: int
    findings: list[Finding]
    order: list[str]
    notes: list[str]


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """By how many services were hurt, then whether the steady state broke, then errors, then time."""
    return sorted(
        findings,
        key=lambda it: (-it.radius, -len(it.broke), -it.error_share, -it.slowdown_ms, it.faults),
    )


def finding_lines(exploration: Exploration) -> list[str]:
    """For people."""
    name = click.style(exploration.system, bold=True)
    tried = f"tried {exploration.tried} of {exploration.possible}"
    lines = [f"{name}: {tried}, seed {exploration.seed}, {exploration.took:.0f} s"]
    for rank, it in enumerate(exploration.findings, 1):
        if not it.radius and not it.broke:
            continue
        tone = "red" if it.broke else "yellow"
        lines.append(
            f"{rank:>3}. {click.style(it.faults, fg=tone)}: hurts {it.radius} ({', '.join(it.services)})"
        )
        back = "was not back in time" if it.recovery is None else f"was back after {it.recovery:.1f} s"
        lines.append(
            f"     at worst {it.error_share * 100:.3g} % errors, {it.slowdown_ms:.0f} ms slower, {it.hits} hits; {back}"
        )
        lines += [f"     breaks {check}" for check in it.broke]
    lines += _harmless(exploration.findings)
    lines += [click.style(f"note: {note}", fg="yellow") for note in exploration.notes]
    return lines


def _harmless(findings: Sequence[Finding]) -> list[str]:
    silent = [it.faults for it in findings if not it.radius and not it.broke and not it.hits]
    borne = [it.faults for it in findings if not it.radius and not it.broke and it.hits]
    lines = [f"  borne without harm: {'; '.join(borne)}"] if borne else []
    return lines + ([f"  hit nothing: {'; '.join(silent)}"] if silent else [])
