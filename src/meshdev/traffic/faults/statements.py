"""What faults do to one text of SQL: each adds its part to a `Fate`, in the order in which they were created.

The fate's order: it waits (all delays together), and everything behind it on its connection with it; then it fails, by
the error of the first fault that gives one, or goes on.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshdev.traffic.faults.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshdev.traffic.faults.draws import Draws
    from meshdev.traffic.faults.edge import EdgeFaults
    from meshdev.traffic.protocols.answering import Refusal
    from meshdev.traffic.protocols.sql.text import Statement


@dataclass(slots=True)
class Fate:
    """What is done to one text; ``hits`` are the faults (`FaultSpec.key`) that have a part in it."""

    delay: float = 0.0
    error: "Refusal | None" = None
    hits: list[str] = field(default_factory=list)


class StatementFault:
    """One fault on statements; made once for an edge, so that it may remember."""

    __slots__ = ("settings",)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def apply(self, fate: Fate, draws: "Draws", now: float) -> None:
        """Add to ``fate`` of a text that is hit; ``draws`` are its own."""
        raise NotImplementedError


def fate_of(edge: "EdgeFaults", statements: "Sequence[Statement]", now: float) -> Fate | None:
    """What is done to a text of these; None when no fault hits it."""
    fate: Fate | None = None
    for fault in edge.faults:
        if fault.statement is None or not fault.acts(now):
            continue
        ordinal = fault.decide_statements(statements, now)
        if ordinal > 0:
            fate = fate or Fate()
            fate.hits.append(fault.key)
            fault.statement.apply(fate, fault.draws.about(ordinal), now)
    return fate


def acts_on_statements(edge: "EdgeFaults") -> bool:
    """Whether some fault of the edge does."""
    return any(fault.statement is not None for fault in edge.faults)
