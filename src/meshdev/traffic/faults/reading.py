"""From a table, as it stands in ``[faults.NAME]``, in a request to the API, or as short forms make it, to a `Toggle`.

The keys of such a table: whom it is for (``edge``, ``service``, ``team``, ``partition``) · any kind of the catalogue,
with its main value or a table of its parameters, in which ``percentage``, ``direction`` and ``seed`` may stand, too ·
``percentage``, ``direction``, ``match``, ``once``, ``times``, ``start_after``, ``duration``, ``repeat``, ``ramp``,
``seed`` for all of them · ``description`` and ``key`` for people. Everything that is wrong is told at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from msgspec import structs

from meshdev.kernel.nearest import did_you_mean
from meshdev.traffic.faults.catalogue import CATALOGUE, find_kind
from meshdev.traffic.faults.common import (
    OWN,
    SCHEDULE,
    TARGETS,
    ReadError,
    as_match,
    as_schedule,
    as_target,
)
from meshdev.traffic.faults.kinds import Direction, FaultError, FaultKind, Layer, Parameter, Unit
from meshdev.traffic.faults.schedule import remaining
from meshdev.traffic.faults.values import RefusedValueError, take, take_percentage
from meshdev.wire.faults import FaultMatch, FaultSchedule, FaultSpec, FaultTarget, Value

COMMON: Final = ("percentage", "direction", "match", *SCHEDULE, "once", "times", "seed", *OWN)
_SEED: Final = Parameter("seed", Unit.COUNT, "")
_PARTITIONED: Final = "refuse"
_PER_FAULT: Final = ("percentage", "direction", "seed")

Path = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at ``path`` (keys from the table on)."""

    path: Path
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Toggle:
    """Faults that are switched on and off together, and whom they are for. ``key`` is a key of the dashboard."""

    name: str
    target: FaultTarget
    specs: tuple[FaultSpec, ...]
    description: str = ""
    key: str = ""

    @property
    def duration(self) -> float | None:
        """Seconds after which it is over by itself; None if that is not so."""
        ends = [remaining(spec.schedule, 0.0) for spec in self.specs]
        return None if None in ends else max((end for end in ends if end is not None), default=None)


def read_toggle(name: str, table: Mapping[str, object]) -> Toggle:
    """The toggle that ``table`` describes. Raises FaultError with everything that is wrong."""
    toggle, findings = examine(name, table)
    if findings:
        lines = [f"{'.'.join(it.path) or name}: {it.message}" for it in findings]
        raise FaultError("\n".join(lines), hint=next((it.hint for it in findings if it.hint), ""))
    return toggle


def examine(name: str, table: Mapping[str, object]) -> tuple[Toggle, list[Finding]]:
    """The same, with what is wrong beside it; what is wrong is left out."""
    reader = _Reader(name)
    return reader.read(
        {key: value for key, value in table.items() if not key.startswith("x-")}
    ), reader.findings


@dataclass(slots=True)
class _Reader:
    """Reads one table, and notes what is wrong with it."""

    name: str
    findings: list[Finding] = field(default_factory=list)

    def read(self, table: Mapping[str, object]) -> Toggle:
        """The toggle, without what is wrong."""
        kinds = {key: kind for key in table if (kind := find_kind(key)) is not None}
        for key in table:
            if key not in kinds and key not in COMMON and key not in TARGETS:
                known = (*CATALOGUE, *COMMON, *TARGETS)
                self._complain((key,), f'unknown key "{key}"', did_you_mean(key, known, what="accepted keys"))
        target = self._guarded(FaultTarget(), lambda: as_target(table))
        common = self._common(table)
        read = [self._spec(key, kind, table[key], common) for key, kind in kinds.items()]
        specs = tuple(spec for spec in read if spec is not None)
        if not specs and target.partition:
            specs = (structs.replace(common, kind=_PARTITIONED),)
        if not specs and not self.findings:
            edge_faults = [kind.name for kind in CATALOGUE.values() if kind.layer is not Layer.INSTANCE]
            self._complain((), "names no fault", f'latency = "300ms"; there are: {", ".join(edge_faults)}, …')
        self._check_target(table, target, list(kinds.values()))
        self._check_match(common.match, list(kinds.values()))
        return Toggle(
            self.name,
            target,
            specs,
            self._text(table, "description"),
            self._text(table, "key"),
        )

    def _check_target(self, table: Mapping[str, object], target: FaultTarget, kinds: list[FaultKind]) -> None:
        written = [key for key in TARGETS if key in table]
        if not written:
            hint = 'edge = "orders -> payments", service = "payments", team or partition'
            self._complain((), "does not say whom it is for", hint)
            return
        for kind in kinds:
            if kind.layer is Layer.INSTANCE and (target.edges or target.partition):
                hint = 'service = "payments"'
                self._complain((written[0],), f"{kind.name} is for instances, not for edges", hint)

    def _check_match(self, match: FaultMatch, kinds: list[FaultKind]) -> None:
        """A subject is for messages, statement and table are for SQL, method and path are for requests."""
        for kind in kinds:
            if (match.statements or match.table) and kind.statement is None:
                hint = "delay and sql-error do"
                self._complain(("match",), f"{kind.name} does not act on statements", hint)
            elif kind.layer is Layer.STATEMENT and (
                match.methods or match.path or match.headers or match.subject
            ):
                hint = 'match = { statement = "UPDATE", table = "orders" }'
                self._complain(("match",), f"{kind.name} acts on statements", hint)
                continue
            if match.subject and kind.message is None:
                self._complain(
                    ("match", "subject"), f"{kind.name} does not act on messages", "a toggle of its own"
                )
            elif (match.methods or match.path) and kind.layer is Layer.MESSAGE:
                self._complain(("match",), f"{kind.name} acts on messages", 'match = { subject = "order.*" }')

    def _common(self, table: Mapping[str, object]) -> FaultSpec:
        """What all faults of the toggle have in common."""
        match = self._guarded(FaultMatch(), lambda: as_match(table))
        schedule = self._guarded(FaultSchedule(), lambda: as_schedule(table))
        spec = FaultSpec(self.name, "", match=match, schedule=schedule)
        return self._shared(spec, (), table)

    def _shared(self, spec: FaultSpec, path: Path, table: Mapping[str, object]) -> FaultSpec:
        """What may stand at a toggle and at each of its faults."""
        percentage, starts, direction, seed = spec.percentage, dict(spec.starts), spec.direction, spec.seed
        if "percentage" in table:
            try:
                taken = take_percentage(table["percentage"])
                percentage = float(taken.value) if isinstance(taken.value, int | float) else percentage
                if taken.begins is not None:
                    starts["percentage"] = taken.begins
            except RefusedValueError as error:
                self._complain((*path, "percentage"), str(error))
        if "direction" in table:
            written = table["direction"]
            if written in set(Direction) and isinstance(written, str):
                direction = written
            else:
                self._complain((*path, "direction"), 'accepted: "upstream" | "downstream" | "both"')
        if "seed" in table:
            try:
                value = take(_SEED, table["seed"]).value
                seed = value if isinstance(value, int) else seed
            except RefusedValueError as error:
                self._complain((*path, "seed"), str(error))
        return structs.replace(spec, percentage=percentage, starts=starts, direction=direction, seed=seed)

    def _spec(self, key: str, kind: FaultKind, written: object, common: FaultSpec) -> FaultSpec | None:
        if written is False:
            return None
        table = self._parameters(key, kind, written)
        spec = self._shared(structs.replace(common, kind=kind.name), (key,), table)
        if spec.direction and not kind.directed:
            if "direction" in table:
                self._complain((key, "direction"), f"{kind.name} has no direction")
            spec = structs.replace(spec, direction="")
        values: dict[str, Value] = {}
        starts = dict(spec.starts)
        for name, value in table.items():
            parameter = kind.parameter(name)
            if parameter is None:
                if name not in _PER_FAULT:
                    known = [it.name for it in kind.parameters]
                    hint = did_you_mean(name, (*known, *_PER_FAULT), what="accepted keys")
                    self._complain((key, name), f'unknown key "{name}"', hint)
                continue
            try:
                taken = take(parameter, value)
            except RefusedValueError as error:
                path = (key, name) if isinstance(written, Mapping) else (key,)
                self._complain(path, f"found {value!r}, {error}")
                continue
            values[name] = taken.value
            if taken.begins is not None:
                starts[name] = taken.begins
        self._check_needs(key, kind, table)
        if starts and not spec.schedule.ramp:
            self._complain((key,), "grows from one value to another, but in which time?", 'ramp = "30s"')
        return structs.replace(spec, values=values, starts=starts)

    def _parameters(self, key: str, kind: FaultKind, written: object) -> Mapping[str, object]:
        if isinstance(written, Mapping):
            return {str(name): value for name, value in written.items()}
        main = kind.parameter(kind.main)
        if written is True and (main is None or main.unit is not Unit.FLAG):
            return {}
        if kind.main:
            return {kind.main: written}
        self._complain((key,), f"found {written!r}, accepted: true, or a table of its parameters")
        return {}

    def _check_needs(self, key: str, kind: FaultKind, table: Mapping[str, object]) -> None:
        groups = (*((it.name,) for it in kind.parameters if it.required), *kind.needs)
        for group in groups:
            if not any(name in table for name in group):
                self._complain((key,), f"needs {' or '.join(group)}")

    def _text(self, table: Mapping[str, object], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            self._complain((key,), "accepted: text")
            return ""
        return value

    def _guarded(self, default: T, read: Callable[[], T]) -> T:
        try:
            return read()
        except ReadError as error:
            self._complain(error.path, error.message, error.hint)
            return default

    def _complain(self, path: Path, message: str, hint: str = "") -> None:
        self.findings.append(Finding(path, message, hint))
