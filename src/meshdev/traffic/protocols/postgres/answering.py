"""Statements of PostgreSQL that fail by an error from here, the server keeping its state as if it had been its own.

In a statement's place the server is told to execute what does not exist, by a name that is new each time: a prepared
statement (simple protocol), or a portal (extended). So it fails, and does what follows from that: the transaction is
aborted, what was asked up to the next Sync is skipped, an implicit transaction rolled back. The error names what does
not exist, and is replaced by the one that was wanted, whatever else is in the pipeline.

A COMMIT that fails has ended its transaction, so a ROLLBACK goes before it, whose answers the caller does not see. In a
transaction that has failed already the server says no itself.
"""

import re
import struct
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from meshdev.traffic.protocols.answering import Hear, Refusal, Waiting, Whole
from meshdev.traffic.protocols.cutting import Cutter, LostPlaceError, Message, Piece, Unit
from meshdev.traffic.protocols.postgres.frames import HEAD
from meshdev.traffic.protocols.postgres.queue import EXECUTE, QUERY, Asked
from meshdev.traffic.protocols.postgres.startup import First, beginning
from meshdev.traffic.protocols.sql.errors import postgres_state

if TYPE_CHECKING:
    from meshdev.traffic.protocols.postgres.scanner import PostgresScanner

_HEADER: Final = struct.Struct("!BI")
_LEAST: Final = 4
_ASKING: Final = frozenset({QUERY, EXECUTE})
_ERROR: Final = ord("E")
_SHORT: Final = frozenset(b"123C")  # what a ROLLBACK is answered by: parsed, bound, closed, done
_LOOKED_AT: Final = _SHORT | {_ERROR}
_OURS: Final = re.compile(rb"meshdev:([0-9]+):")
_STATEMENT: Final = b"meshdev"
_FAILED: Final = "E"


class _Borders(Whole):
    """Where messages end; those of the kinds in ``wanted`` are kept until they are whole."""

    __slots__ = ("_begins", "_wanted")

    def __init__(self, wanted: frozenset[int], *, begins: bool = False) -> None:
        self._wanted = wanted
        self._begins = begins

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The message at ``at``."""
        if self._begins:
            return self._first(data[at:])
        if len(data) - at < HEAD:
            return None
        kind, length = _HEADER.unpack_from(data, at)
        if length < _LEAST:
            raise LostPlaceError
        return Unit(1 + length, Message("") if kind in self._wanted else None)

    def _first(self, data: bytes) -> Unit | None:
        found = beginning(data)
        if found is None:
            return None
        if found.first is First.FOREIGN:
            raise LostPlaceError
        self._begins = found.first is First.ENCRYPT
        return Unit(found.length)


class _Refused(NamedTuple):
    """What the caller is to hear, and how many messages before it are not for the caller."""

    answer: bytes
    hidden: int


class PostgresAnswering:
    """Stands between the two ends of one connection."""

    __slots__ = ("_answers", "_asked", "_held", "_known", "_numbers", "_refused", "_scanner")

    def __init__(self, scanner: "PostgresScanner") -> None:
        self._scanner = scanner
        caller = scanner.caller
        borders = _Borders(_ASKING, begins=caller.begins)
        out, skip = caller.place()
        self._asked = Cutter(borders, out=out, skip=skip)
        self._answers: Cutter | None = None
        self._known = self._last()
        self._refused: dict[bytes, _Refused] = {}
        self._held: list[bytes] = []  # answers of the callee that may be to a ROLLBACK of ours
        self._numbers = count(1)

    def __repr__(self) -> str:
        return f"<PostgresAnswering, {len(self._refused)} refused>"

    @property
    def lost(self) -> bool:
        """Whether it cannot be read any more: all passes as it is."""
        return bool(self._scanner.gave_up)

    @property
    def refusing(self) -> bool:
        """Whether the server has yet to answer what it was told in a statement's place."""
        return bool(self._refused)

    def cut(self, data: bytes) -> list[Piece]:
        """The caller's messages."""
        return self._asked.cut(data)

    def rest(self) -> bytes:
        """What is kept of them."""
        return self._asked.rest()

    def newest(self) -> Waiting | None:
        """The statement that was asked last, by either protocol, unless the server will say no itself."""
        last = self._last()
        if last is None or last is self._known:
            return None
        self._known = last
        failed = self._scanner.transaction == _FAILED
        return last if last.kind in _ASKING and not failed else None

    def refuse(self, waiting: Waiting, data: bytes, error: Refusal) -> bytes:
        """What makes the server fail instead."""
        number = b"%d" % next(self._numbers)
        name = b"meshdev:%b:" % number
        statements = waiting.said.statements
        ends = self._scanner.transaction == "T" and [one.name for one in statements] == ["COMMIT"]
        simple = data[0] == QUERY
        self._refused[number] = _Refused(_error(error), 0 if not ends else 1 if simple else 4)
        if self._answers is None:
            out, skip = self._scanner.answered_place()
            self._answers = Cutter(_Borders(_LOOKED_AT), out=out, skip=skip)
        if simple:
            return _message("Q", b'%bEXECUTE "%b"\0' % (b"ROLLBACK; " if ends else b"", name))
        return (_ROLLBACK if ends else b"") + _message("E", name + b"\0" + bytes(4))

    def answered(self, data: bytes, hear: Hear) -> bytes:
        """The server's messages, with errors that were wanted in the place of its own."""
        if self._answers is None:
            hear(data)
            return data
        for piece in self._answers.cut(data):
            self._answer(piece)
        self._tidy()
        said = self._take()
        hear(said)
        if self._refused and not self._scanner.waits:  # the rest of a pipeline was skipped
            self._refused.clear()
            self._tidy()
            more = self._take()
            hear(more)
            said += more
        return said

    def _last(self) -> Asked | None:
        return self._scanner.last_asked

    def _answer(self, piece: Piece) -> None:
        data = piece.data
        if piece.message is None or data[0] != _ERROR:
            self._held.append(data)
            return
        found = _OURS.search(data)
        refused = self._refused.pop(found[1], None) if found is not None else None
        if refused is None:
            self._held.append(data)
            return
        if refused.hidden:
            del self._held[-refused.hidden :]
        self._held.append(refused.answer)

    def _take(self) -> bytes:
        """What the caller hears now: all but what may be hidden by what follows."""
        at = len(self._held)
        most = max((one.hidden for one in self._refused.values()), default=0)
        while most and at and self._held[at - 1][0] in _SHORT:
            at -= 1
            most -= 1
        said = b"".join(self._held[:at])
        del self._held[:at]
        return said

    def _tidy(self) -> None:
        """Nothing is awaited any more: the rest passes as it is."""
        if not self._refused and self._answers is not None:
            self._held.append(self._answers.rest())
            self._answers = None


def _message(kind: str, body: bytes) -> bytes:
    return _HEADER.pack(ord(kind), _LEAST + len(body)) + body


def _error(error: Refusal) -> bytes:
    fields = {
        "S": "ERROR",
        "V": "ERROR",
        "C": postgres_state(error.code),
        "M": error.message,
        "R": f"meshdev {error.fault}",
    }
    said = [f"{field}{text}".encode().replace(b"\0", b"") + b"\0" for field, text in fields.items()]
    return _message("E", b"".join(said) + b"\0")


_ROLLBACK: Final = b"".join(
    (
        _message("C", b"S" + _STATEMENT + b"\0"),
        _message("P", _STATEMENT + b"\0ROLLBACK\0" + bytes(2)),
        _message("B", b"\0" + _STATEMENT + b"\0" + bytes(6)),
        _message("E", b"\0" + bytes(4)),
    )
)
