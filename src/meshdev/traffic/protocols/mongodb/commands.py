"""MongoDB's commands and answers, as far as they are told: what a command is about, how it ended."""

import re
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Final, NamedTuple

from meshdev.traffic.protocols.key_pattern import key_pattern
from meshdev.traffic.protocols.mongodb.bson import ARRAY, INT32, number, text
from meshdev.traffic.protocols.operation import Operation, Outcome

_ON_COLLECTION: Final = frozenset(
    """
    aggregate bulkWrite collMod collStats compact convertToCapped count create createIndexes createSearchIndexes
    delete distinct drop dropIndexes find findAndModify findandmodify insert killCursors listIndexes mapReduce
    update validate
    """.split()  # noqa: SIM905 - easier to read so
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")
_CODES: Final = {
    11000: "DuplicateKey", 121: "DocumentValidationFailure", 66: "ImmutableField", 2: "BadValue", 9: "FailedToParse",
    13: "Unauthorized", 112: "WriteConflict", 20: "IllegalOperation", 52: "DollarPrefixedFieldName",
    64: "WriteConcernFailed",
}  # fmt: skip
_SERVERS_FAULT: Final = frozenset(
    """
    InternalError HostUnreachable HostNotFound UnknownError LockTimeout MaxTimeMSExpired WriteConcernFailed
    NetworkTimeout ShutdownInProgress PrimarySteppedDown ExceededTimeLimit SocketException InterruptedAtShutdown
    OutOfDiskSpace
    InterruptedDueToReplStateChange NotPrimaryOrSecondary ExceededMemoryLimit UnsatisfiableWriteConcern
    """.split()  # noqa: SIM905 - easier to read so
)
_ERROR_CODE: Final = re.compile(rb"\x10code\0(.{4})", re.DOTALL)

REQUEST_ELEMENTS: Final = frozenset((b"$db", b"collection", b"maxAwaitTimeMS", b"maxTimeMS"))
ANSWER_ELEMENTS: Final = frozenset((b"ok", b"code", b"codeName", b"writeErrors", b"writeConcernError"))


@dataclass(slots=True)
class Command:
    """What is read of a command."""

    name: str = ""
    about: str = ""
    database: str = ""
    waits: bool = False

    def visit(self, name: bytes, kind: int, value: bytes) -> None:
        """One element of it, its first or one of `REQUEST_ELEMENTS`."""
        if not self.name:
            word = name.decode("utf-8", "replace")
            self.name = word if _NAME.fullmatch(word) else "(unknown)"
            if word in _ON_COLLECTION:
                self.about = text(kind, value)
        elif name == b"$db":
            self.database = text(kind, value)
        elif name == b"collection":
            self.about = text(kind, value) if self.name == "getMore" else self.about
        else:
            self.waits = self.waits or name == b"maxAwaitTimeMS" or self.name == "getMore"

    @property
    def target(self) -> str:
        """Database and collection; nothing for what is asked of the server."""
        if self.about:
            return (
                key_pattern(f"{self.database}.{self.about}".encode())
                if self.database
                else key_pattern(self.about.encode())
            )
        return "" if self.database in {"admin", ""} else key_pattern(self.database.encode())


@dataclass(slots=True)
class Answer:
    """What is read of an answer: an error's name or number, empty when it went well."""

    failed: bool = False
    codes: list[str] = field(default_factory=list)

    def visit(self, name: bytes, kind: int, value: bytes) -> None:
        """One element of it, one of `ANSWER_ELEMENTS`."""
        match name:
            case b"ok":
                self.failed = self.failed or number(kind, value) == 0
            case b"codeName":
                self.codes.insert(0, text(kind, value))
            case b"code" if kind == INT32:
                self.codes.append(_named(value))
            case b"writeErrors" | b"writeConcernError":
                found = _ERROR_CODE.search(value)
                if found and (kind != ARRAY or value[4:5] != b"\0"):
                    self.failed = True
                    self.codes.append(_named(found[1]))

    @property
    def code(self) -> str:
        """The error."""
        if not self.failed:
            return ""
        return self.codes[0] if self.codes else "error"


def _named(value: bytes) -> str:
    code: int = unpack_from("<i", value)[0]
    return _CODES.get(code, str(code))


class Asked(NamedTuple):
    """A command that waits for its answer; ``unasked`` when that is a further one of a stream of answers."""

    name: str
    target: str
    started: float
    size: int
    waits: bool
    unasked: bool = False


def operation_of(asked: Asked, now: float, size: int, code: str = "") -> Operation:
    """The operation that an answer of that ``size`` ends."""
    started, detail = asked.started, ""
    if asked.unasked:
        started = now
    elif asked.waits:
        started, detail = now, f"waited {now - started:.3f} s"
    outcome = Outcome.OK
    if code:
        outcome = Outcome.FAILED if code in _SERVERS_FAULT else Outcome.REFUSED
    return Operation(asked.name, asked.target, started, now, outcome, code, asked.size, size, detail=detail)
