"""Whether a place of a route holds noise: name, shape, provenance and clock weighed, one table.

| name says | looks random | time near the call | another time | weak (short, number) |
|---|---|---|---|---|
| noise, call | noise | noise | noise | noise |
| time | soft | noise | soft in a write | learnable |
| own id | soft where something is made, learnable in another write | soft | data | learnable in a write |
| reference | soft for the thing that is made, else learnable | soft | data | data |
| range | learnable | soft | data | data |
| data | data | soft | data | data |
| nothing | soft | noise | learnable | learnable (in a query, 0.8273645182736 is soft) |

*Soft* is noise until two calls that differ only there are answered differently; *learnable* is data until calls that
differ only there are answered alike, and no value ever came twice. A value that an answer gave out before is never
noise: it is a reference, and so is one that the caller brought up elsewhere before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from meshdev.recording.matching.names import Hint, hint, is_own, makes
from meshdev.recording.matching.parts import Place
from meshdev.recording.matching.shape import STRONG, TIMES, Scalar, Shape, is_drawn_fraction, near, shape_of

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CONSTANT: Final = 3  # times one value must come before it is a constant


class Verdict(StrEnum):
    """What a place holds."""

    NOISE = "noise"
    SOFT = "soft"
    LEARNABLE = "learnable"
    DATA = "data"


@dataclass(slots=True)
class Evidence:
    """What is known of one place of one route; ``seen`` are (number of the call, value, when the call began)."""

    place: Place
    method: str
    route: str
    hint: Hint
    seen: list[tuple[int, Scalar, float]] = field(default_factory=list)
    dead: bool = False  # something plain was there that no name excuses
    referred: bool = False

    def add(self, number: int, value: Scalar, started: float) -> None:
        """One more value; most places are dead with their first."""
        if self.dead:
            return
        if self.hint not in {Hint.NOISE, Hint.CALL} and shape_of(value) is Shape.PLAIN:
            self.dead = True
            self.seen.clear()
        elif value is not None:
            self.seen.append((number, value, started))

    @property
    def values(self) -> list[Scalar]:
        """All values in the order of the calls."""
        return [value for _, value, _ in self.seen]


def named(place: Place) -> str:
    """The name that a person would give the place: its last one that is no index."""
    return next((name for name in reversed(place[1:]) if name != "*"), "")


def evidence_of(place: Place, method: str, route: str) -> Evidence:
    """Nothing seen yet."""
    return Evidence(place, method, route, hint(named(place)), dead=place[0] == "h")


def verdict(evidence: Evidence) -> Verdict:  # noqa: PLR0911 - a table, first answer wins
    """By the table above."""
    if evidence.dead or not evidence.seen:
        return Verdict.DATA
    if evidence.hint in {Hint.NOISE, Hint.CALL}:
        return _of_noise(evidence)
    if evidence.referred:
        return Verdict.DATA
    shapes = {shape_of(value) for value in evidence.values}
    if shapes <= TIMES:
        return _of_time(evidence)
    if _constant(evidence.values) and evidence.hint is not Hint.OWN:
        return Verdict.DATA
    if shapes <= STRONG:
        return _of_random(evidence)
    return _of_weak(evidence, shapes)


def _of_noise(evidence: Evidence) -> Verdict:
    values = evidence.values
    if any(isinstance(value, bool) for value in values):
        return Verdict.DATA
    if evidence.hint is Hint.CALL and (
        evidence.referred or any(shape_of(value) is Shape.PLAIN for value in values)
    ):
        return Verdict.DATA
    return Verdict.NOISE


def _of_time(evidence: Evidence) -> Verdict:
    write = evidence.method in WRITES
    if all(near(value, started) for _, value, started in evidence.seen):
        return Verdict.NOISE if evidence.hint in {Hint.TIME, Hint.NONE} else Verdict.SOFT
    if evidence.hint is Hint.TIME and write:
        return Verdict.SOFT
    return Verdict.LEARNABLE if evidence.hint in {Hint.NONE, Hint.TIME} else Verdict.DATA


def _of_random(evidence: Evidence) -> Verdict:
    made = makes(evidence.method, evidence.route)
    match evidence.hint:
        case Hint.OWN:
            return Verdict.SOFT if made else Verdict.LEARNABLE if evidence.method in WRITES else Verdict.DATA
        case Hint.REFERENCE:
            own = made and is_own(named(evidence.place), evidence.route)
            return Verdict.SOFT if own else Verdict.LEARNABLE
        case Hint.RANGE:
            return Verdict.LEARNABLE
        case Hint.DATA:
            return Verdict.DATA
        case _:
            return Verdict.SOFT


def _of_weak(evidence: Evidence, shapes: set[Shape]) -> Verdict:
    if shapes <= TIMES | {Shape.NUMBER} and evidence.hint is Hint.TIME:
        return Verdict.LEARNABLE
    if (
        evidence.hint is Hint.NONE
        and evidence.place[0] == "q"
        and all(map(is_drawn_fraction, evidence.values))
    ):
        return Verdict.SOFT
    if evidence.hint is Hint.NONE or (evidence.hint is Hint.OWN and evidence.method in WRITES):
        return Verdict.LEARNABLE
    return Verdict.DATA


def _constant(values: Sequence[Scalar]) -> bool:
    return len(values) >= _CONSTANT and len(set(values)) == 1
