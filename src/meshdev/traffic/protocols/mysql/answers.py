"""The callee's half of a MySQL connection: its packets answer the commands that wait, one after the other."""

from collections import deque
from typing import TYPE_CHECKING, Final

from meshdev.traffic.protocols.mysql import packets
from meshdev.traffic.protocols.mysql.commands import PREPARE, Asked, Commands, Expects
from meshdev.traffic.protocols.mysql.packets import Packet
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.traffic.protocols.sql.outcome import outcome_of
from meshdev.traffic.protocols.sql.text import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST: Final = 512  # bytes of a packet that are read
_CURSOR: Final = 1 << 6  # a status: rows come when they are fetched
_PROGRESS: Final = 0xFFFF  # the number of a MariaDB error that is none
_PASSED_OVER: Final = frozenset({Expects.COLUMNS, Expects.ROWS})
_OF_NO_INTEREST: Final = frozenset({Expects.COLUMNS, Expects.PREPARED, Expects.ROWS, Expects.ANY})


class Answers:
    """What waits for an answer (``queue``), and what is done.

    ``able`` is what the callee can, then what both sides agreed upon; ``deprecated``: there are no EOF packets.
    ``over`` says that nothing follows, ``foreign`` why it cannot be read.
    """

    __slots__ = ("_steps", "able", "commands", "deprecated", "done", "foreign", "greeted", "over", "queue")

    def __init__(self) -> None:
        self.over = False
        self.foreign = ""
        self.greeted = False
        self.able = 0
        self.deprecated = False
        self.queue: deque[Asked] = deque()
        self.done: list[Operation] = []
        self.commands = Commands()
        self._steps: Mapping[Expects, Callable[[Asked, Packet, float], None]] = {
            Expects.LOGIN: self._in_login,
            Expects.FIRST: self._first,
            Expects.COLUMNS: self._in_columns,
            Expects.ROWS: self._in_rows,
            Expects.PREPARED: self._in_prepared,
            Expects.ANY: self._any,
        }

    def stop(self, why: str) -> None:
        """It cannot be read any more."""
        self.over = True
        self.foreign = self.foreign or why

    def pass_over(self, data: bytes, at: int) -> int:
        """Where the rows end, or all columns but the last, that are whole in ``data`` behind ``at``."""
        head = self.queue[0] if self.queue else None
        if head is None or head.expects not in _PASSED_OVER:
            return at
        rows = head.expects is Expects.ROWS
        behind, passed = packets.pass_over(data, at, len(data), len(data) if rows else head.left - 1)
        head.heard += behind - at
        if rows:
            head.rows = (head.rows or 0) + passed
        else:
            head.left -= passed
        return behind

    def most_of(self, first: bytes) -> int:
        """How much of a packet must be there for it to be read."""
        if self.queue and self.queue[0].expects in _OF_NO_INTEREST:
            return _MOST if first in {b"\xfe", b"\xff", b""} else 1
        return _MOST

    def count(self, length: int) -> None:
        """A packet of that length belongs to what is answered."""
        if self.queue:
            self.queue[0].heard += packets.HEAD + length

    def answer(self, packet: Packet, now: float) -> None:
        """The callee's next packet, which is no part of the one before."""
        if not self.greeted:
            self._greet(packet, now)
            return
        first = packet.body[0] if packet.body else packets.OK
        failure = packets.failure_of(packet.body) if first == packets.ERROR else None
        if failure is not None and failure.number == _PROGRESS:
            return
        if not self.queue:
            if failure is None:
                self.stop("an answer that nobody asked for")
            return
        asked = self.queue[0]
        if failure is not None and asked.expects is not Expects.ANY:
            outcome = outcome_of(failure.sqlstate, failure.number)
            self._finish(asked, now, outcome, str(failure.number))
            return
        self._steps[asked.expects](asked, packet, now)

    def _greet(self, packet: Packet, now: float) -> None:
        if packet.body[:1] == b"\xff":
            failure = packets.failure_of(packet.body)
            outcome = outcome_of(failure.sqlstate or "08004", failure.number)
            self.done.append(Operation("CONNECT", "", now, now, outcome, str(failure.number)))
            self.over = True
            return
        greeting = packets.greeting_of(packet.body)
        if greeting is None:
            self.stop("the callee does not begin as MySQL does")
        else:
            self.greeted = True
            self.able = greeting.capabilities

    def _in_login(self, asked: Asked, packet: Packet, now: float) -> None:
        if packet.body[:1] != b"\0":
            return
        self._finish(asked, now, Outcome.OK)
        if self.able & (packets.COMPRESS | packets.ZSTD):
            self.stop("it is compressed")

    def _first(self, asked: Asked, packet: Packet, now: float) -> None:
        first = packet.body[0] if packet.body else packets.OK
        if first == packets.LOCAL_FILE:
            return
        shortened = bool(self.able & packets.OPTIONAL_METADATA) and packet.length < len("ok packet")
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
        self.commands.prepared(int.from_bytes(body[1:5], "little"))
        ends = 0 if self.deprecated else 1
        counts = (int.from_bytes(body[5:7], "little"), int.from_bytes(body[7:9], "little"))
        told = not self.able & packets.OPTIONAL_METADATA or body[12:13] != b"\0"
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
            if self.able & packets.MARIADB_CACHE_METADATA:
                told = packet.body[at : at + 1] != b"\0"
        asked.left = (count if told else 0) + (not self.deprecated)
        asked.expects = Expects.COLUMNS if asked.left else Expects.ROWS
        asked.rows = asked.rows or 0

    def _in_columns(self, asked: Asked, packet: Packet, now: float) -> None:
        asked.left -= 1
        if asked.left:
            return
        asked.expects = Expects.ROWS
        if not self.deprecated:
            status, _ = packets.status_of(packet)
            if status & _CURSOR:
                self._result(asked, now, status)

    def _in_rows(self, asked: Asked, packet: Packet, now: float) -> None:
        if packets.is_end(packet, deprecated=self.deprecated):
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
            self.tell(asked, now, Outcome.OK)

    def _finish(self, asked: Asked, now: float, outcome: Outcome, code: str = "") -> None:
        self.tell(asked, now, outcome, code)
        self.queue.popleft()

    def tell(self, asked: Asked, now: float, outcome: Outcome, code: str = "") -> None:
        """What is asked, or its next statement, has ended."""
        statements = asked.said.statements
        statement = statements[min(asked.next, len(statements) - 1)] if statements else Statement("EXECUTE")
        self.done.append(
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
                faults=asked.faults,
                by=asked.by,
            )
        )
        asked.next += 1
        asked.started, asked.sent, asked.heard, asked.rows = now, 0, 0, None
