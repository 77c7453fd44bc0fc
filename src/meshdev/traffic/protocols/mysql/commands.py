"""MySQL's commands: what each asks for, and what is expected as its answer."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from meshdev.traffic.protocols.mysql import packets
from meshdev.traffic.protocols.mysql.packets import Packet
from meshdev.traffic.protocols.sql.shape import Dialect
from meshdev.traffic.protocols.sql.tables import patterned
from meshdev.traffic.protocols.sql.text import MOST_TEXT, Said, Statement, keep, read
from meshdev.traffic.trace_context import ids_at

_MOST_OF_TEXT: Final = 1 + MOST_TEXT
_MOST_OF_OTHERS: Final = 64
LAST: Final = 0xFFFFFFFF  # MariaDB: the statement that was prepared last


class Expects(Enum):
    """What comes next for a command; see above."""

    LOGIN = auto()
    FIRST = auto()
    COLUMNS = auto()
    ROWS = auto()
    PREPARED = auto()
    ANY = auto()


_INIT_DB, _QUERY, PREPARE, _EXECUTE, _CLOSE, _BULK, LOGIN = 0x02, 0x03, 0x16, 0x17, 0x19, 0xFA, 0x11
UNANSWERED: Final = frozenset({0x01, 0x18, _CLOSE})  # QUIT, SEND_LONG_DATA
_TEXTS: Final = frozenset({_QUERY, PREPARE})
STATEMENTS: Final = frozenset({_QUERY, PREPARE, _EXECUTE, _BULK})  # what asks for some
_OTHERS: Final[Mapping[int, tuple[str, Expects]]] = {
    0x04: ("FIELD LIST", Expects.ROWS),
    0x05: ("CREATE DATABASE", Expects.FIRST),
    0x06: ("DROP DATABASE", Expects.FIRST),
    0x07: ("REFRESH", Expects.FIRST),
    0x08: ("SHUTDOWN", Expects.FIRST),
    0x09: ("STATISTICS", Expects.ANY),
    0x0A: ("PROCESS INFO", Expects.FIRST),
    0x0C: ("KILL", Expects.FIRST),
    0x0D: ("DEBUG", Expects.FIRST),
    0x0E: ("PING", Expects.FIRST),
    LOGIN: ("CHANGE USER", Expects.LOGIN),
    0x1A: ("RESET STATEMENT", Expects.FIRST),
    0x1B: ("SET OPTION", Expects.FIRST),
    0x1C: ("FETCH", Expects.ROWS),
    0x1F: ("RESET CONNECTION", Expects.FIRST),
}


class Asked:
    """A command that is asked and not answered yet; bytes are of whole packets."""

    __slots__ = (
        "by",
        "command",
        "expects",
        "faults",
        "heard",
        "left",
        "next",
        "rows",
        "said",
        "sent",
        "started",
    )

    def __init__(self, command: int, said: Said, started: float, expects: Expects) -> None:
        self.command = command
        self.said = said
        self.started = started
        self.expects = expects
        self.left = 0  # packets, until what it expects is over
        self.next = 0  # of the statements
        self.rows: int | None = None
        self.sent = self.heard = 0
        self.faults: tuple[str, ...] = ()
        self.by = ""

    @property
    def apart(self) -> bool:
        """Whether each result is of a statement of its own."""
        statements = self.said.statements
        return len(statements) > 1 and all(one.name != "CALL" for one in statements)


class Commands:
    """The caller's commands, and what it has prepared."""

    __slots__ = ("_last", "_prepared", "attributes")

    def __init__(self) -> None:
        self.attributes = False  # whether queries have some
        self._prepared: dict[int, Said] = {}
        self._last = Said(())

    def asked(self, packet: Packet, now: float) -> Asked | None:
        """What the command in ``packet`` asks for; None when it is none that is read (and none of `UNANSWERED`)."""
        command = packet.body[0]
        if command in _TEXTS:
            said = self._text(packet.body, attributes=command == _QUERY)
            if command == PREPARE:
                self._last = said
                said = Said((said.statements[0]._replace(name="PREPARE"),), said.trace, said.parent)
            return Asked(command, said, now, Expects.FIRST)
        if command in {_EXECUTE, _BULK}:
            number = int.from_bytes(packet.body[1:5], "little")
            said = self._last if number == LAST else self._prepared.get(number, Said(()))
            return Asked(command, said, now, Expects.FIRST)
        if command == _INIT_DB:
            database = packet.body[1:].decode("utf-8", "replace")
            return Asked(command, Said((Statement("USE", patterned(database)),)), now, Expects.FIRST)
        if command not in _OTHERS:
            return None
        name, expects = _OTHERS[command]
        if command == LOGIN:
            self._prepared.clear()
        return Asked(command, Said((Statement(name),)), now, expects)

    def prepared(self, number: int) -> None:
        """What was prepared last has this number."""
        keep(self._prepared, number, self._last)

    def unanswered(self, packet: Packet) -> None:
        """A command of `UNANSWERED`: a prepared statement may be closed."""
        if packet.body[0] == _CLOSE:
            self._prepared.pop(int.from_bytes(packet.body[1:5], "little"), None)

    def _text(self, body: bytes, *, attributes: bool) -> Said:
        begin, trace = 1, b""
        if attributes and self.attributes:
            behind, trace = packets.behind_attributes(body[1:])
            begin += behind
        said = read(body[begin:], Dialect.MYSQL)
        if not said.statements:
            said = said._replace(statements=(Statement("EMPTY"),))
        return Said(said.statements, *ids_at(trace, 0, len(trace))) if trace else said


def most_of(command: int) -> int:
    """How much of a command's packet is read."""
    return _MOST_OF_TEXT if command in _TEXTS else _MOST_OF_OTHERS
