"""What is looked at inside of Redis' replies: pushed messages, the answers of a transaction, entries of streams."""

from collections import deque
from enum import IntEnum
from typing import Final, NamedTuple

from meshdev.traffic.protocols.redis.replies import BLOB_ERROR, ERROR, MAP
from meshdev.traffic.trace_context import ids_at

MOST_TRACED: Final = 256  # entries of one reply whose traces are told one by one
_MOST_STREAMS: Final = 64
_PUSHED: Final = 4  # pmessage, pattern, channel, message
_MOST_AHEAD: Final = (
    65536  # of the scanner, which is a chunk ahead; more only if the cutter has lost its place
)
_TRACEPARENT: Final = b"traceparent"


class Kind(IntEnum):
    """What an aggregate is that the server says."""

    PLAIN = 0
    PUSHED = 1
    ENTRIES = 2


Kinds = deque[Kind]


def kinds() -> Kinds:
    """For a scanner to note them in, in their order, for one cutter."""
    return deque(maxlen=_MOST_AHEAD)


class Pushed:
    """The first words of a push, or of the array that RESP2 has for it."""

    __slots__ = ("words",)

    def __init__(self) -> None:
        self.words: list[bytes] = []

    def scalar(self, depth: int, first: int, text: bytes) -> None:
        """One word."""
        if depth == 1 and len(self.words) < _PUSHED and first:
            self.words.append(text)

    def aggregate(self, depth: int, count: int) -> None:
        """No word (which keys are no longer valid)."""
        if depth == 1 and count >= 0 and len(self.words) < _PUSHED:
            self.words.append(b"")


class Executed:
    """How each command of a transaction ended: its error's text, empty when it went well."""

    __slots__ = ("errors",)

    def __init__(self) -> None:
        self.errors: list[bytes] = []

    def scalar(self, depth: int, first: int, text: bytes) -> None:
        """One answer, or a piece of one."""
        if depth == 1:
            self.errors.append(text if first in {ERROR, BLOB_ERROR} else b"")

    def aggregate(self, depth: int, count: int) -> None:
        """One answer, or a piece of one."""
        if depth == 1 and count >= 0:
            self.errors.append(b"")


class Stream(NamedTuple):
    """What came of one stream: its key, how many entries, and the traces (trace, parent) that rode along."""

    key: bytes
    entries: int
    traces: list[tuple[str, str]]


class Entries:
    """The streams of an XREAD's answer: an array of pairs (RESP2), or a map (RESP3)."""

    __slots__ = ("_at", "_expected", "_key", "_traced", "streams")

    def __init__(self, first: int) -> None:
        self._at = 1 if first == MAP else 2
        self._key = b""
        self._expected = False
        self._traced = 0
        self.streams: list[Stream] = []

    def scalar(self, depth: int, first: int, text: bytes) -> None:
        """A key, an id, a field or its value."""
        if depth == self._at:
            self._key = text if first else b""
        elif self._expected:
            self._expected = False
            trace, parent = ids_at(text, 0, len(text))
            if trace and self.streams and self._traced < MOST_TRACED:
                self._traced += 1
                self.streams[-1].traces.append((trace, parent))
        elif text == _TRACEPARENT:
            self._expected = True

    def aggregate(self, depth: int, count: int) -> None:
        """A stream's entries, an entry, or its fields."""
        self._expected = False
        if depth == self._at and len(self.streams) < _MOST_STREAMS:
            self.streams.append(Stream(self._key, count, []))
