"""Statements of MySQL that fail by an error from here, the server keeping its state as if it had been its own.

In a statement's place the server is told something that does nothing and is answered by a single OK: to reset the
prepared statement (so that long data sent for it is gone, too), else a ping. That OK becomes the error, under its
number in the sequence. A deadlock, and a COMMIT that fails, have ended their transaction, so for those it is a
ROLLBACK. Answers come in the order of the commands, and the scanner knows to which the next one belongs.
"""

import struct
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from meshdev.traffic.protocols.answering import Hear, Refusal, Waiting, Whole
from meshdev.traffic.protocols.cutting import Cutter, Message, Piece, Unit
from meshdev.traffic.protocols.mysql import packets
from meshdev.traffic.protocols.mysql.commands import LAST, STATEMENTS, Asked
from meshdev.traffic.protocols.sql.errors import DEADLOCK, mysql_error

if TYPE_CHECKING:
    from meshdev.traffic.protocols.mysql.scanner import MysqlScanner

_PING: Final = b"\x0e"
_RESET: Final = b"\x1a"
_ROLLBACK: Final = b"\x03ROLLBACK"
_EXECUTE: Final = 0x17
_NUMBER: Final = struct.Struct("<H")
_MOST_TEXT: Final = 512  # of a message, as clients have it


class _Commands(Whole):
    """Where the caller's packets end; statements are kept until they are whole."""

    __slots__ = ()

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The packet at ``at``."""
        size = _size(data, at)
        if size is None or (size > packets.HEAD and len(data) - at <= packets.HEAD):
            return None
        asks = size > packets.HEAD and not data[at + 3] and data[at + packets.HEAD] in STATEMENTS
        whole = size - packets.HEAD < packets.WHOLE
        return Unit(size, Message("") if asks and whole else None)


class _Answers(Whole):
    """Where the callee's packets end; all are kept until they are whole."""

    __slots__ = ()

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The packet at ``at``."""
        size = _size(data, at)
        return None if size is None else Unit(size, Message(""))


def _size(data: bytes, at: int) -> int | None:
    if len(data) - at < packets.HEAD:
        return None
    return packets.HEAD + int.from_bytes(data[at : at + 3], "little")


class _Refused(NamedTuple):
    """Whose answer becomes which error."""

    asked: Waiting
    body: bytes


class MysqlAnswering:
    """Stands between the two ends of one connection."""

    __slots__ = ("_answers", "_asked", "_known", "_refused", "_scanner")

    def __init__(self, scanner: "MysqlScanner") -> None:
        self._scanner = scanner
        out, skip = scanner.asked_place()
        self._asked = Cutter(_Commands(), out=out, skip=skip)
        self._answers: Cutter | None = None
        self._known = self._last()
        self._refused: deque[_Refused] = deque()

    def __repr__(self) -> str:
        return f"<MysqlAnswering, {len(self._refused)} refused>"

    @property
    def lost(self) -> bool:
        """Whether it cannot be read any more: all passes as it is."""
        return bool(self._scanner.gave_up)

    @property
    def refusing(self) -> bool:
        """Whether the server has yet to answer what it was told in a statement's place."""
        return bool(self._refused)

    def cut(self, data: bytes) -> list[Piece]:
        """The caller's packets."""
        return self._asked.cut(data)

    def rest(self) -> bytes:
        """What is kept of them."""
        return self._asked.rest()

    def newest(self) -> Waiting | None:
        """The statement that was asked last."""
        last = self._last()
        if last is None or last is self._known:
            return None
        self._known = last
        return last if last.command in STATEMENTS else None

    def refuse(self, waiting: Waiting, data: bytes, error: Refusal) -> bytes:
        """What the server does instead."""
        number, state = mysql_error(error.code)
        text = error.message.encode()[:_MOST_TEXT]
        body = bytes((packets.ERROR,)) + _NUMBER.pack(number) + b"#" + state.encode() + text
        self._refused.append(_Refused(waiting, body))
        if self._answers is None:
            out, skip = self._scanner.answered_place()
            self._answers = Cutter(_Answers(), out=out, skip=skip)
        identity = data[packets.HEAD + 1 : packets.HEAD + 5]
        if number == DEADLOCK or any(one.name == "COMMIT" for one in waiting.said.statements):
            command = _ROLLBACK
        elif data[packets.HEAD] == _EXECUTE and identity != LAST.to_bytes(4, "little"):
            command = _RESET + identity
        else:
            command = _PING
        return len(command).to_bytes(3, "little") + b"\0" + command

    def answered(self, data: bytes, hear: Hear) -> bytes:
        """The server's packets, with errors in the place of what it said to that."""
        if self._answers is None:
            hear(data)
            return data
        said = []
        for piece in self._answers.cut(data):
            answer = self._answer(piece)
            hear(answer)  # one by one: it has to know whose the next one is
            said.append(answer)
        if not self._refused or self.lost:
            self._refused.clear()
            rest = self._answers.rest()
            self._answers = None
            if rest:
                hear(rest)
                said.append(rest)
        return b"".join(said)

    def _last(self) -> Asked | None:
        return self._scanner.last_asked

    def _answer(self, piece: Piece) -> bytes:
        head = self._scanner.first_asked
        if piece.message is None or not self._refused or self._refused[0].asked is not head:
            return piece.data
        body = self._refused.popleft().body
        if piece.data[packets.HEAD : packets.HEAD + 1] != bytes((packets.OK,)):
            return piece.data
        return len(body).to_bytes(3, "little") + piece.data[3:4] + body
