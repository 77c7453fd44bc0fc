"""Which faults an exploration tries, and in which order: single ones over all edges, then pairs. Pure.

The order follows from the seed and the edges alone, so the same seed tries the same things as far as its time goes.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from meshdev.topology.experiment import Action

HTTP: Final = "http"
SQL: Final = frozenset({"postgres", "mysql"})
Kinds = tuple[tuple[str, Mapping[str, object]], ...]
ON_REQUESTS: Final[Kinds] = (("slow by 1s", {"delay": "1s"}), ("answers 503", {"status": 503}))
ON_BYTES: Final[Kinds] = (("slow by 500ms", {"latency": "500ms"}), ("refuses", {"refuse": True}))
ON_STATEMENTS: Final[Kinds] = (("has conflicts", {"sql-error": {"code": "40001", "percentage": 50}}),)


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge that faults can be put on."""

    caller: str
    callee: str
    http: bool
    sql: bool = False

    @property
    def kinds(self) -> Kinds:
        """What is tried on it, in words and as a fault."""
        return ON_REQUESTS if self.http else ON_BYTES + ON_STATEMENTS if self.sql else ON_BYTES

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{self.caller} -> {self.callee}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or two faults that are tried together."""

    actions: tuple[Action, ...]
    edges: tuple[str, ...]

    @property
    def words(self) -> str:
        """What is tried."""
        return " and ".join(action.words for action in self.actions)


def candidates(edges: Iterable[Edge], seed: int) -> Iterator[Candidate]:
    """All singles, then all pairs on different edges, each in an order that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 -- for an order, not for a secret
    singles = [
        Candidate((_action(edge, words, fault),), (edge.name,))
        for edge in sorted(set(edges), key=lambda edge: edge.name)
        for words, fault in edge.kinds
    ]
    chance.shuffle(singles)
    yield from singles
    pairs = [
        Candidate((*first.actions, *second.actions), (*first.edges, *second.edges))
        for first, second in combinations(singles, 2)
        if first.edges != second.edges
    ]
    chance.shuffle(pairs)
    yield from pairs


def _action(edge: Edge, words: str, fault: Mapping[str, object]) -> Action:
    return Action(0.0, f"{edge.name} {words}", table={"edge": edge.name, **fault})


def explorable(edges: Sequence[Edge]) -> list[Edge]:
    """Those that lead into the system's inside; what people call from outside is what is looked at instead."""
    return [edge for edge in edges if not edge.caller.startswith("outside")]
