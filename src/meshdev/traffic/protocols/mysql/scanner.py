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

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from meshdev.traffic.protocols.mysql import packets
from meshdev.traffic.protocols.mysql.answers import Answers
from meshdev.traffic.protocols.mysql.commands import LOGIN, UNANSWERED, Asked, Expects, most_of
from meshdev.traffic.protocols.mysql.packets import Packet
from meshdev.traffic.protocols.operation import MOST_DETAIL, Operation, Outcome
from meshdev.traffic.protocols.sql.tables import patterned
from meshdev.traffic.protocols.sql.text import Said, Statement

if TYPE_CHECKING:
    from meshdev.traffic.protocols.mysql.answering import MysqlAnswering

MOST_WAITING: Final = 10_000
_MOST_OF_LOGIN: Final = 1024


class MysqlScanner:
    """Reads one connection along."""

    name: ClassVar[str] = "mysql"

    __slots__ = (
        "_answered",
        "_answers",
        "_asked",
        "_goes_on",
        "_logged_in",
        "_skip_in",
        "_skip_out",
        "_tail",
        "gave_up",
    )

    def __init__(self) -> None:
        self.gave_up = ""
        self._logged_in = False  # the caller has said whom it is
        self._answers = Answers()
        self._asked = bytearray()  # what of a packet is there, of each side
        self._answered = bytearray()
        self._skip_in = self._skip_out = 0
        self._goes_on = False  # the callee's next packet is a part of the one before
        self._tail: Asked | None = None  # to whom the caller's further packets belong

    @property
    def first_asked(self) -> Asked | None:
        """What is answered next."""
        queue = self._answers.queue
        return queue[0] if queue else None

    @property
    def last_asked(self) -> Asked | None:
        """What waits for an answer, and was asked last."""
        queue = self._answers.queue
        return queue[-1] if queue else None

    def asked_place(self) -> tuple[bytes, int]:
        """What has passed of a packet of the caller's that is not read yet, or how much of one is still to come."""
        return bytes(self._asked), self._skip_in

    def answered_place(self) -> tuple[bytes, int]:
        """The same of the callee's."""
        return bytes(self._answered), self._skip_out

    def answering(self) -> "MysqlAnswering":
        """Who answers statements from here, from where the connection is."""
        from meshdev.traffic.protocols.mysql.answering import MysqlAnswering  # noqa: PLC0415 - most never need it

        return MysqlAnswering(self)

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        if self._answers.over:
            return ()
        at, data = _resumed(self._asked, data, self._skip_in)
        self._skip_in -= min(self._skip_in, at)
        end = len(data)
        while end - at >= packets.HEAD and not self._answers.over:
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
        answers = self._answers
        if answers.over:
            return ()
        at, data = _resumed(self._answered, data, self._skip_out)
        self._skip_out -= min(self._skip_out, at)
        end = len(data)
        while end - at >= packets.HEAD and not answers.over:
            if not self._goes_on:
                at = answers.pass_over(data, at)
                if end - at < packets.HEAD:
                    break
            length = int.from_bytes(data[at : at + 3], "little")
            body = at + packets.HEAD
            if self._goes_on:
                answers.count(length)
            else:
                wanted = min(length, answers.most_of(data[body : body + 1]))
                if end - body < wanted:
                    break
                answers.count(length)
                answers.answer(Packet(data[body : body + wanted], length), now)
            self._goes_on = length == packets.WHOLE
            at = body + length
            if at > end:
                self._skip_out, at = at - end, end
        if at < end:
            self._answered += data[at:]
        return self._take()

    def lost(self, now: float) -> Sequence[Operation]:
        """What is asked and not answered."""
        for asked in self._answers.queue:
            self._answers.tell(asked, now, Outcome.LOST)
        self._answers.over = True
        return self._take()

    def waiting(self) -> int:
        """How much is asked and not answered."""
        return len(self._answers.queue)

    def _hear(self, packet: Packet, now: float) -> None:
        answers = self._answers
        if not self._logged_in:
            self._log_in(packet, now)
            return
        command = packet.body[0]
        if command in UNANSWERED:
            answers.commands.unanswered(packet)
            self._tail = None
            return
        asked = answers.commands.asked(packet, now)
        if asked is None:
            answers.stop(f"the command 0x{command:02x} is not read")
        elif len(answers.queue) >= MOST_WAITING:
            answers.stop(f"more than {MOST_WAITING} commands wait for their answers")
        else:
            self._ask(asked, packet)

    def _log_in(self, packet: Packet, now: float) -> None:
        answers = self._answers
        login = packets.login_of(packet.body)
        self._logged_in = True
        answers.able &= login.capabilities
        answers.deprecated = bool(answers.able & packets.DEPRECATE_EOF)
        answers.commands.attributes = bool(answers.able & packets.QUERY_ATTRIBUTES)
        if not answers.greeted:
            answers.stop("the caller speaks first")
        elif login.capabilities & packets.SSL:
            answers.stop("it is encrypted")
        elif not login.capabilities & packets.PROTOCOL_41:
            answers.stop("its protocol is older than MySQL 4.1")
        else:
            statement = Statement("CONNECT", patterned(login.database), f"user {login.user}"[:MOST_DETAIL])
            self._ask(Asked(LOGIN, Said((statement,)), now, Expects.LOGIN), packet)

    def _ask(self, asked: Asked, packet: Packet) -> None:
        asked.sent = packets.HEAD + packet.length
        self._tail = asked
        self._answers.queue.append(asked)

    def _take(self) -> Sequence[Operation]:
        """What is done; once nothing more is read, nothing is kept."""
        answers = self._answers
        done, answers.done = answers.done, []
        if answers.over:
            self.gave_up = self.gave_up or answers.foreign
            self._answers = Answers()
            self._answers.over = True
            self._asked.clear()
            self._answered.clear()
            self._tail = None
        return done


def _resumed(kept: bytearray, data: bytes, skip: int) -> tuple[int, bytes]:
    """What there is to be read: behind what is skipped, or from what was kept on."""
    if skip:
        return min(skip, len(data)), data
    if kept:
        kept += data
        data = bytes(kept)
        kept.clear()
    return 0, data
