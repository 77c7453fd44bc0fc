"""Cutting one direction of a connection into whole messages, so that faults on messages can act at their borders.

A protocol says where units end (`Borders`), `Cutter` does the rest. Rules: a cutter begins where the connection is, in
the middle of a unit, too: what is left of that passes unharmed · a unit with a message is kept until it is whole, up to
`MOST_MESSAGE` bytes; a larger one passes as it comes, as no message · the pieces' bytes are what came in, all of it, in
order · what cannot be read any more (`Cutter.lost`) passes as it comes, for good.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol, runtime_checkable

MOST_MESSAGE: Final = 2 * 1024 * 1024


class LostPlaceError(Exception):
    """What stands there begins no unit of the protocol."""


class Message(NamedTuple):
    """What a match asks of a message. ``headers`` gives its headers by lowered name.

    ``inner`` messages are the protocol's own doings (acknowledgements, answers to an inbox, requests to the broker's
    API): they are meant only by a subject pattern that says so.
    """

    subject: str
    headers: Callable[[], Mapping[str, str]] = dict
    inner: bool = False


class Unit(NamedTuple):
    """The unit that begins at a border: how many bytes it has in all, and the message that it is, if it is one."""

    size: int
    message: Message | None = None


class Piece(NamedTuple):
    """Bytes that leave a cutter together; with a message they are all of it."""

    data: bytes
    message: Message | None = None


class Borders(Protocol):
    """What one protocol knows of one direction; it may remember, since it is asked in order."""

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The unit that begins at ``at``; None when too little of it is there. Raises LostPlaceError."""
        ...

    def payload(self, data: bytes) -> bytes:
        """What a whole message carries."""
        ...

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """The same message with another payload, lengths and checksums put right."""
        ...


@runtime_checkable
class Cuttable(Protocol):
    """A scanner whose connections can be cut."""

    def cutter(self, *, asked: bool) -> "Cutter":
        """A cutter for what the caller (``asked``) or the callee says, from where the scanner is."""
        ...


class Cutter:
    """Cuts one direction; see the module for the rules.

    ``out`` is what has already passed of the head of a unit that is not measured yet, ``skip`` how many bytes of a
    measured one are still to come.
    """

    __slots__ = ("_buffer", "_gone", "_needed", "_skip", "borders", "lost")

    def __init__(self, borders: Borders, *, out: bytes = b"", skip: int = 0) -> None:
        self.borders = borders
        self.lost = False
        self._buffer = bytearray(out)
        self._gone = len(out)
        self._skip = skip
        self._needed = 0

    def __repr__(self) -> str:
        return f"<Cutter {self.borders}, {self.held} bytes held>"

    @property
    def streaming(self) -> bool:
        """Whether a unit has passed in part: nothing may be put in now."""
        return self._skip > 0 or self._gone > 0

    @property
    def held(self) -> int:
        """How many bytes of a message that is not whole are kept."""
        return len(self._buffer) - self._gone

    def cut(self, data: bytes) -> list[Piece]:
        """The pieces that are complete with ``data``."""
        if self.lost:
            return [Piece(data)]
        pieces: list[Piece] = []
        if self._skip:
            now = min(self._skip, len(data))
            self._skip -= now
            pieces.append(Piece(data[:now]))
            if now == len(data):
                return pieces
            data = data[now:]
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return pieces
            data = bytes(self._buffer)
            self._buffer.clear()
        self._needed = 0
        self._cut(data, pieces)
        return pieces

    def _cut(self, data: bytes, pieces: list[Piece]) -> None:
        """Cut ``data``, which begins at a border but for what of it has passed, and keep the rest."""
        at, gone, size = 0, self._gone, len(data)
        while at < size:
            try:
                unit = self.borders.measure(data, at)
            except LostPlaceError:
                unit, self.lost = Unit(size - at), True
            if unit is None:
                if size - at <= MOST_MESSAGE:
                    break
                unit, self.lost = Unit(size - at), True
            end = at + unit.size
            if end <= size:
                pieces.append(Piece(data[at + gone : end], None if gone else unit.message))
            elif gone or unit.message is None or unit.size > MOST_MESSAGE:
                pieces.append(Piece(data[at + gone :]))
                self._skip = end - size
            else:
                self._needed = unit.size
                break
            at, gone = end, 0
        self._gone = gone
        self._buffer += memoryview(data)[at:]

    def rest(self) -> bytes:
        """What is kept; it is forgotten here."""
        kept = bytes(self._buffer[self._gone :])
        self._buffer.clear()
        self._gone = self._needed = 0
        return kept
