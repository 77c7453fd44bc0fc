"""What came of an experiment, as a value: what ``--json`` prints and every other form of the report is made from.

Times are seconds; ``at`` and ``broke`` count from the beginning of the timeline (the baseline is before 0).
"""

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct


class Verdict(StrEnum):
    """What came of it."""

    HOLDS = "holds"
    DEVIATED = "deviated"
    GATE_FAILED = "gate failed"
    ACTION_FAILED = "action failed"
    INTERRUPTED = "interrupted"


EXIT_CODES = {
    Verdict.HOLDS: 0,
    Verdict.DEVIATED: 1,
    Verdict.GATE_FAILED: 5,
    Verdict.ACTION_FAILED: 6,
    Verdict.INTERRUPTED: 130,
}


class Shape(Struct, frozen=True, kw_only=True):
    """Base of all shapes."""


class CheckReport(Shape, frozen=True, kw_only=True):
    """One check of the steady state in one phase: ``before``, ``meanwhile``, ``after``."""

    phase: str
    check: str
    holds: bool
    detail: str
    broke: float | None = None
    moments: int = 0
    bad: int = 0


class ActionReport(Shape, frozen=True, kw_only=True):
    """One thing that was done: when, until when, how often it hit."""

    words: str
    at: float
    until: float | None = None
    hits: int | None = None
    error: str = ""
    edges: list[str] = []
    services: list[str] = []


class SignalsReport(Shape, frozen=True, kw_only=True):
    """Golden signals of a stretch of time; latencies in milliseconds."""

    calls: int
    failures: int
    rps: float
    p50_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None


class HarmReport(Shape, frozen=True, kw_only=True):
    """An edge, or a route of it, before and meanwhile; ``why`` is empty when it became no worse."""

    edge: str
    route: str
    why: str
    struck: bool
    before: SignalsReport
    meanwhile: SignalsReport


class BlastReport(Shape, frozen=True, kw_only=True):
    """Who was hurt: ``services`` in all; ``struck`` are the edges on which faults acted."""

    radius: int
    services: list[str]
    struck: list[str]
    edges: list[HarmReport]
    routes: list[HarmReport]


class ErrorsReport(Shape, frozen=True, kw_only=True):
    """Failed calls meanwhile: hit by a fault themselves, in the trace of one that was, or neither."""

    injected: int
    knock_on: int
    organic: int


class LoadReport(Shape, frozen=True, kw_only=True):
    """What the load was answered; latencies count from when a request was due, ``lag`` is the generator's own."""

    name: str
    requests: int
    failures: int
    rps: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    lag_p99_ms: float | None
    lag_max_ms: float | None
    statuses: dict[str, int] = {}
    errors: dict[str, int] = {}
    by_request: "list[LoadReport]" = []


class SeriesReport(Shape, frozen=True, kw_only=True):
    """An edge second by second: ``at[i]`` is where second i begins."""

    edge: str
    at: list[float]
    rps: list[float]
    errors: list[float]
    p99_ms: list[float | None]


class ExperimentReport(Shape, frozen=True, kw_only=True):
    """All of it."""

    name: str
    hypothesis: str
    verdict: Verdict
    summary: str
    system: str
    started: float
    duration: float
    broke: float | None
    recovery: float | None
    recovery_expected: float
    phases: dict[str, tuple[float, float]]
    checks: list[CheckReport]
    actions: list[ActionReport]
    blast: BlastReport | None
    errors: ErrorsReport
    load: LoadReport | None
    series: list[SeriesReport]
    edges: list[tuple[str, str]]
    notes: list[str] = []

    @property
    def exit_code(self) -> int:
        """What a command should end with."""
        return EXIT_CODES[self.verdict]


def as_json(report: Any) -> bytes:
    """For programs."""
    return msgspec.json.format(msgspec.json.encode(report))
