"""The dashboard's read model: one immutable picture of the system, and what is derived from it for drawing.

Pure: no widget, no clock, no IO. `Picture` is what a tick hands to every widget; `rows_of`, `totals_of` and `order`
say what the table and the header show. Times are epoch seconds; ``now`` comes in as an argument.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.golden import (
    HEAT_CELLS,
    HEAT_TITLE,
    SPARKS,
    Golden,
    error_tone,
    heat,
    latency_text,
    spark,
)
from meshdev.tui.states import State, state_of
from meshdev.tui.tone import Span, Tone
from meshdev.tui.wanted import words_hold
from meshdev.wire.control import EdgeSignalsView, EdgeView, InstanceView, ServiceView, SystemView
from meshdev.wire.fault_views import FaultView
from meshdev.wire.recording_views import RecordingView
from meshdev.wire.topic_views import TopicView

RELOAD_SHOWN = 30.0
"""Seconds for which a reload that went well stays in the `why` column."""


class Link(StrEnum):
    """How the dashboard stands to the daemon."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "reconnecting"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a person should read; ``level`` is ``info``, ``warning`` or ``error``."""

    at: float
    service: str
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the dashboard knows at one moment; services stand in the order of the topology file.

    ``edges`` are the declared ones, ``signals`` what each edge of the mesh carries. ``faults`` are all that are known,
    as the daemon told them at ``faults_at``. ``topics`` are those of the brokers, ``recordings``
    those that are being made. ``happenings`` are the daemon's notices and what the dashboard saw change itself
    (``seen``), oldest first.
    """

    system: SystemView | None = None
    services: tuple[ServiceView, ...] = ()
    edges: tuple[EdgeView, ...] = ()
    signals: tuple[EdgeSignalsView, ...] = ()
    faults: tuple[FaultView, ...] = ()
    faults_at: float = 0.0
    topics: tuple[TopicView, ...] = ()
    recordings: tuple[RecordingView, ...] = ()
    happenings: tuple[Happening, ...] = ()
    seen: tuple[Happening, ...] = ()
    link: Link = Link.CONNECTING
    link_since: float = 0.0
    seq: int = 0

    def service(self, name: str | None) -> ServiceView | None:
        """The service of that name, if there is one."""
        return next((service for service in self.services if service.name == name), None)


@dataclass(frozen=True, slots=True)
class Totals:
    """The header's figures: CPU in percent of one core, memory in bytes."""

    good: int = 0
    wanted: int = 0
    broken: int = 0
    busy: int = 0
    stopped: int = 0
    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: text in a tone; or ``spans``, whose text it is then (`drawn`)."""

    text: str = ""
    tone: Tone = Tone.TEXT
    spans: tuple[Span, ...] = ()


def drawn(spans: Sequence[Span]) -> Cell:
    """A cell of several tones."""
    return Cell("".join(span.text for span in spans), spans=tuple(spans))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; equal rows look equal, so a row is drawn again only when it differs."""

    key: str
    cells: tuple[Cell, ...]


class Order(StrEnum):
    """What the table is sorted by."""

    TOPOLOGY = "topology"
    TROUBLE = "trouble first"
    NAME = "name"
    RPS = "requests"
    ERRORS = "errors"
    P99 = "p99"
    CPU = "cpu"
    MEMORY = "memory"


COLUMNS: tuple[Column, ...] = (
    Column("state", "STATE", 11, 12, 100, always=True),
    Column("name", "SERVICE", 14, 34, 90, always=True),
    Column("instances", "INST", 4, 5, 30, right=True),
    Column("rps", "RPS", 4, 4, 78, right=True),
    Column("spark", "LAST 1m", SPARKS, SPARKS, 35, extra=True, comfort=32),
    Column("errors", "ERR %", 5, 5, 76, right=True),
    Column("p50", "P50", 6, 6, 25, right=True, extra=True),
    Column("p99", "P99", 6, 6, 74, right=True),
    Column("heat", HEAT_TITLE, HEAT_CELLS, HEAT_CELLS, 22, extra=True),
    Column("cpu", "CPU", 5, 5, 60, right=True, always=True),
    Column("memory", "MEM", 4, 4, 55, right=True, always=True),
    Column("since", "FOR", 5, 5, 50, right=True, always=True),
    Column("restarts", "↻", 2, 4, 40, right=True),
    Column("address", "ADDRESS", 7, 24, 20, extra=True),
    Column("team", "TEAM", 6, 16, 10, extra=True),
    Column("why", "WHY", 24, 400, 80, flex=True),
)


def usage_of(instances: Sequence[InstanceView]) -> tuple[float | None, int | None]:
    """CPU percent and memory in bytes of all instances together; None where nothing is known."""
    cpus = [instance.cpu_percent for instance in instances if instance.cpu_percent is not None]
    sizes = [instance.rss_bytes for instance in instances if instance.rss_bytes is not None]
    return (sum(cpus) if cpus else None, sum(sizes) if sizes else None)


def totals_of(services: Sequence[ServiceView]) -> Totals:
    """The header's figures. A service that was stopped on purpose is not counted as wanted."""
    good = wanted = broken = busy = stopped = memory = 0
    cpu = 0.0
    for service in services:
        state = state_of(service)
        if service.desired == "up":
            wanted += 1
            good += state.tone is Tone.OK
        broken += state.tone is Tone.BAD
        busy += state.tone in {Tone.BUSY, Tone.WARN}
        stopped += state.tone is Tone.MUTED
        its_cpu, its_memory = usage_of(service.instances)
        cpu += its_cpu or 0.0
        memory += its_memory or 0
    return Totals(good, wanted, broken, busy, stopped, cpu, memory)


STAND_IN = "◫"
"""The mark of a service that somebody else plays."""


def why_of(service: ServiceView, now: float, faults: Sequence[str] = ()) -> Cell:
    """What a person should know about this service now: who plays it, faults, what it waits for, its last reload."""
    why = _why_of(service, now)
    if not faults and not service.stand_in:
        return why
    marks = [Span(f"{STAND_IN} {clean(service.stand_in)}  ", Tone.ACCENT)] if service.stand_in else []
    if faults:
        marks.append(Span(f"⚡ {clean(', '.join(faults))}  ", Tone.ALERT))
    return drawn([*marks, Span(why.text, why.tone)])


def _why_of(service: ServiceView, now: float) -> Cell:
    state = state_of(service)
    if service.why and state.tone is not Tone.OK:
        loud = state.tone in {Tone.BAD, Tone.WARN}  # many wait at first: that must not shout
        return Cell(clean(service.why), state.tone if loud else Tone.MUTED)
    reload = service.last_reload
    if reload is not None:
        files = ", ".join(reload.files[:2]) + (f" +{len(reload.files) - 2}" if len(reload.files) > 2 else "")  # noqa: PLR2004
        files = files or "who plays it"
        if reload.outcome == "rolled back":
            return Cell(clean(f"{files} changed, rolled back: {reload.detail}"), Tone.WARN)
        if reload.outcome == "running":
            return Cell(clean(f"{files} changed, reloading"), Tone.BUSY)
        if now - reload.at < RELOAD_SHOWN:
            return Cell(clean(f"{files} changed, reloaded"), Tone.MUTED)
    return Cell(clean(service.why or service.description), Tone.MUTED if service.why else Tone.FAINT)


NOBODY = Golden()
"""The signals of a service that nobody has called."""


def row_of(
    service: ServiceView,
    now: float,
    golden: Golden = NOBODY,
    buckets: Sequence[int] = (),
    faults: Sequence[str] = (),
) -> Row:
    """One service as a line of the table; ``buckets`` are its latencies of late, ``faults`` are those that are on."""
    state = state_of(service)
    cpu, memory = usage_of(service.instances)
    live = sum(1 for instance in service.instances if instance.pid is not None)
    quiet = state.tone is Tone.MUTED
    figures = Tone.MUTED if quiet else Tone.TEXT
    cells = (
        Cell(str(state), Tone.ALERT if state.tone is Tone.BAD else state.tone),
        Cell(clean(service.name), Tone.MUTED if quiet else Tone.STRONG),
        Cell(f"{live}/{service.replicas}" if (live or 1) != 1 or service.replicas != 1 else "", figures),
        *_signals(golden, buckets, now),
        Cell("" if cpu is None else units.percent(cpu), figures),
        Cell("" if memory is None else units.size(memory), figures),
        Cell(units.age(now - service.since) if service.since else "", Tone.MUTED),
        Cell(str(service.restarts) if service.restarts else "", Tone.WARN),
        Cell(clean(address_of(service)), Tone.MUTED),
        Cell(clean(service.team), Tone.MUTED),
        why_of(service, now, faults),
    )
    return Row(service.name, cells)


def _signals(golden: Golden, buckets: Sequence[int], now: float) -> tuple[Cell, ...]:
    """RPS, the last minute, errors, p50, p99, latencies; what is not of now is quiet."""
    if not golden.requests:
        return (Cell(),) * 6
    live = bool(golden.rps)
    share = golden.error_share
    figures, latency = (Tone.TEXT, Tone.TEXT) if live else (Tone.FAINT, Tone.FAINT)
    return (
        Cell(units.rate(golden.rps), figures),
        drawn(spark(golden, now)),
        Cell(units.share(share) if live else "", error_tone(share)),
        Cell(latency_text(golden.p50_ms), latency),
        Cell(latency_text(golden.p99_ms), latency),
        drawn(heat(buckets)),
    )


def address_of(service: ServiceView) -> str:
    """Where a person reaches the service: its published port, else its URL without the scheme that all share."""
    address = service.url or (service.ports[0] if service.ports else "")
    return address.removeprefix("http://").replace("127.0.0.1:", ":")


@dataclass(frozen=True, slots=True)
class Signals:
    """What the services' callers see: golden signals, latencies of late, and faults that are on, by service."""

    golden: Mapping[str, Golden] = field(default_factory=dict)
    buckets: Mapping[str, Sequence[int]] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, name: str) -> Golden:
        """Of one service."""
        return self.golden.get(name, NOBODY)


def rows_of(
    services: Sequence[ServiceView],
    now: float,
    signals: Signals | None = None,
    *,
    wanted: str = "",
    order: Order = Order.TOPOLOGY,
) -> tuple[Row, ...]:
    """The table's lines: those that match ``wanted``, in ``order``."""
    known = signals or Signals()
    return tuple(
        row_of(
            service,
            now,
            known.of(service.name),
            known.buckets.get(service.name, ()),
            known.faults.get(service.name, ()),
        )
        for service in arrange(services, order, known)
        if matches(service, wanted)
    )


def matches(service: ServiceView, wanted: str) -> bool:
    """Whether each word of ``wanted`` is in the service's name, state, team or kind; ``!word`` must not be."""
    text = f"{service.name} {state_of(service).word} {service.team} {service.kind}".lower()
    return words_hold(text, wanted)


def arrange(
    services: Sequence[ServiceView], order: Order, signals: Signals | None = None
) -> Sequence[ServiceView]:
    """``services`` sorted by ``order``, the most first; equal ones keep the topology's order."""
    if order is Order.TOPOLOGY:
        return services
    known = signals or Signals()
    keys: dict[Order, Callable[[ServiceView], float | str]] = {
        Order.TROUBLE: lambda service: state_of(service).rank,
        Order.NAME: lambda service: service.name,
        Order.RPS: lambda service: -known.of(service.name).rps,
        Order.ERRORS: lambda service: -known.of(service.name).error_share,
        Order.P99: lambda service: -(known.of(service.name).p99_ms or 0.0),
        Order.CPU: lambda service: -(usage_of(service.instances)[0] or 0.0),
        Order.MEMORY: lambda service: -(usage_of(service.instances)[1] or 0),
    }
    return sorted(services, key=keys[order])


def blockers(services: Sequence[ServiceView]) -> list[tuple[ServiceView, State]]:
    """Who still runs while the system stops, the longest first."""
    left = [
        (service, state_of(service))
        for service in services
        if any(instance.pid is not None for instance in service.instances) or service.phase == "stopping"
    ]
    return sorted(left, key=lambda pair: pair[0].since)
