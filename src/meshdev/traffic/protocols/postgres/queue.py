"""What a PostgreSQL connection has asked and not got answered yet, and how it is told when it is."""

from collections import deque
from typing import Final

from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.traffic.protocols.sql.text import Said, Statement

CONNECT: Final = 0
QUERY, EXECUTE, SYNC, CALL = b"QESF"  # by the messages that ask


class Asked:
    """Something that is asked and not answered yet; ``next`` is the statement that is done next, ``sent`` are bytes."""

    __slots__ = ("by", "copied", "faults", "kind", "next", "said", "sent", "started")

    def __init__(self, kind: int, said: Said, started: float, sent: int) -> None:
        self.kind = kind
        self.said = said
        self.started = started
        self.sent = sent
        self.next = 0
        self.copied = False  # the caller has said all that is to be copied
        self.faults: tuple[str, ...] = ()
        self.by = ""

    @property
    def is_done(self) -> bool:
        """Whether all its statements are."""
        return self.next > 0 and self.next >= len(self.said.statements)


class Queue:
    """Everything that waits for an answer, in the order in which it was asked; ``waiting`` are those that do something.

    ``done`` are the operations that ended. Bytes are counted from one operation's end to the next one's.
    """

    __slots__ = ("_heard", "_sent", "asked", "done", "waiting")

    def __init__(self) -> None:
        self.asked: deque[Asked] = deque()
        self.waiting = 0
        self.done: list[Operation] = []
        self._sent = self._heard = 0

    @property
    def head(self) -> Asked | None:
        """What is answered next."""
        return self.asked[0] if self.asked else None

    def ask(self, kind: int, said: Said, now: float, sent: int) -> None:
        """Something is asked by a message that ends at the caller's byte ``sent``."""
        self.asked.append(Asked(kind, said, now, sent - self._sent))
        self.waiting += kind != SYNC
        self._sent = sent

    def drop(self) -> None:
        """The head is answered."""
        self.waiting -= self.asked.popleft().kind != SYNC

    def drop_to_sync(self) -> None:
        """Nothing up to the next Sync is answered."""
        while self.asked and self.asked[0].kind != SYNC:
            self.drop()

    def drop_syncs(self) -> None:
        """Those that came last, while a COPY is taken, go unanswered."""
        while len(self.asked) > 1 and self.asked[-1].kind == SYNC:
            self.asked.pop()

    def copied(self, sent: int) -> None:
        """The caller has said all that is to be copied, up to its byte ``sent``; it may do so before it is asked to."""
        self.drop_syncs()
        if self.asked:
            self.asked[-1].sent += sent - self._sent
            self.asked[-1].copied = True
        self._sent = sent

    def heard(self, end: int) -> int:
        """How many of the callee's bytes came up to ``end`` since the last time."""
        passed = end - self._heard
        if passed <= 0:
            return 0
        self._heard = end
        return passed

    def tell(
        self, asked: Asked, now: float, end: int, outcome: Outcome, code: str = "", *, tag: str = ""
    ) -> None:
        """The next statement of ``asked`` ended with an answer up to ``end``; ``tag`` is the server's word for it."""
        said, at = asked.said, asked.next
        if at < len(said.statements):
            statement = said.statements[at]
        else:  # more than was read of them
            statement = Statement(_word(tag)) if tag or not said.statements else said.statements[-1]
        rows = _rows(tag)
        taken = statement.name == "COPY" and asked.copied
        if statement.name == "COMMIT" and tag == "ROLLBACK":
            outcome, code = Outcome.REFUSED, tag
        self.done.append(
            Operation(
                statement.name,
                statement.target,
                asked.started,
                now,
                outcome,
                code,
                asked.sent,
                self.heard(end),
                statement.kind,
                statement.detail,
                said.trace,
                said.parent,
                rows if taken else None,
                None if taken else rows,
                faults=asked.faults,
                by=asked.by,
            )
        )
        asked.next += 1
        asked.started, asked.sent = now, 0


def _word(tag: str) -> str:
    """The kind of what was done: ``INSERT 0 1`` is an INSERT."""
    return tag.rstrip("0123456789 ") or "EXECUTE"


def _rows(tag: str) -> int | None:
    number = tag.rpartition(" ")[2]
    return int(number) if number.isascii() and number.isdigit() else None
