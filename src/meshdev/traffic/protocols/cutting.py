"""Cutting one direction of a connection into whole messages, so that faults on messages can act at their borders.

A protocol says where units end (`Borders`), `Cutter` does the rest. Rules: a cutter begins where the connection is, in
the middle of a unit, too: what is left of that passes unharmed · a unit with messages is kept until it is whole, up to
`MOST_MESSAGE` bytes; a larger one passes as it comes, as no message · the pieces' bytes are what came in, all of it, in
order · what cannot be read any more (`Cutter.lost`) passes as it comes, for good.

A unit is a message, or it has messages for its *parts*: something has to pass in its place whatever becomes of them (a
command that is answered, an answer with several entries).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, NamedTuple, Protocol, runtime_checkable

MOST_MESSAGE: Final = 2 * 1024 * 1024


class LostPlaceError(Exception):
    """What stands there begins no unit of the protocol."""


class Message(NamedTuple):
    """What a match asks of a message. ``headers`` gives its headers by lowered name.

    ``inner`` messages are the protocol's own doings (acknowledgements, answers to an inbox, requests to the broker's
    API): they are meant only by a subject pattern that says so. A ``fixed`` one, a part of something, cannot leave
    without the rest of it: when it is late, so is all that is behind it.
    """

    subject: str
    headers: Callable[[], Mapping[str, str]] = dict
    inner: bool = False
    mark: object = None  # the borders' own, see `Counting` and `Composed`
    fixed: bool = False


class Unit(NamedTuple):
    """The unit that begins at a border: how many bytes it has in all, and the message that it is, if it is one.

    ``instead`` leaves in its place, if that is not None and the unit is here as a whole. Behind a ``last`` one no
    message may come: what is held back leaves before it. ``parts`` are the messages in it (`Composed`). What follows a
    ``bound`` one belongs to it: nothing may be put between.
    """

    size: int
    message: Message | None = None
    instead: bytes | None = None
    last: bool = False
    parts: Sequence[Message] = ()
    bound: bool = False


class Piece(NamedTuple):
    """Bytes that leave a cutter together; with a message, or with parts, they are all of it."""

    data: bytes
    message: Message | None = None
    last: bool = False
    parts: Sequence[Message] = ()
    bound: bool = False


class Part(NamedTuple):
    """What becomes of a part: how often it is in its unit (0: not at all), and what its payload is made into."""

    times: int = 1
    payload: Callable[[bytes], bytes] | None = None


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
class Counting(Protocol):
    """Borders of a protocol that numbers its messages: it has to know which leave, how often, and in which order."""

    def leaves(self, message: Message) -> None:
        """It leaves now, perhaps not for the first time."""
        ...


@runtime_checkable
class Composed(Protocol):
    """Borders whose units have parts."""

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """What leaves in the place of a unit when this becomes of its parts; asked once for each that is whole."""
        ...

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """One part of a unit by itself, to be put in anywhere later; the other side is not to answer it."""
        ...


@runtime_checkable
class Cuttable(Protocol):
    """A scanner whose connections can be cut."""

    def cutter(self, *, asked: bool) -> "Cutter":
        """A cutter for what the caller (``asked``) or the callee says, from where the scanner is."""
        ...


@runtime_checkable
class Following(Protocol):
    """A scanner that goes on with its cutters; one may be made before anything has passed, whatever was read."""

    follows_cuts: ClassVar[bool]


@runtime_checkable
class Sharing(Protocol):
    """A scanner whose cutters know of each other, or of what it reads, wherever they begin."""

    def first_cutter(self, *, asked: bool) -> "Cutter":
        """A cutter from the connection's beginning, whatever was read of what the caller says."""
        ...


@runtime_checkable
class Complaining(Protocol):
    """A scanner whose cutters have something to tell a person."""

    complain: Callable[[str], None]


class Cutter:
    """Cuts one direction; see the module for the rules.

    ``out`` is what has already passed of the head of a unit that is not measured yet, ``skip`` how many bytes of a
    measured one are still to come. A ``lasting`` one is needed as long as the connection lives, and so is that of the
    other direction: what was done to messages has to be done to what is said of them.
    """

    __slots__ = ("_bound", "_buffer", "_counting", "_gone", "_needed", "_skip", "borders", "lasting", "lost")

    def __init__(
        self, borders: Borders, *, out: bytes = b"", skip: int = 0, lasting: bool = False, bound: bool = False
    ) -> None:
        self.borders = borders
        self._counting = borders if isinstance(borders, Counting) else None
        self.lasting = lasting
        self.lost = False
        self._buffer = bytearray(out)
        self._gone = len(out)
        self._skip = skip
        self._needed = 0
        self._bound = bound

    def __repr__(self) -> str:
        return f"<Cutter {self.borders}, {self.held} bytes held>"

    @property
    def streaming(self) -> bool:
        """Whether a unit has passed in part, or what follows belongs to it: nothing may be put in now."""
        return self._bound or self._skip > 0 or self._gone > 0

    @property
    def held(self) -> int:
        """How many bytes of a message that is not whole are kept."""
        return len(self._buffer) - self._gone

    def leaves(self, message: Message) -> None:
        """Tell the borders, if they count."""
        if self._counting is not None:
            self._counting.leaves(message)

    def cut(self, data: bytes) -> list[Piece]:
        """The pieces that are complete with ``data``."""
        if self.lost:
            return [Piece(data)]
        pieces: list[Piece] = []
        if self._skip:
            now = min(self._skip, len(data))
            self._skip -= now
            pieces.append(Piece(data[:now], bound=self._bound))
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
                if gone:
                    self._passes(unit)
                    pieces.append(Piece(data[at + gone : end], bound=unit.bound))
                else:
                    said = data[at:end] if unit.instead is None else unit.instead
                    pieces.append(Piece(said, unit.message, unit.last, unit.parts, unit.bound))
            elif gone or unit.size > MOST_MESSAGE or (unit.message is None and not unit.parts):
                self._passes(unit)
                pieces.append(Piece(data[at + gone :], None, unit.last, (), unit.bound))
                self._skip = end - size
            else:
                self._needed = unit.size
                break
            self._bound = unit.bound
            at, gone = end, 0
        self._gone = gone
        self._buffer += memoryview(data)[at:]

    def _passes(self, unit: Unit) -> None:
        """It leaves as no message, although it is one."""
        if unit.message is not None:
            self.leaves(unit.message)

    def rest(self) -> bytes:
        """What is kept; it is forgotten here."""
        kept = bytes(self._buffer[self._gone :])
        self._buffer.clear()
        self._gone = self._needed = 0
        return kept
