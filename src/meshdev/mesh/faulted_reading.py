"""Reading along a link on which faults act: what they do to an operation is in its figures, and it names them.

Rules: what the callee says is read as it comes, and what ends with it is told when it has left the chain of faults, as
ended by then; where faults on messages act that way it is told at once, as it was said · what never left it has no
answer · an operation names the faults on bytes that were in its connection's chains while it ran, and those that hit
its message · when all that is over, the link is read as any other.
"""

from collections import deque
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final

from meshdev.mesh.reading import Reading
from meshdev.traffic.faults.kinds import Direction
from meshdev.traffic.faults.struck import Struck
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from meshdev.mesh.faulted_link import FaultedLink
    from meshdev.mesh.scanned_link import ScannedLink, ScannedRelay

_MESH: Final = "meshdev"
_UP, _DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


class FaultedReading(Reading):
    """Takes the place of a `Reading`, and gives it back."""

    __slots__ = ("_acting", "_at", "_faulted", "_gone", "_held", "_late", "_mark", "_struck", "_way")

    def __init__(self, link: "ScannedLink", relay: "ScannedRelay", before: Reading) -> None:
        super().__init__(link, relay, before.scanner)
        self._waiting = before._waiting  # noqa: SLF001 - one of us
        self._faulted: FaultedLink | None = None
        self._acting: tuple[str, ...] = ()
        self._gone: dict[str, float] = {}  # faults that acted, and until when
        self._way = _UP  # of what is read now
        self._mark: int | None = None  # where it ends, of all that goes into the caller's chain
        self._late: deque[tuple[int, Sequence[Operation]]] = deque()
        self._held: list[Operation] = []  # until it is decided what is done to their messages
        self._at = {_UP: 0.0, _DOWN: 0.0}  # when either side was heard last
        self._struck = {_UP: Struck(), _DOWN: Struck()}

    def attach(self, faulted: "FaultedLink") -> None:
        """The link's chains are these now."""
        if faulted is not self._faulted:
            self._faulted = faulted
            faulted.moved = self.moved
        self._notice(perf_counter())

    def said_in(self, data: bytes) -> None:
        """The caller's bytes."""
        self._way = _UP
        self._at[_UP] = now = perf_counter()
        self.tell(self.scanner.asked(data, now))

    def said_out(self, data: bytes) -> None:
        """The callee's bytes."""
        self._way = _DOWN
        self._at[_DOWN] = now = perf_counter()
        faulted = self._link.faults
        self._mark = faulted.to_caller.taken + len(data) if faulted is not None else None
        self.tell(self.scanner.answered(data, now))
        self._mark = None

    def tell(self, done: Sequence[Operation]) -> None:
        """Count what is done, when it is."""
        faulted = self._link.faults
        if done and faulted is not None and faulted.connection.staged(self._way):
            self._held += done
        elif done and self._mark is not None:
            self._late.append((self._mark, done))
        elif done:
            self._record(done)
        super().tell(())
        if self._link.reading is not self:
            self._let_go()

    def moved(self) -> None:
        """Something has left the chains, or they have changed."""
        now = perf_counter()
        self._notice(now)
        faulted = self._link.faults
        if faulted is not None:
            for way, struck in self._struck.items():
                struck.decided(faulted.connection.take_decided(way), self._at[way])
        if self._held:
            held, self._held = self._held, []
            self._record(held)
        late = self._late
        while late and (
            faulted is None or faulted.to_caller.passed >= min(late[0][0], faulted.to_caller.taken)
        ):
            self._record(late.popleft()[1], now)
        if faulted is None and self._link.reading is self and not self.scanner.waiting():
            self._give_back()

    def over(self) -> None:
        """The connection has ended; what is still in the chain was never heard."""
        now = perf_counter()
        self._record(self._held)
        self._held = []
        while self._late:
            done = self._late.popleft()[1]
            self._record([one._replace(outcome=Outcome.LOST) for one in done], now)
        super().over()

    def _notice(self, now: float) -> None:
        """Which faults act now, and which have done so until now."""
        faulted = self._link.faults
        acting = faulted.connection.hits if faulted is not None else ()
        if acting is not self._acting:
            self._gone |= {key: now for key in self._acting if key not in acting}
            self._acting = acting

    def _record(self, done: Sequence[Operation], now: float = 0.0) -> None:
        """Count these, which were over at ``now``, or when they say."""
        if done:
            self._edge.touch()  # the bytes were counted when they came, and may have been told since
        upstream = self._link.upstream
        instance = upstream.instance if upstream is not None else ""
        for one in done:
            names = [
                *one.faults,
                *(name for struck in self._struck.values() for name in struck.named(one)),
                *self._acting,
                *(key for key, at in self._gone.items() if at >= one.started),
            ]
            faults = tuple(dict.fromkeys(names))
            ended = now if now and one.ended > one.started else one.ended
            if one.by == _MESH and one.outcome is Outcome.FAILED:
                self._edge.count_error(EdgeError.INJECTED)
            self._operations.record((one._replace(ended=ended, faults=faults),), instance)

    def _let_go(self) -> None:
        """Nothing more is read; what was, is told."""
        self._record(self._held)
        self._held = []
        while self._late:
            self._record(self._late.popleft()[1])

    def _give_back(self) -> None:
        plain = Reading(self._link, self._relay, self.scanner)
        self._link.reading = plain
        if self._faulted is not None:
            self._faulted.moved = None


def read_under_faults(relay: "ScannedRelay", link: "ScannedLink") -> None:
    """Have ``link`` read so, if faults act on it."""
    if link.faults is None:
        return
    reading = link.reading
    if type(reading) is Reading:
        reading = link.reading = FaultedReading(link, relay, reading)
    if isinstance(reading, FaultedReading):
        reading.attach(link.faults)
