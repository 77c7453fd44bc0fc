"""PostgreSQL, protocol 3: statements as operations, by the simple and the extended protocol. Sans-IO.

What is asked waits in the order in which it was asked; the answers come in that order.

| waits | is done by | ends with |
|---|---|---|
| connection (``CONNECT``, target: the database) | an error, or ReadyForQuery | |
| simple query, a statement after the other | CommandComplete, EmptyQueryResponse or an error each | ReadyForQuery |
| Execute of a portal | CommandComplete, EmptyQueryResponse, PortalSuspended, an error | |
| function call | its response or an error | ReadyForQuery |
| Sync | an error of what has no Execute (a Parse), or of the implicit commit | ReadyForQuery |

After an error in the extended protocol nothing is answered until the next Sync. While the server takes a COPY it does
not answer a Sync either. Parse, Bind, Describe and Close are no operations by themselves: they count in the bytes of
the Execute that follows. A COMMIT that was answered by ROLLBACK is refused. Passwords and parameters are never kept.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.protocols.postgres.caller import MOST_NAME, Caller
from meshdev.traffic.protocols.postgres.frames import Frames, Message, caps
from meshdev.traffic.protocols.postgres.queue import CONNECT, EXECUTE, QUERY, SYNC, Asked, Queue
from meshdev.traffic.protocols.sql.outcome import outcome_of
from meshdev.traffic.protocols.sql.tables import patterned

if TYPE_CHECKING:
    from meshdev.traffic.protocols.postgres.answering import PostgresAnswering

_HAVE_STATEMENTS: Final = frozenset({QUERY, EXECUTE})
_WANTED: Final = caps(
    b"123DKNRSTcdntvH",
    {"C": 64, "E": 4096, "A": MOST_PAYLOAD + MOST_NAME, "Z": 1} | dict.fromkeys("IsGWV", 0),
)


class PostgresScanner:
    """Reads one connection along. ``transaction`` is as ReadyForQuery told it: I (idle), T (in one), E (it failed)."""

    name: ClassVar[str] = "postgres"

    __slots__ = ("_answers", "_caller", "_handlers", "_over", "_queue", "gave_up", "transaction")

    def __init__(self) -> None:
        self.gave_up = ""
        self.transaction = ""
        self._over = False  # nothing more is read
        self._queue = Queue()
        self._caller = Caller(self._queue)
        self._answers = Frames(_WANTED)
        self._handlers: Mapping[int, Callable[[Message, float], None]] = {
            ord("C"): self._complete,
            ord("I"): self._complete,
            ord("s"): self._complete,
            ord("E"): self._error,
            ord("Z"): self._ready,
            ord("G"): self._takes_copy,
            ord("W"): self._streams,
            ord("V"): self._returned,
            ord("A"): self._notified,
        }

    @property
    def caller(self) -> Caller:
        """What the caller said so far."""
        return self._caller

    @property
    def last_asked(self) -> Asked | None:
        """What waits for an answer, and was asked last."""
        asked = self._queue.asked
        return asked[-1] if asked else None

    @property
    def waits(self) -> bool:
        """Whether anything waits for an answer."""
        return bool(self._queue.asked)

    def answered_place(self) -> tuple[bytes, int]:
        """As `Frames.place`, of what the callee says."""
        return self._answers.place()

    def answering(self) -> "PostgresAnswering":
        """Who answers statements from here, from where the connection is."""
        from meshdev.traffic.protocols.postgres.answering import (  # noqa: PLC0415 - most workers never need it
            PostgresAnswering,
        )

        return PostgresAnswering(self)

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        if self._over:
            return ()
        caller = self._caller
        caller.feed(data, now)
        if caller.foreign:
            self._give_up(caller.foreign)
        elif caller.over:
            self._over = True
        return self._take()

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's bytes."""
        if self._over:
            return ()
        while self._caller.encryption and data:
            if data[:1] != b"N":
                self._give_up(
                    "it is encrypted" if data[:1] in {b"S", b"G"} else "it refuses in an older protocol"
                )
                return ()
            self._caller.encryption -= 1
            data = data[1:]
        answers = self._answers
        for message in answers.feed(data):
            self._handlers[message.kind](message, now)
            if self.gave_up:
                return self._take()
        if answers.foreign:
            self._give_up(f"its callee says what PostgreSQL does not: {answers.foreign}")
        return self._take()

    def lost(self, now: float) -> Sequence[Operation]:
        """What is asked and not answered."""
        for asked in self._queue.asked:
            if asked.kind != SYNC and not asked.is_done:
                self._queue.tell(asked, now, 0, Outcome.LOST)
        done = self._take()
        self._stop()
        return done

    def waiting(self) -> int:
        """How much is asked and not answered."""
        return self._queue.waiting

    def _complete(self, message: Message, now: float) -> None:
        head = self._queue.head
        if head is None or head.kind not in _HAVE_STATEMENTS:
            self._give_up("something is done that nobody asked for")
            return
        tag = message.body.rstrip(b"\0").decode("ascii", "replace")
        self._queue.tell(head, now, message.end, Outcome.OK, tag=tag)
        if head.kind == EXECUTE:
            self._queue.drop()

    def _error(self, message: Message, now: float) -> None:
        fields = message.body.split(b"\0")
        code = next((field[1:] for field in fields if field[:1] == b"C"), b"").decode("ascii", "replace")
        outcome = outcome_of(code)
        self._caller.copying = False
        head = self._queue.head
        if head is None:  # it was not Synced yet, or nobody asked
            unfinished = self._caller.unfinished()
            if unfinished is not None:
                said, since = unfinished
                self._queue.tell(Asked(EXECUTE, said, since or now, 0), now, message.end, outcome, code)
                self._caller.failed = True
            return
        self._queue.tell(head, now, message.end, outcome, code)
        head.next = len(head.said.statements)
        if head.kind == CONNECT:
            self._queue.drop()
        elif head.kind == EXECUTE:
            self._queue.drop_to_sync()
            self._caller.failed = self._queue.head is None

    def _ready(self, message: Message, now: float) -> None:
        head = self._queue.head
        if head is None or head.kind == EXECUTE:
            self._give_up(
                "it is ready unasked" if head is None else "it is ready although something is not answered"
            )
            return
        if head.kind == CONNECT:
            self._queue.tell(head, now, message.end, Outcome.OK)
        self._queue.drop()
        self._queue.heard(message.end)
        self.transaction = message.body.decode("ascii", "replace")

    def _takes_copy(self, _message: Message, _now: float) -> None:
        head = self._queue.head
        if head is not None and not head.copied:
            self._caller.copying = True
            self._queue.drop_syncs()

    def _streams(self, _message: Message, _now: float) -> None:
        self._give_up("it is a replication")

    def _returned(self, message: Message, now: float) -> None:
        if self._queue.head is not None:
            self._queue.tell(self._queue.head, now, message.end, Outcome.OK)

    def _notified(self, message: Message, now: float) -> None:
        channel, _, payload = message.body[4:].partition(b"\0")
        self._queue.done.append(
            Operation(
                "NOTIFICATION",
                patterned(channel.decode("utf-8", "replace")),
                now,
                now,
                bytes_out=self._queue.heard(message.end),
                kind=Kind.DELIVER,
                messages_out=1,
                payload=payload.partition(b"\0")[0][:MOST_PAYLOAD],
            )
        )

    def _take(self) -> Sequence[Operation]:
        if not self._queue.done:
            return ()
        done, self._queue.done = self._queue.done, []
        return done

    def _give_up(self, why: str) -> None:
        self.gave_up = self.gave_up or why
        done = self._queue.done
        self._stop()
        self._queue.done = done

    def _stop(self) -> None:
        """Nothing more is read, and nothing kept."""
        self._over = True
        self._queue = Queue()
        self._caller = Caller(self._queue)
        self._answers = Frames(_WANTED)
