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

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols.operation import MOST_DETAIL, MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.protocols.postgres_frames import Frames, Message, caps
from meshdev.traffic.protocols.postgres_startup import First, beginning
from meshdev.traffic.protocols.sql_outcome import outcome_of
from meshdev.traffic.protocols.sql_tables import patterned
from meshdev.traffic.protocols.sql_text import MOST_TEXT, Dialect, Said, Statement, keep, read

MOST_WAITING: Final = 10_000
_MOST_NAME: Final = 256
_MOST_ENCRYPTION: Final = 2  # TLS and GSSAPI, once each
_UNKNOWN: Final = Said(())
_EMPTY: Final = Said((Statement("EMPTY"),))
_SYNC: Final = Said((Statement("SYNC"),))
_FUNCTION: Final = Said((Statement("FUNCTION"),))

_WORDS_WANTED: Final = caps(
    b"DHdpX",
    {"Q": MOST_TEXT, "P": MOST_TEXT + _MOST_NAME, "B": 2 * _MOST_NAME, "E": _MOST_NAME, "C": _MOST_NAME}
    | dict.fromkeys("SFcf", 0),
)
_ANSWERS_WANTED: Final = caps(
    b"123DKNRSTcdntvH",
    {"C": 64, "E": 4096, "A": MOST_PAYLOAD + _MOST_NAME, "Z": 1} | dict.fromkeys("IsGWV", 0),
)


class _Asked:
    """Something that is asked and not answered yet; ``next`` is the statement that is done next, ``sent`` are bytes."""

    __slots__ = ("copied", "kind", "next", "said", "sent", "started")

    def __init__(self, kind: int, said: Said, started: float, sent: int) -> None:
        self.kind = kind
        self.said = said
        self.started = started
        self.sent = sent
        self.next = 0
        self.copied = False


_CONNECT: Final = 0
_QUERY, _EXECUTE, _SYNCED, _CALLED = b"QESF"
_HAVE_STATEMENTS: Final = frozenset({_QUERY, _EXECUTE})


class PostgresScanner:
    """Reads one connection along. ``transaction`` is as ReadyForQuery told it: I (idle), T (in one), E (it failed)."""

    name: ClassVar[str] = "postgres"

    __slots__ = (
        "_answers",
        "_begins",
        "_copying",
        "_done",
        "_encryption",
        "_extended",
        "_failed",
        "_first",
        "_heard",
        "_over",
        "_parsed",
        "_portals",
        "_prepared",
        "_queue",
        "_sent",
        "_waiting",
        "_words",
        "gave_up",
        "transaction",
    )

    def __init__(self) -> None:
        self.gave_up = ""
        self.transaction = ""
        self._begins = True  # until the startup message is there
        self._first = bytearray()  # what of it is
        self._encryption = 0  # requests for it that are not answered
        self._over = False  # nothing more is read
        self._words = Frames(_WORDS_WANTED)
        self._answers = Frames(_ANSWERS_WANTED)
        self._queue: deque[_Asked] = deque()
        self._waiting = 0  # of those, without Syncs
        self._done: list[Operation] = []
        self._prepared: dict[bytes, Said] = {}
        self._portals: dict[bytes, Said] = {}
        self._parsed: tuple[Said, float] | None = None  # what was parsed last, and has no Execute yet
        self._extended = False  # something of the extended protocol was said since the last Sync
        self._failed = False  # nothing is answered until the next Sync
        self._copying = False
        self._sent = self._heard = 0  # bytes of each side that belong to what was told

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        if self._over:
            return ()
        if self._begins:
            self._first += data
            self._begin(now)
        else:
            self._read(data, now)
        return self._take()

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's bytes."""
        if self._over:
            return ()
        while self._encryption and data:
            if data[:1] != b"N":
                self._give_up(
                    "it is encrypted" if data[:1] in {b"S", b"G"} else "it refuses in an older protocol"
                )
                return ()
            self._encryption -= 1
            data = data[1:]
        for message in self._answers.feed(data):
            _ANSWERS[message.kind](self, message, now)
            if self._over:
                return self._take()
        if self._answers.foreign:
            self._give_up(f"its callee says what PostgreSQL does not: {self._answers.foreign}")
        return self._take()

    def lost(self, now: float) -> Sequence[Operation]:
        """What is asked and not answered."""
        for asked in self._queue:
            if asked.kind != _SYNCED and (asked.next == 0 or asked.next < len(asked.said.statements)):
                self._tell(asked, now, 0, Outcome.LOST)
        self._stop()
        return self._take()

    def waiting(self) -> int:
        """How much is asked and not answered."""
        return self._waiting

    # What the caller says.

    def _begin(self, now: float) -> None:
        while self._begins and (found := beginning(self._first)) is not None:
            del self._first[: found.length]
            self._words.passed += found.length
            if found.first is First.FOREIGN:
                self._give_up(found.reason)
            elif found.first is First.CANCEL:
                self._done.append(Operation("CANCEL", "", now, now, bytes_in=found.length))
                self._stop()
            elif found.first is First.ENCRYPT:
                self._encryption += 1
                if self._encryption > _MOST_ENCRYPTION:
                    self._give_up("it asks for encryption again and again")
            else:
                self._begins = False
                self._ask(_CONNECT, Said((_connection(found.parameters),)), now, self._words.passed)
        if not self._begins and self._first:
            rest, self._first = bytes(self._first), bytearray()
            self._read(rest, now)

    def _read(self, data: bytes, now: float) -> None:
        for message in self._words.feed(data):
            _WORDS[message.kind](self, message, now)
        if self._words.foreign:
            self._give_up(f"its caller says what PostgreSQL does not know: {self._words.foreign}")
        elif len(self._queue) > MOST_WAITING:
            self._give_up(f"more than {MOST_WAITING} statements wait for their answers")

    def _ask(self, kind: int, said: Said, now: float, end: int) -> None:
        self._queue.append(_Asked(kind, said, now, end - self._sent))
        self._waiting += kind != _SYNCED
        self._sent = end

    def _query(self, message: Message, now: float) -> None:
        if not self._failed:
            said = read(message.body.partition(b"\0")[0], Dialect.POSTGRES)
            self._ask(_QUERY, said if said.statements else _EMPTY, now, message.end)

    def _parse(self, message: Message, now: float) -> None:
        name, _, rest = message.body.partition(b"\0")
        said = read(rest.partition(b"\0")[0], Dialect.POSTGRES)
        self._parsed = said, now
        self._extended = True
        keep(self._prepared, name, said)

    def _bind(self, message: Message, _now: float) -> None:
        portal, _, rest = message.body.partition(b"\0")
        self._extended = True
        keep(self._portals, portal, self._prepared.get(rest.partition(b"\0")[0], _UNKNOWN))

    def _execute(self, message: Message, now: float) -> None:
        if not self._failed:
            said = self._portals.get(message.body.partition(b"\0")[0], _UNKNOWN)
            self._parsed = None
            self._extended = True
            self._ask(_EXECUTE, said, now, message.end)

    def _close(self, message: Message, _now: float) -> None:
        kept = self._prepared if message.body[:1] == b"S" else self._portals
        kept.pop(message.body[1:].partition(b"\0")[0], None)
        self._extended = True

    def _sync(self, message: Message, now: float) -> None:
        if self._copying:
            return
        said, since = self._parsed or (_SYNC, now)
        self._parsed, self._extended, self._failed = None, False, False
        self._ask(_SYNCED, said, since, message.end)

    def _call(self, message: Message, now: float) -> None:
        if not self._failed:
            self._ask(_CALLED, _FUNCTION, now, message.end)

    def _copied(self, message: Message, _now: float) -> None:
        self._copying = False
        if self._queue:
            self._queue[0].sent += message.end - self._sent
            self._queue[0].copied = True
        self._sent = message.end

    # What the callee says.

    def _complete(self, message: Message, now: float) -> None:
        if not self._queue or self._queue[0].kind not in _HAVE_STATEMENTS:
            self._give_up("something is done that nobody asked for")
            return
        tag = message.body.rstrip(b"\0").decode("ascii", "replace")
        self._tell(self._queue[0], now, message.end, Outcome.OK, tag=tag)
        self._answer()

    def _answer(self) -> None:
        asked = self._queue[0]
        asked.next += 1
        if asked.kind == _EXECUTE:
            self._drop()

    def _error(self, message: Message, now: float) -> None:
        code = next((part[1:] for part in message.body.split(b"\0") if part[:1] == b"C"), b"").decode(
            "ascii", "replace"
        )
        outcome = outcome_of(code)
        self._copying = False
        if not self._queue:
            if self._extended:  # it was not Synced yet
                said, since = self._parsed or (_SYNC, now)
                self._tell(_Asked(_EXECUTE, said, since, 0), now, message.end, outcome, code)
                self._failed, self._parsed = True, None
            return
        asked = self._queue[0]
        self._tell(asked, now, message.end, outcome, code)
        asked.next = len(asked.said.statements)
        if asked.kind == _CONNECT:
            self._drop()
        elif asked.kind == _EXECUTE:  # and whatever follows it up to the Sync
            while self._queue and self._queue[0].kind != _SYNCED:
                self._drop()
            self._failed = not self._queue

    def _drop(self) -> None:
        self._waiting -= self._queue.popleft().kind != _SYNCED

    def _ready(self, message: Message, now: float) -> None:
        if not self._queue or self._queue[0].kind == _EXECUTE:
            self._give_up(
                "it is ready although something is not answered" if self._queue else "it is ready unasked"
            )
            return
        asked = self._queue.popleft()
        if asked.kind == _CONNECT:
            self._tell(asked, now, message.end, Outcome.OK)
        self._waiting -= asked.kind != _SYNCED
        self.transaction = message.body.decode("ascii", "replace")
        self._heard = message.end

    def _takes_copy(self, _message: Message, _now: float) -> None:
        self._copying = True
        if self._queue and self._queue[0].kind == _EXECUTE:  # Syncs that came too early go unanswered
            while self._queue[-1].kind == _SYNCED:
                self._queue.pop()

    def _streams(self, _message: Message, _now: float) -> None:
        self._give_up("it is a replication")

    def _returned(self, message: Message, now: float) -> None:
        if self._queue:
            self._tell(self._queue[0], now, message.end, Outcome.OK)
            self._queue[0].next += 1

    def _notified(self, message: Message, now: float) -> None:
        channel, _, payload = message.body[4:].partition(b"\0")
        self._done.append(
            Operation(
                "NOTIFICATION",
                patterned(channel.decode("utf-8", "replace")),
                now,
                now,
                bytes_out=max(0, message.end - self._heard),
                kind=Kind.DELIVER,
                messages_out=1,
                payload=payload.partition(b"\0")[0][:MOST_PAYLOAD],
            )
        )
        self._heard = message.end

    # What is told.

    def _tell(
        self, asked: _Asked, now: float, heard: int, outcome: Outcome, code: str = "", *, tag: str = ""
    ) -> None:
        said, at = asked.said, asked.next
        if at < len(said.statements):
            statement = said.statements[at]
        else:  # more than was read of them
            statement = Statement(_word(tag)) if tag or not said.statements else said.statements[-1]
        name, rows = statement.name, _rows(tag)
        taken = name == "COPY" and asked.copied
        if name == "COMMIT" and tag == "ROLLBACK":
            outcome, code = Outcome.REFUSED, tag
        self._done.append(
            Operation(
                name,
                statement.target,
                asked.started,
                now,
                outcome,
                code,
                asked.sent,
                max(0, heard - self._heard),
                statement.kind,
                statement.detail,
                said.trace,
                said.parent,
                rows if taken else None,
                None if taken else rows,
            )
        )
        asked.started, asked.sent = now, 0
        self._heard = max(heard, self._heard)

    def _take(self) -> Sequence[Operation]:
        if not self._done:
            return ()
        done, self._done = self._done, []
        return done

    def _give_up(self, why: str) -> None:
        self.gave_up = self.gave_up or why
        self._stop()

    def _stop(self) -> None:
        """Nothing more is read, and nothing kept."""
        self._over, self._begins, self._waiting = True, False, 0
        self._queue.clear()
        self._prepared.clear()
        self._portals.clear()
        self._first.clear()


def _connection(parameters: Mapping[str, str]) -> Statement:
    user = parameters.get("user", "")
    program = parameters.get("application_name", "")
    detail = f"user {user}" + (f", {program}" if program else "")
    return Statement("CONNECT", patterned(parameters.get("database", "") or user), detail[:MOST_DETAIL])


def _word(tag: str) -> str:
    """The kind of what was done, by the server's word for it: ``INSERT 0 1`` is an INSERT."""
    return tag.rstrip("0123456789 ") or "EXECUTE"


def _rows(tag: str) -> int | None:
    number = tag.rpartition(" ")[2]
    return int(number) if number.isascii() and number.isdigit() else None


_Handler = Callable[[PostgresScanner, Message, float], None]
_WORDS: Final[Mapping[int, _Handler]] = {
    _QUERY: PostgresScanner._query,
    b"P"[0]: PostgresScanner._parse,
    b"B"[0]: PostgresScanner._bind,
    _EXECUTE: PostgresScanner._execute,
    b"C"[0]: PostgresScanner._close,
    _SYNCED: PostgresScanner._sync,
    _CALLED: PostgresScanner._call,
    b"c"[0]: PostgresScanner._copied,
    b"f"[0]: PostgresScanner._copied,
}
_ANSWERS: Final[Mapping[int, _Handler]] = {
    b"C"[0]: PostgresScanner._complete,
    b"I"[0]: PostgresScanner._complete,
    b"s"[0]: PostgresScanner._complete,
    b"E"[0]: PostgresScanner._error,
    b"Z"[0]: PostgresScanner._ready,
    b"G"[0]: PostgresScanner._takes_copy,
    b"W"[0]: PostgresScanner._streams,
    b"V"[0]: PostgresScanner._returned,
    b"A"[0]: PostgresScanner._notified,
}
