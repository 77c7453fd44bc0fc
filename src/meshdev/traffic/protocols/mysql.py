"""MySQL and MariaDB: commands as operations. Sans-IO.

The server speaks first. Commands are answered one after the other; what the head of the queue expects next:

| expects | then |
|---|---|
| LOGIN: OK, an error, or one more turn of the authentication | done |
| FIRST: OK, an error, a wish for a file (and then OK or an error), or the number of columns | done, or COLUMNS |
| COLUMNS, a packet each, and an EOF unless that is deprecated | ROWS |
| ROWS, a packet each, an EOF (or an OK in its place) or an error | done, or FIRST of the next result |
| PREPARED: so many packets about parameters and columns | done |
| ANY packet | done |

Of a text with several statements each result is an operation, unless there is a CALL among them, which may have any
number of results. ``messages_out`` are the rows that came, or that an OK tells as changed. Passwords, parameters and
rows are never kept.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols import mysql_packets as packets
from meshdev.traffic.protocols.mysql_commands import (
    LOGIN,
    PREPARE,
    UNANSWERED,
    Asked,
    Commands,
    Expects,
    most_of,
)
from meshdev.traffic.protocols.mysql_packets import Packet
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.traffic.protocols.sql_outcome import outcome_of
from meshdev.traffic.protocols.sql_tables import patterned
from meshdev.traffic.protocols.sql_text import Said, Statement

MOST_WAITING: Final = 10_000
_MOST_OF_ANSWER: Final = 512
_MOST_OF_LOGIN: Final = 1024
_CURSOR: Final = 1 << 6  # a status: rows come when they are fetched
_PROGRESS: Final = 0xFFFF  # the number of a MariaDB error that is none

_PASSED_OVER: Final = frozenset({Expects.COLUMNS, Expects.ROWS})


class MysqlScanner:
    """Reads one connection along."""

    name: ClassVar[str] = "mysql"

    __slots__ = (
        "_able",
        "_answered",
        "_asked",
        "_commands",
        "_deprecated",
        "_done",
        "_goes_on",
        "_greeted",
        "_logged_in",
        "_over",
        "_queue",
        "_skip_in",
        "_skip_out",
        "_steps",
        "_tail",
        "gave_up",
    )

    def __init__(self) -> None:
        self.gave_up = ""
        self._over = False
        self._greeted = False
        self._logged_in = False  # the caller has said whom it is
        self._able = 0  # what the callee can, then what both agreed upon
        self._deprecated = False  # there are no EOF packets
        self._asked = bytearray()  # what of a packet is there, of each side
        self._answered = bytearray()
        self._skip_in = self._skip_out = 0
        self._goes_on = False  # the callee's next packet is a part of the one before
        self._queue: deque[Asked] = deque()
        self._tail: Asked | None = None  # to whom the caller's further packets belong
        self._commands = Commands()
        self._done: list[Operation] = []
        self._steps: Mapping[Expects, Callable[[Asked, Packet, float], None]] = {
            Expects.LOGIN: self._in_login,
            Expects.FIRST: self._first,
            Expects.COLUMNS: self._in_columns,
            Expects.ROWS: self._in_rows,
            Expects.PREPARED: self._in_prepared,
            Expects.ANY: self._any,
        }

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        if self._over:
            return ()
        at, data = _resumed(self._asked, data, self._skip_in)
        self._skip_in -= min(self._skip_in, at)
        end = len(data)
        while end - at >= packets.HEAD and not self._over:
            length = int.from_bytes(data[at : at + 3], "little")
            body = at + packets.HEAD
            if self._logged_in and (data[at + 3] or not length):
                if self._tail is not None:
                    self._tail.sent += packets.HEAD + length
            else:
                if end == body and length:
                    break
                wanted = min(length, most_of(data[body]) if self._logged_in else _MOST_OF_LOGIN)
                if end - body < wanted:
                    break
                self._hear(Packet(data[body : body + wanted], length), now)
            at = body + length
            if at > end:
                self._skip_in, at = at - end, end
        if at < end:
            self._asked += data[at:]
        return self._take()

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's bytes."""
        if self._over:
            return ()
        at, data = _resumed(self._answered, data, self._skip_out)
        self._skip_out -= min(self._skip_out, at)
        end = len(data)
        while end - at >= packets.HEAD and not self._over:
            head = self._queue[0] if self._queue else None
            if head is not None and head.expects in _PASSED_OVER and not self._goes_on:
                at = self._pass_over(head, data, at)
                if end - at < packets.HEAD:
                    break
            length = int.from_bytes(data[at : at + 3], "little")
            body = at + packets.HEAD
            if self._goes_on:
                self._count(head, length)
            else:
                wanted = min(length, self._most_of_answer(head, data[body : body + 1]))
                if end - body < wanted:
                    break
                self._count(head, length)
                self._answer(Packet(data[body : body + wanted], length), now)
            self._goes_on = length == packets.WHOLE
            at = body + length
            if at > end:
                self._skip_out, at = at - end, end
        if at < end and not self._over:
            self._answered += data[at:]
        return self._take()

    def _pass_over(self, head: Asked, data: bytes, at: int) -> int:
        """Where the rows end, or all columns but the last, that are whole in ``data``."""
        rows = head.expects is Expects.ROWS
        behind, passed = packets.pass_over(data, at, len(data), len(data) if rows else head.left - 1)
        head.heard += behind - at
        if rows:
            head.rows = (head.rows or 0) + passed
        else:
            head.left -= passed
        return behind

    def lost(self, now: float) -> Sequence[Operation]:
        """What is asked and not answered."""
        for asked in self._queue:
            self._tell(asked, now, Outcome.LOST)
        self._stop()
        return self._take()

    def waiting(self) -> int:
        """How much is asked and not answered."""
        return len(self._queue)

    # What the caller says.

    def _hear(self, packet: Packet, now: float) -> None:
        if not self._logged_in:
            self._log_in(packet, now)
            return
        command = packet.body[0]
        if command in UNANSWERED:
            self._commands.unanswered(packet)
            self._tail = None
            return
        asked = self._commands.asked(packet, now)
        if asked is None:
            self._give_up(f"the command 0x{command:02x} is not read")
        elif len(self._queue) >= MOST_WAITING:
            self._give_up(f"more than {MOST_WAITING} commands wait for their answers")
        else:
            asked.sent = packets.HEAD + packet.length
            self._tail = asked
            self._queue.append(asked)

    def _log_in(self, packet: Packet, now: float) -> None:
        login = packets.login_of(packet.body)
        self._logged_in = True
        self._able &= login.capabilities
        self._deprecated = bool(self._able & packets.DEPRECATE_EOF)
        self._commands.attributes = bool(self._able & packets.QUERY_ATTRIBUTES)
        if not self._greeted:
            self._give_up("the caller speaks first")
        elif login.capabilities & packets.SSL:
            self._give_up("it is encrypted")
        elif not login.capabilities & packets.PROTOCOL_41:
            self._give_up("its protocol is older than MySQL 4.1")
        else:
            statement = Statement(
                "CONNECT", patterned(login.database), f"user {login.user}"[:_MOST_OF_ANSWER]
            )
            self._tail = Asked(LOGIN, Said((statement,)), now, Expects.LOGIN)
            self._tail.sent = packets.HEAD + packet.length
            self._queue.append(self._tail)

    # What the callee says.

    def _most_of_answer(self, head: Asked | None, first: bytes) -> int:
        """How much of a packet must be there for it to be read."""
        if head is not None and head.expects in {
            Expects.COLUMNS,
            Expects.PREPARED,
            Expects.ROWS,
            Expects.ANY,
        }:
            return _MOST_OF_ANSWER if first in {b"\xfe", b"\xff", b""} else 1
        return _MOST_OF_ANSWER

    def _count(self, head: Asked | None, length: int) -> None:
        if head is not None:
            head.heard += packets.HEAD + length

    def _answer(self, packet: Packet, now: float) -> None:
        if not self._greeted:
            self._greet(packet, now)
            return
        first = packet.body[0] if packet.body else packets.OK
        failure = packets.failure_of(packet.body) if first == packets.ERROR else None
        if failure is not None and failure.number == _PROGRESS:
            return
        if not self._queue:
            if failure is None:
                self._give_up("an answer that nobody asked for")
            return
        asked = self._queue[0]
        if failure is not None and asked.expects is not Expects.ANY:
            outcome = outcome_of(failure.sqlstate, failure.number)
            self._finish(asked, now, outcome, str(failure.number))
            return
        self._steps[asked.expects](asked, packet, now)

    def _greet(self, packet: Packet, now: float) -> None:
        if packet.body[:1] == b"\xff":
            failure = packets.failure_of(packet.body)
            outcome = outcome_of(failure.sqlstate or "08004", failure.number)
            self._done.append(Operation("CONNECT", "", now, now, outcome, str(failure.number)))
            self._stop()
            return
        greeting = packets.greeting_of(packet.body)
        if greeting is None:
            self._give_up("the callee does not begin as MySQL does")
        else:
            self._greeted = True
            self._able = greeting.capabilities

    def _in_login(self, asked: Asked, packet: Packet, now: float) -> None:
        if packet.body[:1] != b"\0":
            return
        self._finish(asked, now, Outcome.OK)
        if self._able & (packets.COMPRESS | packets.ZSTD):
            self._give_up("it is compressed")

    def _first(self, asked: Asked, packet: Packet, now: float) -> None:
        first = packet.body[0] if packet.body else packets.OK
        if first == packets.LOCAL_FILE:
            return
        shortened = bool(self._able & packets.OPTIONAL_METADATA) and packet.length < len("ok packet")
        if first == packets.OK and asked.command == PREPARE:
            self._prepare(asked, packet, now)
        elif (first == packets.OK and not shortened) or first == packets.EOF:
            status, changed = packets.status_of(packet)
            asked.rows = (asked.rows or 0) + changed
            self._result(asked, now, status)
        else:
            self._columns_begin(asked, packet, optional=shortened)

    def _prepare(self, asked: Asked, packet: Packet, now: float) -> None:
        body = packet.body
        self._commands.prepared(int.from_bytes(body[1:5], "little"))
        ends = 0 if self._deprecated else 1
        counts = (int.from_bytes(body[5:7], "little"), int.from_bytes(body[7:9], "little"))
        told = not self._able & packets.OPTIONAL_METADATA or body[12:13] != b"\0"
        asked.left = sum(count + ends for count in counts if count) if told else 0
        asked.expects = Expects.PREPARED
        if not asked.left:
            self._finish(asked, now, Outcome.OK)

    def _columns_begin(self, asked: Asked, packet: Packet, *, optional: bool) -> None:
        told = True
        if optional:
            told = packet.body[0] != 0
            count, _ = packets.integer(packet.body, 1)
        else:
            count, at = packets.integer(packet.body, 0)
            if self._able & packets.MARIADB_CACHE_METADATA:
                told = packet.body[at : at + 1] != b"\0"
        asked.left = (count if told else 0) + (not self._deprecated)
        asked.expects = Expects.COLUMNS if asked.left else Expects.ROWS
        asked.rows = asked.rows or 0

    def _in_columns(self, asked: Asked, packet: Packet, now: float) -> None:
        asked.left -= 1
        if asked.left:
            return
        asked.expects = Expects.ROWS
        if not self._deprecated:
            status, _ = packets.status_of(packet)
            if status & _CURSOR:
                self._result(asked, now, status)

    def _in_rows(self, asked: Asked, packet: Packet, now: float) -> None:
        if packets.is_end(packet, deprecated=self._deprecated):
            status, _ = packets.status_of(packet)
            self._result(asked, now, status)
        else:
            asked.rows = (asked.rows or 0) + 1

    def _in_prepared(self, asked: Asked, _packet: Packet, now: float) -> None:
        asked.left -= 1
        if not asked.left:
            self._finish(asked, now, Outcome.OK)

    def _any(self, asked: Asked, _packet: Packet, now: float) -> None:
        self._finish(asked, now, Outcome.OK)

    def _result(self, asked: Asked, now: float, status: int) -> None:
        """One result is there."""
        if not status & packets.MORE_RESULTS:
            self._finish(asked, now, Outcome.OK)
            return
        asked.expects = Expects.FIRST
        if asked.apart:
            self._tell(asked, now, Outcome.OK)

    # What is told.

    def _finish(self, asked: Asked, now: float, outcome: Outcome, code: str = "") -> None:
        self._tell(asked, now, outcome, code)
        self._queue.popleft()

    def _tell(self, asked: Asked, now: float, outcome: Outcome, code: str = "") -> None:
        statements = asked.said.statements
        statement = statements[min(asked.next, len(statements) - 1)] if statements else Statement("EXECUTE")
        self._done.append(
            Operation(
                statement.name,
                statement.target,
                asked.started,
                now,
                outcome,
                code,
                asked.sent,
                asked.heard,
                statement.kind,
                statement.detail,
                asked.said.trace,
                asked.said.parent,
                messages_out=asked.rows,
            )
        )
        asked.next += 1
        asked.started, asked.sent, asked.heard, asked.rows = now, 0, 0, None

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
        self._over = True
        self._queue.clear()
        self._commands = Commands()
        self._asked.clear()
        self._answered.clear()
        self._tail = None


def _resumed(kept: bytearray, data: bytes, skip: int) -> tuple[int, bytes]:
    """What there is to be read: behind what is skipped, or from what was kept on."""
    if skip:
        return min(skip, len(data)), data
    if kept:
        kept += data
        data = bytes(kept)
        kept.clear()
    return 0, data
