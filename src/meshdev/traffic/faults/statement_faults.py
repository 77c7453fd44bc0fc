"""Faults on the statements of one connection: a text of SQL waits, or fails here; all else goes on, in its order.

Give it what arrives (`asked`, `answered`), have it look at the clock (`advance`, at `deadline`). Who reads along (the
scanner) hears what the caller says and what it gets to hear, message by message: so it is known what each asks for, and
figures are the caller's, with what was injected in them.
"""

from collections.abc import Callable, Sequence

from meshdev.traffic.faults.link import Delaying, End, Item
from meshdev.traffic.faults.statements import Fate
from meshdev.traffic.protocols.answering import Answering, Hear
from meshdev.traffic.protocols.cutting import Piece
from meshdev.traffic.protocols.sql.text import Statement

MESH = "meshdev"
Decide = Callable[[Sequence[Statement], float], Fate | None]


class StatementFaults:
    """Both directions of a connection; ``decide`` gives what is done to a text."""

    __slots__ = ("_answering", "_by", "_decide", "_hear_callee", "_hear_caller", "_waiting")

    def __init__(self, answering: Answering, decide: Decide, hear_caller: Hear, hear_callee: Hear) -> None:
        self._answering = answering
        self._decide = decide
        self._hear_caller = hear_caller
        self._hear_callee = hear_callee
        self._waiting = Delaying()
        self._by: set[str] = set()  # whose delays wait

    def __repr__(self) -> str:
        return f"<StatementFaults {self._answering}, {self.held} bytes held>"

    @property
    def held(self) -> int:
        """How many of the caller's bytes wait."""
        return self._waiting.held

    @property
    def waits(self) -> bool:
        """Whether some of what the caller said waits."""
        return self._waiting.deadline() is not None

    @property
    def idle(self) -> bool:
        """Whether nothing waits, and nothing is missed when bytes pass without it."""
        return not self.waits and not self._answering.refusing

    def asked(self, data: bytes, now: float) -> bytes:
        """The caller has said ``data``: what goes on now."""
        on: list[bytes] = []
        answering = self._answering
        for piece in (Piece(data),) if answering.lost else answering.cut(data):
            self._hear_caller(piece.data)
            asked = answering.newest() if piece.message is not None else None
            fate = None if asked is None else self._decide(asked.said.statements, now)
            if asked is None or fate is None:
                self._pass(piece.data, now, on)
                continue
            asked.faults = tuple(fate.hits)
            said = piece.data
            if fate.error is not None:
                asked.by = MESH
                said = answering.refuse(asked, said, fate.error)
            if fate.delay > 0.0:
                self._by |= set(fate.hits)
            self._pass(said, now + fate.delay, on, at_once=fate.delay <= 0.0)
        if answering.lost and (rest := answering.rest()):
            self._pass(rest, now, on)
        return b"".join(on)

    def answered(self, data: bytes) -> bytes:
        """The callee has said ``data``: what the caller gets to hear."""
        return self._answering.answered(data, self._hear_callee)

    def end(self, now: float) -> None:
        """The caller says no more: that waits behind what it said. Only if `waits`."""
        self._waiting.hold(End.EOF, now)

    def advance(self, now: float) -> list[Item]:
        """What goes on by ``now``."""
        left = [item for _, item in self._waiting.due(now)]
        if not self.waits:
            self._by.clear()
        return left

    def deadline(self) -> float | None:
        """When to `advance` next."""
        return self._waiting.deadline()

    def let_go(self, acting: frozenset[str]) -> list[Item]:
        """These act now; what one had held back that does not goes on, and all that waits with it."""
        if not self._by or self._by <= acting:
            return []
        self._by.clear()
        return self._waiting.release()

    def leave(self) -> bytes:
        """It is taken out, being `idle`: what of the caller's goes on now."""
        rest = self._answering.rest()
        if rest:
            self._hear_caller(rest)
        return rest

    def _pass(self, said: bytes, until: float, on: list[bytes], *, at_once: bool = True) -> None:
        if at_once and not self.waits:
            on.append(said)
        else:
            self._waiting.hold(said, until)
