"""What a run has gathered, and what is concluded from it. Pure."""

from dataclasses import dataclass, field

from meshdev.chaos.blast import Blast, Harm, blast_of
from meshdev.chaos.judge import Evidence, Judgement, judge, recovered
from meshdev.chaos.load_figures import load_report
from meshdev.chaos.report import (
    ActionReport,
    BlastReport,
    CheckReport,
    ErrorsReport,
    ExperimentReport,
    HarmReport,
    SeriesReport,
    SignalsReport,
    Verdict,
)
from meshdev.chaos.samples import Samples, Signals, signals_of
from meshdev.chaos.shot import Shot
from meshdev.chaos.words import milliseconds
from meshdev.kernel.quantity import format_duration
from meshdev.topology.experiment import Experiment

Phase = tuple[float, float]
_SECOND = 1.0


@dataclass(slots=True)
class Done:
    """One action as it went; times of the epoch."""

    words: str
    at: float
    until: float | None = None
    hits: int | None = None
    error: str = ""
    edges: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """Everything that a run has seen and done; phases that it did not reach are None."""

    experiment: Experiment
    system: str
    started: float
    evidence: Evidence = field(default_factory=Evidence)
    before: Phase | None = None
    meanwhile: Phase | None = None
    after: Phase | None = None
    gate: list[Judgement] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    load_seconds: float = 0.0
    edges: tuple[tuple[str, str], ...] = ()
    interrupted: bool = False
    trouble: str = ""
    ended: float = 0.0

    @property
    def gate_holds(self) -> bool:
        """Whether the steady state held before."""
        return all(it.holds for it in self.gate)

    @property
    def struck(self) -> frozenset[str]:
        """The edges on which faults acted."""
        return frozenset(edge for it in self.done for edge in it.edges)


def conclude(outcome: Outcome) -> ExperimentReport:
    """The report."""
    experiment, evidence = outcome.experiment, outcome.evidence
    zero = outcome.meanwhile[0] if outcome.meanwhile else (outcome.before or (outcome.started, 0.0))[0]
    checks = [_check("before", it, zero) for it in outcome.gate]
    meanwhile = _judged(outcome, outcome.meanwhile)
    checks += [_check("meanwhile", it, zero) for it in meanwhile]
    recovery = None
    if outcome.after is not None:
        recovery = recovered(experiment.steady_state, evidence, *outcome.after)
        since = (outcome.after[0] + (recovery or 0.0), outcome.after[1])
        checks += [_check("after", it, zero) for it in _judged(outcome, since)]
    broke = min((it.broke for it in meanwhile if it.broke is not None and not it.holds), default=None)
    verdict, summary = _verdict(outcome, meanwhile, recovery)
    blast = None
    if outcome.before and outcome.meanwhile:
        blast = blast_of(evidence.samples, outcome.before, outcome.meanwhile, outcome.struck)
    phases = {
        name: (phase[0] - zero, phase[1] - zero)
        for name in ("before", "meanwhile", "after")
        if (phase := getattr(outcome, name)) is not None
    }
    return ExperimentReport(
        name=experiment.name,
        hypothesis=experiment.hypothesis,
        verdict=verdict,
        summary=summary,
        system=outcome.system,
        started=outcome.started,
        duration=outcome.ended - outcome.started,
        broke=None if broke is None else broke - zero,
        recovery=recovery,
        recovery_expected=experiment.recovery,
        phases=phases,
        checks=checks,
        actions=[_action(it, zero) for it in outcome.done],
        blast=_blast(blast) if blast else None,
        errors=_errors(evidence.samples, outcome.meanwhile, outcome.struck),
        load=load_report("all", outcome.shots, outcome.load_seconds) if outcome.shots else None,
        series=_series(outcome, zero),
        edges=list(outcome.edges),
        notes=list(_notes(outcome)),
    )


def _judged(outcome: Outcome, phase: Phase | None) -> list[Judgement]:
    if phase is None or phase[1] <= phase[0]:
        return []
    experiment = outcome.experiment
    return judge(experiment.steady_state, outcome.evidence, *phase, experiment.window)


def _verdict(outcome: Outcome, meanwhile: list[Judgement], recovery: float | None) -> tuple[Verdict, str]:
    if outcome.interrupted:
        return Verdict.INTERRUPTED, "it was interrupted; what was done to the system is undone"
    for it in outcome.gate:
        if not it.holds:
            return Verdict.GATE_FAILED, f"the steady state did not hold before: {it.check} ({it.detail})"
    for done in outcome.done:
        if done.error:
            return Verdict.ACTION_FAILED, f"{done.words}: {done.error}"
    return _hypothesis(outcome.experiment, meanwhile, recovery)


def _hypothesis(
    experiment: Experiment, meanwhile: list[Judgement], recovery: float | None
) -> tuple[Verdict, str]:
    wrong_now = [it for it in meanwhile if not it.holds]
    if wrong_now and not experiment.may_break:
        return Verdict.DEVIATED, f"{wrong_now[0].check} ({wrong_now[0].detail})"
    expected = format_duration(experiment.recovery)
    if recovery is None or recovery > experiment.recovery:
        took = "it was not back by then" if recovery is None else f"it took {milliseconds(recovery)}"
        return Verdict.DEVIATED, f"recovery was expected within {expected}, {took}"
    broke = f"the steady state broke, and was back after {milliseconds(recovery)}"
    return Verdict.HOLDS, broke if wrong_now else "the steady state held all the time"


def _notes(outcome: Outcome) -> list[str]:
    notes = [
        f"{it.words} has hit nothing: is there traffic where it acts?"
        for it in outcome.done
        if it.hits == 0 and not it.error and it.edges and not it.services
    ]
    skipped = sum(shot.error.startswith("not sent") for shot in outcome.shots)
    notes += [outcome.trouble] if outcome.trouble else []
    if skipped:
        notes.append(f"{skipped} requests of the load were not sent, too many were under way")
    return notes


def _check(phase: str, it: Judgement, zero: float) -> CheckReport:
    broke = None if it.broke is None else it.broke - zero
    return CheckReport(
        phase=phase,
        check=it.check,
        holds=it.holds,
        detail=it.detail,
        broke=broke,
        moments=it.moments,
        bad=it.bad,
    )


def _action(it: Done, zero: float) -> ActionReport:
    return ActionReport(
        words=it.words,
        at=it.at - zero,
        until=None if it.until is None else it.until - zero,
        hits=it.hits,
        error=it.error,
        edges=list(it.edges),
        services=list(it.services),
    )


def signals_report(found: Signals) -> SignalsReport:
    """Signals as the report has them."""
    return SignalsReport(
        calls=found.calls,
        failures=found.failures,
        rps=round(found.rps, 2),
        p50_ms=in_ms(found.p50),
        p90_ms=in_ms(found.p90),
        p99_ms=in_ms(found.p99),
    )


def in_ms(seconds: float | None) -> float | None:
    """Milliseconds to the microsecond."""
    return None if seconds is None else round(seconds * 1000, 3)


def _blast(blast: Blast) -> BlastReport:
    return BlastReport(
        radius=blast.radius,
        services=list(blast.services),
        struck=list(blast.struck),
        edges=[harm_report(it) for it in blast.edges],
        routes=[harm_report(it) for it in blast.routes],
    )


def harm_report(it: Harm) -> HarmReport:
    """One edge or route as the report has it."""
    return HarmReport(
        edge=it.edge,
        route=it.route,
        why=it.why,
        struck=it.struck,
        before=signals_report(it.before),
        meanwhile=signals_report(it.meanwhile),
    )


def _errors(samples: Samples, phase: Phase | None, struck: frozenset[str]) -> ErrorsReport:
    counts = {"injected": 0, "knock-on": 0, "organic": 0}
    if phase is not None:
        for edge in samples.by_edge:
            for sample in samples.between(edge, *phase):
                if sample.failed:
                    counts[samples.cause(sample, struck)] += 1
    return ErrorsReport(injected=counts["injected"], knock_on=counts["knock-on"], organic=counts["organic"])


def _series(outcome: Outcome, zero: float) -> list[SeriesReport]:
    begin = outcome.before[0] if outcome.before else outcome.started
    found = []
    for edge in sorted(outcome.evidence.samples.by_edge):
        rows = []
        at = begin
        while at + _SECOND <= outcome.ended:
            rows.append((at, signals_of(outcome.evidence.samples.between(edge, at, at + _SECOND), _SECOND)))
            at += _SECOND
        if any(signals.calls for _, signals in rows):
            found.append(
                SeriesReport(
                    edge=edge,
                    at=[round(second - zero, 3) for second, _ in rows],
                    rps=[signals.rps for _, signals in rows],
                    errors=[round(signals.error_share, 4) for _, signals in rows],
                    p99_ms=[in_ms(signals.p99) for _, signals in rows],
                )
            )
    return found
