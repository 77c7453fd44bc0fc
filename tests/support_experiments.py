"""Experiments, samples and reports as tests make them."""

from collections.abc import Iterable

from meshdev.chaos.outcome import Done, Outcome, conclude
from meshdev.chaos.report import ExperimentReport
from meshdev.chaos.samples import Sample, Samples
from meshdev.chaos.shot import Shot
from meshdev.topology.experiment import Experiment, SignalCheck

FRONT = SignalCheck("outside", "front", errors=0.01, p99=0.5)


def sample(
    at: float,
    *,
    edge: str = "outside -> front",
    ms: float = 10.0,
    failed: bool = False,
    struck: bool = False,
    trace: str = "",
    route: str = "GET /",
) -> Sample:
    """A call that began ``at``."""
    caller, _, callee = edge.partition(" -> ")
    return Sample(at, caller, callee, route, ms / 1000, failed, struck, trace)


def samples(found: Iterable[Sample]) -> Samples:
    """Many of them."""
    collected = Samples()
    for one in found:
        collected.add(one)
    return collected


def steady(
    begin: float, end: float, *, edge: str = "outside -> front", ms: float = 10.0, failed: bool = False
) -> list[Sample]:
    """Ten calls a second, all alike."""
    return [
        sample(begin + tick / 10, edge=edge, ms=ms, failed=failed)
        for tick in range(round((end - begin) * 10))
    ]


def experiment(name: str = "slow", **more: object) -> Experiment:
    """An experiment over `FRONT` that expects recovery within 3 s."""
    given: dict[str, object] = {
        "hypothesis": "front stays quick",
        "steady_state": (FRONT,),
        "timeline": (),
        "duration": 5.0,
        "recovery": 3.0,
        **more,
    }
    return Experiment(name, **given)  # type: ignore[arg-type] # fields by name


def outcome(found: Iterable[Sample], *, tried: Experiment | None = None) -> Outcome:
    """A run whose baseline was 100 to 105, whose timeline 105 to 110, and which was watched until 114."""
    made = Outcome(tried or experiment(), "shop", 99.0)
    made.evidence.samples = samples(found)
    made.before, made.meanwhile, made.after, made.ended = (
        (100.0, 105.0),
        (105.0, 110.0),
        (110.0, 114.0),
        114.0,
    )
    made.edges = (("outside", "front"), ("front", "back"), ("back", "databases.<b>"))
    made.done = [Done("slow-back", 106.0, 109.0, 12, edges=("front -> back",))]
    made.shots = [Shot("GET /", tick / 10, 0.001, 0.010, 200) for tick in range(150)]
    made.load_seconds = 15.0
    return made


def report(found: Iterable[Sample] | None = None) -> ExperimentReport:
    """The report of a run that deviated: slow for two seconds."""
    calls = [*steady(100, 106), *steady(106, 108, ms=900), *steady(108, 114)] if found is None else found
    return conclude(outcome(calls))
