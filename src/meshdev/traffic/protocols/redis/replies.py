"""The callee's side of RESP2 and RESP3: replies out of bytes, whatever is nested in them, without recursion.

A reply is counted down, its strings are skipped by their lengths. Who wants to know what is in an aggregate gives a
`Watch` when it begins; it is shown the scalars (strings up to `KEPT_BYTES`) and the aggregates with their depth.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from meshdev.traffic.protocols.redis.requests import KEPT_BYTES

MOST_LINE: Final = 64 * 1024
MOST_DEPTH: Final = 64
NO_BYTES: Final = b""
_STRING: Final = ord("$")
ERROR, BLOB_ERROR, ARRAY, MAP, PUSH, NULL, ATTRIBUTE = b"-!*%>_|"
_LINES: Final = frozenset(b"+-:_#,(")
_STRINGS: Final = frozenset(b"$=!")
_AGGREGATES: Final = frozenset(b"*~>%|")
_PAIRS: Final = frozenset((MAP, ATTRIBUTE))
_NOT_REDIS: Final = "what the server says is not Redis' protocol"


class Reply(NamedTuple):
    """One reply: its type's byte, the rest of its first line (of a blob error its beginning), its size in bytes."""

    first: int
    line: bytes
    size: int

    @property
    def is_error(self) -> bool:
        """Whether it is one."""
        return self.first in {ERROR, BLOB_ERROR}

    @property
    def is_null(self) -> bool:
        """Whether it is nothing: ``$-1``, ``*-1``, ``_``."""
        return self.first == NULL or (self.line == b"-1" and self.first in b"$*")


class Watch(Protocol):
    """Is shown what is in an aggregate; depth 1 is what is directly in it."""

    def scalar(self, depth: int, first: int, text: bytes) -> None:
        """A line, or a string's beginning; of a null string the text is empty and ``first`` is `NULL`."""
        ...

    def aggregate(self, depth: int, count: int) -> None:
        """An aggregate of ``count`` elements begins (a map's keys and values each count)."""
        ...


class ReplyReader:
    """Give it bytes with `put`, take replies with `take`; ``wrong`` says why it cannot read on."""

    __slots__ = (
        "_at",
        "_began",
        "_data",
        "_first",
        "_levels",
        "_line",
        "_passed",
        "_skip",
        "_watch",
        "wrong",
    )

    def __init__(self) -> None:
        self.wrong = ""
        self._data = b""
        self._at = 0
        self._passed = 0  # bytes before ``_data``
        self._skip = 0
        self._began = 0
        self._first = 0  # of the reply that is being read; 0 between two
        self._line = b""
        self._levels: list[int] = []  # elements that are to come, by depth
        self._watch: Watch | None = None

    def put(self, data: bytes) -> None:
        """Bytes that follow; take everything before the next ones come, what is left over is kept, bounded."""
        at = self._at
        self._passed += at
        rest = self._data[at:]
        self._data = rest + data if rest else data
        self._at = 0

    def take(self, watch: Callable[[int], Watch | None]) -> Reply | None:
        """The next reply that is complete; ``watch`` is asked with its type's byte when an aggregate begins."""
        data, at, end, levels = self._data, self._at, len(self._data), self._levels
        if (
            at < end
            and not self._first
            and not self._skip
            and (usual := self._usual(data, at, end)) is not None
        ):
            return usual
        while not self.wrong:
            if self._skip:
                step = min(self._skip, end - at)
                at += step
                self._skip -= step
                if self._skip:
                    break
            if self._first and not levels:
                reply = Reply(self._first, self._line, self._passed + at - self._began)
                self._first = 0
                self._watch = None
                self._at = at
                return reply
            if at >= end:
                break
            stop = data.find(b"\r\n", at, at + MOST_LINE)
            if stop < 0:
                if end - at >= MOST_LINE:
                    self.wrong = _NOT_REDIS
                break
            if not self._first:
                self._begin(data, at, stop, watch)
            then = self._element(data, at, stop)
            if then < 0:
                break
            at = then
            while levels and levels[-1] == 0:
                levels.pop()
        self._at = at
        return None

    def _usual(self, data: bytes, at: int, end: int) -> Reply | None:
        """A line or a string that is here as a whole, as they mostly come."""
        first = data[at]
        stop = data.find(b"\r\n", at, at + MOST_LINE)
        if stop < 0:
            return None
        then = stop + 2
        if first == _STRING:
            size = data[at + 1 : stop]
            if not size.isdigit():
                return None
            then += int(size) + 2
            if then > end:
                return None
        elif first not in _LINES:
            return None
        self._at = then
        return Reply(first, data[at + 1 : stop], then - at)

    def _begin(self, data: bytes, at: int, stop: int, watch: Callable[[int], Watch | None]) -> None:
        first = self._first = data[at]
        self._line = data[at + 1 : stop]
        self._began = self._passed + at
        self._levels.append(1)
        if first in _AGGREGATES:
            self._watch = watch(first)

    def _element(self, data: bytes, at: int, stop: int) -> int:
        """Read one element's line and what is kept of it; where to go on, below 0 when too little is here."""
        first, levels = data[at], self._levels
        depth = len(levels) - 1
        if first in _LINES:
            levels[-1] -= 1
            if self._watch is not None and depth:
                self._watch.scalar(depth, first, data[at + 1 : stop])
            return stop + 2
        try:
            count = int(data[at + 1 : stop])
        except ValueError:
            count = -2
        if count < -1 or (first not in _STRINGS and first not in _AGGREGATES) or depth > MOST_DEPTH:
            self.wrong = _NOT_REDIS
            return -1
        begin = stop + 2
        if first in _STRINGS:
            return self._string(data, begin, first, count)
        if first == ATTRIBUTE:  # something about the element that follows it
            levels[-1] += 2 * max(count, 0)
            self._watch = None
            if not depth:
                self._first = data[at]
            return begin
        levels[-1] -= 1
        elements = 2 * count if first in _PAIRS else count
        if self._watch is not None and depth:
            if count < 0:
                self._watch.scalar(depth, NULL, NO_BYTES)
            else:
                self._watch.aggregate(depth, elements)
        if elements > 0:
            levels.append(elements)
        return begin

    def _string(self, data: bytes, begin: int, first: int, size: int) -> int:
        depth = len(self._levels) - 1
        watched = self._watch is not None and depth > 0
        if watched or (first == BLOB_ERROR and not depth):
            kept = min(max(size, 0), KEPT_BYTES)
            if len(data) - begin < kept:
                return -1
            text = data[begin : begin + kept]
            if not depth:
                self._line = text
            elif self._watch is not None:
                self._watch.scalar(depth, NULL if size < 0 else first, text)
        self._levels[-1] -= 1
        if size >= 0:
            self._skip = size + 2
        return begin
