"""The values of one fault at a moment: what was given, else the defaults, and on the way of a ramp what is between."""

from collections.abc import Mapping

from meshdev.traffic.faults.kinds import Direction, FaultKind
from meshdev.traffic.faults.schedule import strength
from meshdev.wire.faults import FaultSpec


class Settings:
    """What ``spec`` gives the parameters of ``kind``; ``since`` is when it was switched on, on the clock of ``now``.

    ``per_exchange`` tells that the fault stands for one request, so that a delay is drawn once and not per chunk.
    ``opened`` is when the connection was: what delays only opening looks at it. ``joined`` tells that the connection
    was there before the fault. ``steady`` tells that nothing grows; ``figure`` is for who wants to remember what it has
    then worked out.
    """

    __slots__ = (
        "_begins",
        "_given",
        "_schedule",
        "_since",
        "direction",
        "figure",
        "joined",
        "opened",
        "per_exchange",
        "steady",
    )

    def __init__(
        self,
        kind: FaultKind,
        spec: FaultSpec,
        since: float,
        *,
        opened: float = 0.0,
        per_exchange: bool = False,
        joined: bool = False,
    ) -> None:
        defaults = {it.name: it.default for it in kind.parameters if it.default is not None}
        self._given = {**defaults, **spec.values}
        self._schedule = spec.schedule
        self._since = since
        self._begins = _ramps(kind, spec) if spec.schedule.ramp else {}
        self.steady = not self._begins
        self.figure: float | None = None
        self.opened = opened
        self.direction = Direction(spec.direction) if spec.direction else kind.direction
        self.per_exchange = per_exchange
        self.joined = joined

    def goes(self, direction: Direction) -> bool:
        """Whether it acts on what goes that way."""
        return self.direction in (direction, Direction.BOTH)

    def has(self, name: str) -> bool:
        """Whether it has a value."""
        return name in self._given

    def number(self, name: str, now: float, default: float = 0.0) -> float:
        """A number as it is at ``now``."""
        value = self._given.get(name, default)
        end = float(value) if isinstance(value, int | float) else default
        begin = self._begins.get(name)
        if begin is None:
            return end
        return begin + (end - begin) * strength(self._schedule, now - self._since)

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._given.get(name, default)
        return value if isinstance(value, str) else default

    def flag(self, name: str) -> bool:
        """A truth value."""
        return self._given.get(name) is True

    def table(self, name: str) -> Mapping[str, str]:
        """Text by name."""
        value = self._given.get(name)
        return value if isinstance(value, Mapping) else {}


def percentage_at(kind: FaultKind, spec: FaultSpec, age: float) -> float:
    """The percentage ``age`` seconds after the fault was switched on; it is what grows when nothing else can."""
    begin = _ramps(kind, spec).get("percentage") if spec.schedule.ramp else None
    if begin is None:
        return spec.percentage
    return begin + (spec.percentage - begin) * strength(spec.schedule, age)


def _ramps(kind: FaultKind, spec: FaultSpec) -> Mapping[str, float]:
    """What grows, and from where: what says so, else everything that can, else the percentage."""
    if spec.starts:
        return spec.starts
    growing = {it.name: 0.0 for it in kind.parameters if it.ramps and it.name in spec.values}
    return growing or {"percentage": 0.0}
