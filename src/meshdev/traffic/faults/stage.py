"""The stage at which faults on messages act: the front of a direction's chain, where bytes are cut into messages.

Rules: what is no message passes at once, in order · a message that is late lets others overtake it · nothing is put
into a unit that has passed in part (`Cutter.streaming`): what falls due meanwhile leaves right behind it · an end waits
until all that is held back has left · what a fault that is taken out had held back leaves at once · a stage without
faults is `done` when nothing of it is missed; then it may be taken out · of a unit with parts something always leaves
in its place; a part that is late leaves alone, or, where it cannot, its unit is late and so is all that is behind it.
"""

from collections import deque
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from meshdev.traffic.faults.link import End, Item, Link, Timed
from meshdev.traffic.faults.match import fits_message
from meshdev.traffic.faults.messages import Fate
from meshdev.traffic.protocols.cutting import Composed, Cutter, Message, Part, Piece

if TYPE_CHECKING:
    from meshdev.traffic.faults.edge import ActiveFault
    from meshdev.traffic.faults.struck import Decided

STAGE: Final = "messages"
MOST_DECIDED: Final = 10_000


class _Late(NamedTuple):
    """A message that leaves at ``due``; ``turn`` is the order in which they came, ``by`` who holds them back."""

    due: float
    turn: int
    data: bytes
    by: tuple[str, ...]
    message: Message


class _Overtaken:
    """A message that waits for ``left`` others, or until ``late.due``."""

    __slots__ = ("late", "left", "passing")

    def __init__(self, late: Sequence[_Late], left: int) -> None:
        self.late = late
        self.left = left
        self.passing = 0  # others that are being decided about


class MessageStage(Link):
    """Cuts what arrives, and has ``faults`` act on each message."""

    __slots__ = (
        "_composed",
        "_cutter",
        "_end",
        "_faults",
        "_holders",
        "_kept",
        "_late",
        "_overtaken",
        "_split",
        "_turns",
        "decided",
    )

    def __init__(self, cutter: Cutter) -> None:
        self._out: deque[Timed] = deque()
        self.held = 0
        self._cutter = cutter
        self._composed = cutter.borders if isinstance(cutter.borders, Composed) else None
        self._holders: set[str] = set()  # faults for which units wait, and all that is behind them
        self._split = cutter.streaming  # what has left ends in the middle of a unit
        self._kept = 0  # bytes of messages that are held back
        self._faults: Sequence[ActiveFault] = ()
        self._late: list[_Late] = []
        self._overtaken: dict[str, _Overtaken] = {}  # by the fault's key
        self._end: End | None = None
        self._turns = count()
        self.decided: deque[Decided] = deque(maxlen=MOST_DECIDED)  # for who tells of it, and takes it away

    def __repr__(self) -> str:
        return f"<MessageStage {self._cutter}, {len(self._late)} late, {len(self._overtaken)} overtaken>"

    @property
    def done(self) -> bool:
        """Whether it can be taken out without a byte out of its place."""
        return not self._faults and not (self._late and self._split) and not self.lasting

    @property
    def lasting(self) -> bool:
        """Whether it has to stay (`Cutter`)."""
        return self._cutter.lasting

    def adopt(self, faults: "Sequence[ActiveFault]", now: float) -> None:
        """These act from now on; what others had held back leaves. Ask `due` next."""
        self._faults = faults
        keys = {fault.key for fault in faults}
        for key in [key for key in self._overtaken if key not in keys]:
            self._let_go(key, now)
        if any(late.by and keys.isdisjoint(late.by) for late in self._late):
            self._late = [
                late if not late.by or keys & set(late.by) else late._replace(due=min(now, late.due))
                for late in self._late
            ]
            heapify(self._late)
        if self._holders and keys.isdisjoint(self._holders):
            self._out = deque((min(now, at), item) for at, item in self._out)
            self._holders.clear()

    # --- what passes ------------------------------------------------------------------------------

    def take(self, item: Item, at: float) -> None:
        """Cut it, and decide about every message of it."""
        if isinstance(item, End):
            self._take_end(item, at)
        else:
            cutter = self._cutter
            was_lost = cutter.lost
            pieces = cutter.cut(item)
            last = len(pieces) - 1
            bound = False
            for index, piece in enumerate(pieces):
                if index:
                    self._split = bound
                bound = piece.bound
                self._flush(at)
                if index == last and cutter.lost and not was_lost:
                    self._let_all_go(at)  # nothing can be put in later
                if piece.last:
                    self._let_all_go(at)
                if piece.parts:
                    self._decide_parts(piece, at)
                elif piece.message is None:
                    self._put(at, piece.data)
                else:
                    self._decide(piece.data, piece.message, at)
            if pieces:
                self._split = cutter.streaming
            self._flush(at)
        self._count()

    def due(self, now: float) -> list[Timed]:
        """What has left by ``now``, in order."""
        self._flush(now)
        left = super().due(now)
        self._count()
        return left

    def _count(self) -> None:
        self.held = self._kept + self._cutter.held
        if self._holders:
            self.held += sum(len(item) for _, item in self._out if isinstance(item, bytes))

    def deadline(self) -> float | None:
        """When `due` will have something next, if nothing else arrives."""
        if self._out:
            return self._out[0][0]
        if self._split:
            return None
        waits = [it.late[0].due for it in self._overtaken.values()]
        if self._late:
            waits.append(self._late[0].due)
        return min(waits, default=None)

    def release(self) -> list[Item]:
        """Everything, in the order in which it came, then what is here of a message that is not whole."""
        for key in tuple(self._overtaken):
            self._let_go(key, 0.0)
        left = [item for _, item in self._out]
        self._out.clear()
        end = [self._end] if self._end is not None else []
        late: list[bytes] = []
        for one in () if self._split else sorted(self._late, key=lambda it: it.turn):
            self._cutter.leaves(one.message)
            late.append(one.data)
        self._late.clear()
        self._end = None
        rest = self._cutter.rest()
        self._holders.clear()
        self.held = self._kept = 0
        return [*left, *late, *([rest] if rest else []), *end]

    # --- one message ------------------------------------------------------------------------------

    def _put(self, at: float, item: Item) -> None:
        """It leaves at ``at``, but not before what is ahead of it."""
        if not item:
            return
        self._out.append((max(at, self._out[-1][0]) if self._out else at, item))

    def _fate_of(self, message: Message, at: float) -> Fate | None:
        """What the faults do to it; those that it overtakes are told."""
        fate: Fate | None = None
        for fault in self._faults:
            key = fault.key
            waiting = self._overtaken.get(key)
            if waiting is not None:
                waiting.passing += fits_message(fault.spec.match, message)
                continue
            ordinal = fault.decide_message(message, at)
            if ordinal > 0 and fault.message is not None:
                fate = fate or Fate()
                fate.hits.append(key)
                behind = fate.behind
                fault.message.apply(fate, fault.draws.about(ordinal), at)
                if fate.behind > behind:
                    fate.holder = key
        self.decided.append((message.subject, tuple(fate.hits) if fate is not None else ()))
        return fate

    def _decide(self, data: bytes, message: Message, at: float) -> None:
        fate = self._fate_of(message, at)
        if fate is None:
            self._leave_now(at, data, message)
        elif not fate.dropped:
            if fate.payload is not None:
                borders = self._cutter.borders
                data = borders.with_payload(data, fate.payload(borders.payload(data)))
            self._carry_out(fate, data, message, at)
        self._overtake(at)

    def _decide_parts(self, piece: Piece, at: float) -> None:
        """What leaves in the place of a unit, and its parts that leave alone."""
        composed = self._composed
        if composed is None:
            raise AssertionError(self._cutter)
        until, parts = at, []
        for message in piece.parts:
            fate = self._fate_of(message, at)
            if fate is None:
                parts.append(Part())
            elif fate.dropped:
                parts.append(Part(0))
            elif message.fixed:
                parts.append(Part(1 + fate.copies, fate.payload))
                if fate.delay:
                    until = max(until, at + fate.delay)
                    self._holders.update(fate.hits)
            else:
                now = 0 if fate.delay or fate.behind else 1 if fate.gap else 1 + fate.copies
                parts.append(Part(now, fate.payload))
                if now <= fate.copies:
                    data = composed.alone(piece.data, message, Part(1, fate.payload))
                    self._carry_out(fate, data, message, at, now)
        self._put(until, composed.with_parts(piece.data, piece.parts, parts))
        self._overtake(at)

    def _overtake(self, at: float) -> None:
        """Count what has just passed for those that are overtaken."""
        for key, waiting in tuple(self._overtaken.items()):
            waiting.left -= waiting.passing
            waiting.passing = 0
            if waiting.left <= 0:
                self._let_go(key, at)

    def _leave_now(self, at: float, data: bytes, message: Message) -> None:
        self._cutter.leaves(message)
        self._put(at, data)

    def _carry_out(self, fate: Fate, data: bytes, message: Message, at: float, left: int = 0) -> None:
        """It leaves when it should, and its copies, but for the first ``left``, which have."""
        first = at + fate.delay + (fate.within if fate.behind else 0.0)
        by = tuple(fate.hits)
        late = [
            _Late(first + fate.gap * copy, next(self._turns), data, by, message)
            for copy in range(left, fate.copies + 1)
        ]
        if fate.behind:
            self._overtaken[fate.holder] = _Overtaken(late, fate.behind)
            self._kept += len(data) * len(late)
            return
        for one in late:
            if one.due <= at:
                self._leave_now(at, data, message)
            else:
                self._kept += len(data)
                heappush(self._late, one)

    def _let_go(self, key: str, now: float) -> None:
        """One that was overtaken leaves; its copies keep their distance."""
        late = self._overtaken.pop(key).late
        for one in late:
            heappush(self._late, one._replace(due=now + (one.due - late[0].due)))

    def _let_all_go(self, at: float) -> None:
        for key in tuple(self._overtaken):
            self._let_go(key, at)
        for late in sorted(self._late, key=lambda it: it.turn):
            self._leave_now(at, late.data, late.message)
        self._late.clear()
        self._kept = 0

    # --- what is late -----------------------------------------------------------------------------

    def _flush(self, now: float) -> None:
        """Have leave what is due, unless a unit is under way; then an end, if one waits."""
        if not self._split:
            for key, waiting in tuple(self._overtaken.items()):
                if waiting.late[0].due <= now:
                    self._let_go(key, waiting.late[0].due)
            late = self._late
            while late and late[0].due <= now:
                one = heappop(late)
                self._kept -= len(one.data)
                due = max(one.due, self._out[-1][0] if self._out else one.due)
                self._leave_now(due, one.data, one.message)
        if self._end is not None and not self._late and not self._overtaken:
            self._leave(now)

    def _take_end(self, end: End, at: float) -> None:
        """What is held back leaves before it; what would have to be put into a unit that broke off is lost with it."""
        self._end = end
        if self._split:
            self._late.clear()
            self._overtaken.clear()
            self._kept = 0
        for key in tuple(self._overtaken):
            self._let_go(key, at)
        self._flush(at)

    def _leave(self, now: float) -> None:
        rest, end = self._cutter.rest(), self._end
        if rest:
            self._put(now, rest)
        if end is not None:
            self._put(now, end)
        self._end = None
