"""What somebody wants recorded, read: edges, a match, a name. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from meshdev.errors import UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.topology.model import System
from meshdev.traffic.faults.common import ReadError, as_match
from meshdev.traffic.faults.match import plain
from meshdev.traffic.faults.target import means, parse_edge
from meshdev.wire.faults import EdgePattern, FaultMatch
from meshdev.wire.mesh import EdgeKey
from meshdev.wire.recording_views import RecordRequest

_COUNTING = ("after", "first", "every", "times", "caller")


@dataclass(frozen=True, slots=True)
class Asked:
    """What belongs to a recording; no edges means all of them."""

    edges: tuple[EdgePattern, ...]
    match: FaultMatch
    redact: bool

    def means(self, key: EdgeKey) -> bool:
        """Whether what passes this edge may belong to it."""
        return not self.edges or any(means(one, key.caller, key.callee, key.endpoint) for one in self.edges)

    @property
    def words(self) -> list[str]:
        """The edges, as they are written."""
        return [str(one) for one in self.edges]

    @property
    def match_table(self) -> Mapping[str, object]:
        """The match, as it is written; empty for every request."""
        return plain(self.match)


def asked(request: RecordRequest, system: System, edges: Collection[EdgeKey]) -> Asked:
    """What ``request`` wants of ``system``, whose edges are ``edges``. Raises UsageError."""
    patterns: list[EdgePattern] = []
    for text in request.edges:
        pattern = parse_edge(text)
        if pattern is None:
            raise UsageError(
                f"{text!r} is no edge", hint="write it as 'orders -> payments'; * stands for any"
            )
        if not any(means(pattern, key.caller, key.callee, key.endpoint) for key in edges):
            known = sorted({f"{key.caller} -> {key.callee}" for key in edges})
            raise UsageError(
                f"no edge is called {text!r}", hint=did_you_mean(str(pattern), known, what="edges")
            )
        patterns.append(pattern)
    for name in request.services:
        if name not in system.services:
            hint = did_you_mean(name, system.services, what="services")
            raise UsageError(f"no service is called {name!r}", hint=hint)
        patterns += [EdgePattern("*", name), EdgePattern(name, "*")]
    return Asked(tuple(patterns), _match(request.match), request.redact)


def _match(table: Mapping[str, object]) -> FaultMatch:
    for key in _COUNTING:
        if key in table:
            raise UsageError(
                f"match: {key} is not for recordings", hint="accepted are method, path and header.NAME"
            )
    try:
        return as_match({"match": table})
    except ReadError as error:
        raise UsageError(f"{'.'.join(error.path)}: {error.message}", hint=error.hint) from error
