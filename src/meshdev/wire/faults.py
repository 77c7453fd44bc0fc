"""Faults as they travel: what the topology and requests say, resolved, and what a worker acts by.

A toggle (``slow-payments``) is one or several faults of different kinds with the same ``id``; `FaultSpec.key` tells
them apart. Which kinds there are and what their values mean is in `traffic.faults.catalogue`. Times are seconds,
sizes bytes, rates bytes per second, shares 0 to 1; percentages are 0 to 100. Messages are arrays, see `wire.mesh`.
"""

from collections.abc import Mapping

from msgspec import Struct

Value = float | int | str | bool | Mapping[str, str]
"""One parameter's value, in its unit; a table is of text (headers)."""

ALWAYS = 100.0


class EdgePattern(Struct, frozen=True, array_like=True):
    """Edges by the names of caller, callee and endpoint; ``*`` stands for any part, no endpoint for all of them."""

    caller: str
    callee: str
    endpoint: str = ""

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}" + (f":{self.endpoint}" if self.endpoint else "")


class FaultTarget(Struct, frozen=True, array_like=True):
    """Which edges and services a toggle is for (`traffic.faults.target`)."""

    edges: tuple[EdgePattern, ...] = ()
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    partition: tuple[tuple[str, ...], ...] = ()


class FaultMatch(Struct, frozen=True, array_like=True):
    """Which connections (TCP), requests (HTTP), messages or statements (SQL) it is for; empty, or 0, is everything.

    ``path``, ``caller`` and the values of ``headers`` (by lowered name) are globs: ``*`` is anything, but in a path
    only within a segment, and in a ``subject`` only within a token, where ``**`` is anything. ``statements`` are kinds
    of SQL's (``UPDATE``), of which one must do it to a ``table`` (a glob). Counting begins with what all of these let
    through: not the first ``after``, then only the first ``first``, then each ``every``-th, and ``times`` hits in all.
    """

    methods: tuple[str, ...] = ()
    path: str = ""
    headers: Mapping[str, str] = {}
    caller: str = ""
    after: int = 0
    first: int = 0
    every: int = 0
    times: int = 0
    subject: str = ""
    statements: tuple[str, ...] = ()
    table: str = ""


class FaultSchedule(Struct, frozen=True, array_like=True):
    """When a fault acts, from when it is switched on.

    It starts ``start_after`` and acts for ``duration`` (None: until it is switched off). With ``repeat`` that begins
    anew every so many seconds, and ends after ``times`` rounds if that is not 0; without, the fault is over then.
    ``ramp`` is how long its strength grows: from ``FaultSpec.starts`` to ``FaultSpec.values``.
    """

    start_after: float = 0.0
    duration: float | None = None
    repeat: float | None = None
    times: int = 0
    ramp: float = 0.0


class FaultSpec(Struct, frozen=True, array_like=True):
    """One fault on one edge (or on the instances of one service).

    ``values`` are its parameters that were given, ``starts`` where those that are ramped begin (``percentage`` too).
    ``direction`` is ``upstream`` (caller to callee), ``downstream``, ``both``, or empty for the kind's own.
    ``percentage`` of the connections or requests are hit. ``since`` is when it was switched on, on the machine's
    monotonic clock, which all processes share; 0 is when the worker heard of it.
    """

    id: str
    kind: str
    values: Mapping[str, Value] = {}
    starts: Mapping[str, float] = {}
    direction: str = ""
    percentage: float = ALWAYS
    match: FaultMatch = FaultMatch()
    schedule: FaultSchedule = FaultSchedule()
    seed: int = 0
    since: float = 0.0

    @property
    def key(self) -> str:
        """What tells it from all others on its edge: ``slow-payments/latency``."""
        return f"{self.id}/{self.kind}"
