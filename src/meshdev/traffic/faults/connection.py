"""The faults on one connection that is no HTTP: two chains, kept as the edge's faults and schedules say.

Where its protocol can be cut into messages (``cutter``), faults on messages act at the front of each chain (`stage`).
Whether a fault hits a connection is decided once: when the connection comes, or when the fault does. Neither other
faults nor a pause of its schedule change that; a changed percentage is compared with the same draw.
"""

from collections.abc import Callable, Collection
from typing import Final

from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.edge import ActiveFault, EdgeFaults
from meshdev.traffic.faults.kinds import Direction, Layer
from meshdev.traffic.faults.settings import Settings
from meshdev.traffic.faults.stage import STAGE, MessageStage
from meshdev.traffic.faults.struck import Decided
from meshdev.traffic.protocols.cutting import Cutter

_DIRECTIONS: Final = (Direction.UPSTREAM, Direction.DOWNSTREAM)


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
    ``cutter`` gives one for a direction from where the connection is, None when it cannot be cut.
    """

    __slots__ = ("_cutter", "_decisions", "_opened", "_stages", "downstream", "hits", "upstream")

    def __init__(self, opened: float, cutter: Callable[[Direction], Cutter | None] | None = None) -> None:
        self._opened = opened
        self._cutter = cutter
        self._stages: dict[Direction, MessageStage] = {}
        self._decisions: dict[str, _Decision] = {}
        self.hits: tuple[str, ...] = ()  # the faults on bytes that are in a chain just now
        self.upstream = Chain()
        self.downstream = Chain()

    def __repr__(self) -> str:
        return f"<ConnectionFaults {self.upstream} {self.downstream}>"

    @property
    def idle(self) -> bool:
        """Nothing acts, and nothing waits: bytes may pass without it."""
        return self.upstream.idle and self.downstream.idle

    def staged(self, direction: Direction) -> bool:
        """Whether faults on messages act on what goes that way."""
        return direction in self._stages

    def take_decided(self, direction: Direction) -> list[Decided]:
        """What was decided about messages since this was last asked."""
        stage = self._stages.get(direction)
        if stage is None or not stage.decided:
            return []
        decided = list(stage.decided)
        stage.decided.clear()
        return decided

    def sync(self, edge: EdgeFaults, now: float) -> None:
        """Put in what acts now, take out what does not any more. `Chain.advance` both chains next."""
        if self._cutter is not None:
            self._sync_stages(edge, now, self._cutter)
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
        inside = tuple(key for key, decision in self._decisions.items() if decision.inside)
        if inside != self.hits:
            self.hits = inside

    def _sync_stages(
        self, edge: EdgeFaults, now: float, cutter: Callable[[Direction], Cutter | None]
    ) -> None:
        acting = [fault for fault in edge.faults if fault.message is not None and fault.acts(now)]
        here = {
            direction: [fault for fault in acting if fault.message and fault.message.settings.goes(direction)]
            for direction in _DIRECTIONS
        }
        for direction in _DIRECTIONS:
            if here[direction]:
                self._put_in_stage(direction, cutter, now)
        if any(stage.lasting for stage in self._stages.values()):
            for direction in _DIRECTIONS:
                self._put_in_stage(direction, cutter, now)
        for direction, stage in self._stages.items():
            stage.adopt(here[direction], now)
        self.tidy(now)

    def _put_in_stage(
        self, direction: Direction, cutter: Callable[[Direction], Cutter | None], now: float
    ) -> None:
        """If there is none, and the connection can be cut."""
        made = cutter(direction) if direction not in self._stages else None
        if made is not None:
            stage = self._stages[direction] = MessageStage(made)
            chain = self._chain(direction)
            chain.insert(STAGE, stage, now, chain.names)

    def tidy(self, now: float) -> bool:
        """Take out the stages that nobody needs any more; whether there were some. `Chain.advance` next."""
        gone = [direction for direction, stage in self._stages.items() if stage.done]
        for direction in gone:
            del self._stages[direction]
            self._chain(direction).remove(STAGE, now)
        return bool(gone)

    def _put_in(self, key: str, decision: _Decision, now: float, later: Collection[str]) -> None:
        """Have it in the chains as it is now, before those that were switched on ``later``."""
        decision.inside = True
        fault = decision.fault
        joined = self._opened < fault.since
        settings = Settings(fault.kind, fault.spec, fault.since, opened=self._opened, joined=joined)
        links = dict(fault.links(decision.ordinal, settings))
        for direction in _DIRECTIONS:
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
