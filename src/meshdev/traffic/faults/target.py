"""Which edges and services a fault is for: patterns with ``*``, resolved when the edges are known.

| written | edges | instances |
|---|---|---|
| ``edge = "orders -> payments"`` | this one, all its endpoints; ``orders -> payments:admin``, ``* -> payments`` | |
| ``edge = "orders -> api.example"`` | calls out of the system, seen by the caller's name proxy | |
| ``service = "payments"`` | all that lead to it | its own |
| ``team = "billing"`` | all that lead to the team's services | theirs |
| ``partition = [["orders"], ["payments", "inventory"]]`` | all between different groups | |
| ``partition = [["orders", "payments"]]`` | all between the group and everybody else | |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meshdev.traffic.faults.match import glob
from meshdev.wire.faults import EdgePattern, FaultTarget

_EDGE: Final = re.compile(r"\s*([^\s:]+)\s*(?:->|→)\s*([^\s:]+?)\s*(?::\s*([^\s:]*)\s*)?")
_HOST: Final = re.compile(r"[\w*-]+(?:\.[\w*-]+)+", re.IGNORECASE)
_SECTIONS: Final = frozenset({"brokers", "databases"})  # of nodes, whose names have a dot, too
_ONE_GROUP: Final = 1


def parse_edge(text: str) -> EdgePattern | None:
    """The edges that ``text`` means, or None when it is no edge.

    >>> parse_edge("orders -> payments:admin")
    EdgePattern(caller='orders', callee='payments', endpoint='admin')
    """
    match = _EDGE.fullmatch(text)
    return EdgePattern(match[1], match[2], match[3] or "") if match is not None else None


def means(pattern: EdgePattern, caller: str, callee: str, endpoint: str = "") -> bool:
    """Whether an edge is among those that ``pattern`` means."""
    return (
        _is(pattern.caller, caller)
        and _is(pattern.callee, callee)
        and (not pattern.endpoint or _is(pattern.endpoint, endpoint))
    )


def is_host(name: str) -> bool:
    """Whether a callee's name is that of a host outside of the system, which a name proxy leads to.

    >>> is_host("api.example"), is_host("*.example"), is_host("payments"), is_host("brokers.events")
    (True, True, False, False)
    """
    return _HOST.fullmatch(name) is not None and name.partition(".")[0] not in _SECTIONS


def reaches(host_pattern: str, endpoint_pattern: str, host: str, port: int, endpoint: str) -> bool:
    """Whether a call out of the system is among those that a pattern means; ``endpoint`` is ``http`` or ``connect``."""
    meant = not endpoint_pattern or endpoint_pattern in {endpoint, str(port)}
    return meant and _is(host_pattern, host)


@dataclass(frozen=True, slots=True)
class Targets:
    """A target and the teams of all services, without which it cannot be resolved."""

    target: FaultTarget
    teams: Mapping[str, str]

    def has_edge(self, caller: str, callee: str, endpoint: str = "") -> bool:
        """Whether the faults act on this edge."""
        return (
            any(means(pattern, caller, callee, endpoint) for pattern in self.target.edges)
            or self.has_service(callee)
            or self._parts(caller, callee)
        )

    def has_service(self, name: str) -> bool:
        """Whether the faults act on the instances of this service (or on what leads to it)."""
        team = self.teams.get(name, "")
        return any(_is(pattern, name) for pattern in self.target.services) or (
            bool(team) and any(_is(pattern, team) for pattern in self.target.teams)
        )

    def _parts(self, caller: str, callee: str) -> bool:
        groups = self.target.partition
        if not groups:
            return False
        at, to = self._group(caller), self._group(callee)
        if len(groups) == _ONE_GROUP:
            return at != to
        return at is not None and to is not None and at != to

    def _group(self, name: str) -> int | None:
        for index, group in enumerate(self.target.partition):
            if any(_is(pattern, name) for pattern in group):
                return index
        return None


def written(target: FaultTarget) -> str:
    """A target in a few words: ``orders -> payments``, ``payments``, ``orders | payments, inventory``."""
    parts = [str(pattern) for pattern in target.edges]
    parts += target.services
    parts += [f"team {team}" for team in target.teams]
    if target.partition:
        parts.append(" | ".join(", ".join(group) for group in target.partition))
    return "; ".join(parts)


def _is(pattern: str, name: str) -> bool:
    return pattern == name or ("*" in pattern and glob(pattern).fullmatch(name) is not None)
