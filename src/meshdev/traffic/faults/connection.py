"""The faults on one connection of which nothing is read (TCP): two chains, kept as the edge's faults and schedules say.

Whether a fault hits a connection is decided once: when the connection comes, or when the fault does. Neither other
faults nor a pause of its schedule change that; a changed percentage is compared with the same draw.
"""

from collections.abc import Collection

from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.edge import ActiveFault, EdgeFaults
from meshdev.traffic.faults.kinds import Direction, Layer
from meshdev.traffic.faults.settings import Settings


class _Decision:
    """Whether ``fault`` hits this connection, and whether it is in the chains just now."""

    __slots__ = ("fault", "hit", "inside", "ordinal")

    def __init__(self, fault: ActiveFault, ordinal: int) -> None:
        self.fault = fault
        self.ordinal = abs(ordinal)
        self.hit = ordinal > 0
        self.inside = False


class ConnectionFaults:
    """The chains of one connection; `sync` after each change of the edge's faults.

    Changes are new policies, and what `EdgeFaults.next_change` foretells. The connection was opened at ``opened``.
    """

    __slots__ = ("_decisions", "_opened", "downstream", "upstream")

    def __init__(self, opened: float) -> None:
        self._opened = opened
        self._decisions: dict[str, _Decision] = {}
        self.upstream = Chain()
        self.downstream = Chain()

    def __repr__(self) -> str:
        return f"<ConnectionFaults {self.upstream} {self.downstream}>"

    @property
    def idle(self) -> bool:
        """Nothing acts, and nothing waits: bytes may pass without it."""
        return self.upstream.idle and self.downstream.idle

    @property
    def hit(self) -> bool:
        """Whether some fault is in a chain."""
        return any(decision.inside for decision in self._decisions.values())

    def sync(self, edge: EdgeFaults, now: float) -> None:
        """Put in what acts now, take out what does not any more. `Chain.advance` both chains next."""
        current = {fault.spec.key: fault for fault in edge.faults if fault.kind.layer is Layer.BYTES}
        for key, decision in list(self._decisions.items()):
            if key not in current:
                self._take_out(key, decision, now)
                del self._decisions[key]
        later = set(current)
        for key, fault in current.items():
            later.discard(key)
            known = self._decisions.get(key)
            if known is None:
                if not fault.acts(now):
                    continue
                known = self._decisions[key] = _Decision(fault, fault.decide(None, now))
            changed = fault is not known.fault
            if changed:
                known.fault = fault
                known.hit = bool(known.ordinal) and fault.draw(known.ordinal, now)
            if not (known.hit and fault.acts(now)):
                self._take_out(key, known, now)
            elif changed or not known.inside:
                self._put_in(key, known, now, later)

    def _put_in(self, key: str, decision: _Decision, now: float, later: Collection[str]) -> None:
        """Have it in the chains as it is now, before those that were switched on ``later``."""
        decision.inside = True
        fault = decision.fault
        joined = self._opened < fault.since
        settings = Settings(fault.kind, fault.spec, fault.since, opened=self._opened, joined=joined)
        links = dict(fault.links(decision.ordinal, settings))
        for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM):
            chain, link = self._chain(direction), links.get(direction)
            if link is None:
                chain.remove(key, now)
            else:
                chain.replace(key, link, now, later)

    def _take_out(self, key: str, decision: _Decision, now: float) -> None:
        if decision.inside:
            decision.inside = False
            self.upstream.remove(key, now)
            self.downstream.remove(key, now)

    def _chain(self, direction: Direction) -> Chain:
        return self.upstream if direction is Direction.UPSTREAM else self.downstream
