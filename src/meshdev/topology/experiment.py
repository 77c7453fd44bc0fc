"""What ``[experiments.NAME]`` means: a hypothesis, how it is judged, under which load, and what is done to the system.

Times are seconds, shares 0 to 1. `chaos` runs it; `topology.file_experiments` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshdev.errors import Where

Command = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignalCheck:
    """Bounds of an edge's golden signals; ``route`` (``POST /checkout``) narrows it to one of its routes.

    ``errors`` is the largest share of failed calls, ``p50`` … ``p99`` the largest latency, ``rps`` the least rate.
    ``tolerance`` is the share of moments at which it may not hold.
    """

    caller: str
    callee: str
    route: str = ""
    errors: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    rps: float | None = None
    tolerance: float = 0.0

    @property
    def edge(self) -> str:
        """The edge as it is written."""
        return f"{self.caller} -> {self.callee}"


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """A GET of ``url`` that must answer one of ``status`` (none: below 400) and, if asked for, contain a text."""

    url: str
    status: tuple[int, ...] = ()
    contains: str = ""
    timeout: float = 2.0
    every: float = 1.0
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class ExecCheck:
    """A command in the project's folder that must end with ``code`` and, if asked for, print a text."""

    command: Command
    code: int = 0
    contains: str = ""
    timeout: float = 5.0
    every: float = 1.0
    tolerance: float = 0.0


Check = SignalCheck | HttpCheck | ExecCheck


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """One sort of request of the load; ``weight`` is how often it comes in comparison with the others.

    In ``path``, ``body`` and headers ``{turn}`` counts the requests of this sort, and ``{run}`` is new for each run.
    """

    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    weight: int = 1

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the system meanwhile: so many requests a second, or whatever ``command`` does.

    ``to`` is a service (by its published port) or an edge (the load comes as its caller), ``url`` an address instead.
    The rate goes from ``rate`` to ``rate_end`` within ``ramp`` and stays there.
    """

    to: str = ""
    url: str = ""
    rate: float = 10.0
    rate_end: float = 10.0
    ramp: float = 0.0
    timeout: float = 10.0
    requests: tuple[LoadRequest, ...] = (LoadRequest(),)
    command: Command = ()


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done ``at`` so many seconds; exactly one of the last four is set.

    ``fault`` is a toggle of the topology, ``table`` what would stand in ``[faults.NAME]``; both end after ``lasts``,
    or with the timeline.
    """

    at: float
    words: str
    lasts: float | None = None
    fault: str = ""
    table: Mapping[str, object] | None = None
    restart: str = ""
    command: Command = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment.

    ``baseline`` is how long the steady state must hold before, ``duration`` how long things are done, ``recovery``
    within which time it must hold again. ``may_break``: the steady state need not hold meanwhile. ``window`` is over
    how long signals are judged.
    """

    name: str
    hypothesis: str
    steady_state: tuple[Check, ...]
    timeline: tuple[Action, ...]
    duration: float
    load: Load | None = None
    baseline: float = 5.0
    warm_up: float = 1.0
    recovery: float = 10.0
    window: float = 5.0
    may_break: bool = False
    description: str = ""
    where: Where | None = None
