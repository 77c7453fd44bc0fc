"""MongoDB: commands and their answers, by the numbers of their messages.

| what passes | what is told |
|---|---|
| a command (OP_MSG; OP_QUERY of old drivers) and its answer | one operation: the command, database and collection |
| an answer with ``ok: 0``, with write errors or a write concern's error | the error's name or number as code |
| a command that wants no answer (``moreToCome``) | an operation that ends as it is asked |
| a stream of answers (``exhaust``) | an operation for each; those after the first have no latency |
| a hello or getMore that waits for news | no latency: it waits as long as the caller wishes (``detail`` has it) |
| OP_COMPRESSED | the same, for zlib and zstd; with snappy it gives up |
| TLS, the operations of before OP_MSG, what is no MongoDB | it gives up |

Of documents only the top level is walked: no filter, no document, no password is ever read.
"""

from collections.abc import Iterable
from contextlib import suppress
from struct import unpack_from
from typing import ClassVar, Final

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.mongodb.bson import MalformedError
from meshdev.traffic.protocols.mongodb.commands import (
    ANSWER_ELEMENTS,
    REQUEST_ELEMENTS,
    Answer,
    Asked,
    Command,
    operation_of,
)
from meshdev.traffic.protocols.mongodb.messages import (
    MORE_TO_COME,
    OLD_OPERATIONS,
    OP_COMPRESSED,
    OP_MSG,
    OP_QUERY,
    OP_REPLY,
    Elements,
    read_message,
)
from meshdev.traffic.protocols.operation import Operation
from meshdev.traffic.protocols.pairing import PairingScanner, UnreadableError

MOST_WAITING: Final = 4096
MOST_BYTES: Final = 64 * 1024 * 1024  # of a message; servers take 48
_HEAD: Final = 16
_TLS: Final = b"\x16\x03"
_ASKING: Final = frozenset((OP_QUERY, OP_COMPRESSED, OP_MSG))
_ANSWERING: Final = frozenset((OP_REPLY, OP_COMPRESSED, OP_MSG))
_NOT_MONGODB: Final = "it is not MongoDB's protocol"


class MongoScanner(PairingScanner[Asked]):
    """Reads one connection of MongoDB along; commands wait by the number of the message that will be answered."""

    __slots__ = ()

    name: ClassVar[str] = "mongodb"

    def _unanswered(self, asked: Asked, now: float) -> Iterable[Operation]:
        return () if asked.unasked else (operation_of(asked, now, 0),)

    def _requests(self, incoming: Incoming) -> Reading:
        while True:
            yield _HEAD
            end, number, _, operation = _head(incoming, _ASKING)
            size = end - incoming.position + _HEAD
            command = Command()
            flags = 0
            elements = Elements(command.visit, REQUEST_ELEMENTS, first=True)
            with suppress(MalformedError):
                flags = yield from read_message(incoming, end, operation, elements)
            yield _to_end(incoming, end)
            asked = Asked(command.name or "(unknown)", command.target, self._now, size, command.waits)
            if flags & MORE_TO_COME:
                self._done.append(operation_of(asked._replace(waits=False), self._now, 0))
            elif len(self._waiting) < MOST_WAITING:
                self._waiting[number] = asked
            else:
                raise UnreadableError(f"more than {MOST_WAITING} commands wait for their answers")

    def _answers(self, incoming: Incoming) -> Reading:
        while True:
            yield _HEAD
            end, number, answers, operation = _head(incoming, _ANSWERING)
            size = end - incoming.position + _HEAD
            asked = self._waiting.get(answers)
            if asked is None:
                raise UnreadableError("the server answered what nobody had asked")
            answer = Answer()
            flags = 0
            elements = Elements(answer.visit, ANSWER_ELEMENTS)
            with suppress(MalformedError):
                flags = yield from read_message(incoming, end, operation, elements)
            yield _to_end(incoming, end)
            self._waiting.pop(answers, None)
            if flags & MORE_TO_COME:
                self._waiting[number] = asked._replace(size=0, unasked=True)
            self._done.append(operation_of(asked, self._now, size, answer.code))


def _head(incoming: Incoming, operations: frozenset[int]) -> tuple[int, int, int, int]:
    """Where a message ends, its number, the number of the one that it answers, its operation."""
    data, at = incoming.data, incoming.at
    length, number, answers, operation = unpack_from("<iiii", data, at)
    if data.startswith(_TLS, at):
        raise UnreadableError("it is encrypted (TLS)")
    if operation in OLD_OPERATIONS:
        raise UnreadableError("the client speaks as before OP_MSG")
    if not _HEAD < length <= MOST_BYTES or operation not in operations:
        raise UnreadableError(_NOT_MONGODB)
    incoming.at = at + _HEAD
    return incoming.position + length - _HEAD, number, answers, operation


def _to_end(incoming: Incoming, end: int) -> int:
    """Skip what is left of a message."""
    left = end - incoming.position
    if left < 0:
        raise UnreadableError(_NOT_MONGODB)
    incoming.skip(left)
    return 0
