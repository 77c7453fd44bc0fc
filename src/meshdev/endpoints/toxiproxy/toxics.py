"""The types of toxics, and the fault of the catalogue that each is.

A type is a row of `TYPES`: its attributes, which are whole numbers and 0 by default, and how they become the values of
a `FaultSpec`. Toxicity is the percentage, the stream the direction. Negative numbers count as 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from meshdev.traffic.faults.kinds import Direction
from meshdev.wire.faults import FaultSpec, Value

UNLIMITED: Final = 1e15
Attributes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ToxicType:
    """``fault`` names the kind of the catalogue, ``values`` makes its parameters of the attributes."""

    fault: str
    attributes: tuple[str, ...]
    values: Callable[[Attributes], Mapping[str, Value]]


def _latency(given: Attributes) -> Mapping[str, Value]:
    return {"latency": given["latency"] / 1000, "jitter": given["jitter"] / 1000}


def _bandwidth(given: Attributes) -> Mapping[str, Value]:
    return {"rate": given["rate"] * 1000.0 or UNLIMITED}


def _slicer(given: Attributes) -> Mapping[str, Value]:
    return {
        "average_size": max(1, given["average_size"]),
        "size_variation": given["size_variation"],
        "delay": given["delay"] / 1e6,
    }


def _nothing(_: Attributes) -> Mapping[str, Value]:
    return {"latency": 0.0}


TYPES: Final[Mapping[str, ToxicType]] = {
    "latency": ToxicType("latency", ("latency", "jitter"), _latency),
    "bandwidth": ToxicType("bandwidth", ("rate",), _bandwidth),
    "slow_close": ToxicType("slow-close", ("delay",), lambda given: {"delay": given["delay"] / 1000}),
    "timeout": ToxicType("timeout", ("timeout",), lambda given: {"timeout": given["timeout"] / 1000}),
    "reset_peer": ToxicType("reset", ("timeout",), lambda given: {"after": given["timeout"] / 1000}),
    "slicer": ToxicType("slicer", ("average_size", "size_variation", "delay"), _slicer),
    "limit_data": ToxicType("limit-data", ("bytes",), lambda given: {"bytes": given["bytes"]}),
    "noop": ToxicType("latency", (), _nothing),
}


@dataclass(slots=True)
class Toxic:
    """One toxic; ``fault`` is the id of its fault."""

    name: str
    type: str
    stream: Direction
    toxicity: float
    attributes: dict[str, int]
    fault: str

    @property
    def spec(self) -> FaultSpec:
        """It as a fault."""
        known = TYPES[self.type]
        given = {name: max(0, value) for name, value in self.attributes.items()}
        return FaultSpec(
            self.fault,
            known.fault,
            known.values(given),
            direction=self.stream,
            percentage=min(1.0, max(0.0, self.toxicity)) * 100.0,
        )

    def view(self) -> dict[str, object]:
        """As it is told."""
        return {
            "attributes": dict(self.attributes),
            "name": self.name,
            "type": self.type,
            "stream": str(self.stream),
            "toxicity": int(self.toxicity) if self.toxicity.is_integer() else self.toxicity,
        }
