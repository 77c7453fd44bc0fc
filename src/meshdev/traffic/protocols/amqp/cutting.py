"""Cutting an AMQP connection into messages, and keeping its numbers right when faults act on them.

A publish and a delivery are a message if their frames follow each other; between frames of other channels they pass as
they come. What the rest of the connection has to know of a fault:

- Confirms count what the broker was given, publishers what they said. A lost message is never confirmed; of several
  copies the first confirm passes; messages that changed places are confirmed by their own numbers.
- A consumer that acknowledges does so for each copy of a delivery, but the broker gave it one: the first passes.

The scanner reads both sides before the cutters do, so it decides: for each publish it hands over its number (`marks`),
for each acknowledgement what is said instead (`instead`), in the order in which they are cut.
"""

import struct
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from meshdev.traffic.protocols.amqp import methods as m
from meshdev.traffic.protocols.amqp.table import headers_at
from meshdev.traffic.protocols.cutting import MOST_MESSAGE, LostPlaceError, Message, Unit

MOST_COPIED: Final = 16384
_MOST_AHEAD: Final = (
    65536  # of the scanner, which is a chunk ahead; more only if the cutter has lost its place
)
_BODY_LIMIT: Final = MOST_MESSAGE - 128 * 1024  # the rest is for frames around it
_FRAME: Final = struct.Struct(">BHI")
_NUMBER: Final = struct.Struct(">I").unpack_from
_SIZE: Final = struct.Struct(">Q")
_ACK: Final = struct.Struct(">BHIIQBB")
_METHOD, _HEADER, _BODY, _HEARTBEAT = 1, 2, 3, 8
_END: Final = 0xCE
_AROUND: Final = 8
_HEAD: Final = 7
_SIZE_AT: Final = _HEAD + 4  # of the body, in a header's frame
_FLAGS_AT: Final = _SIZE_AT + 8
_LEAST_FRAME_MAX: Final = 4096  # every client takes frames of that size
_MOST_METHOD: Final = 256 * 1024
_TAG_BYTES: Final = 8
_LAST: Final = frozenset(
    {m.CHANNEL_CLOSE, m.CHANNEL_CLOSE_OK, m.CONNECTION_CLOSE, m.CONNECTION_CLOSE_OK, m.CANCEL}
)
_LAST_ASKED: Final = _LAST | {m.CONFIRM_SELECT, *m.TRANSACTIONS}
_LAST_ANSWERED: Final = _LAST | {m.CANCEL_OK}
_RESPONSES: Final = frozenset({m.ACK, m.NACK, m.REJECT})


class Book:
    """A channel that confirms: which number of the publisher's each number of the broker's is."""

    __slots__ = ("_last", "_sent")

    def __init__(self, waiting: Iterable[int] = (), last: int = 0) -> None:
        self._sent = {number: number for number in waiting}
        self._last = last

    def leave(self, number: int) -> None:
        """The publisher's message of that number goes to the broker."""
        self._last += 1
        self._sent[self._last] = number

    def meant(self, tag: int, *, multiple: bool) -> list[int]:
        """Which of the publisher's a confirm is about; those are forgotten."""
        tags = [it for it in self._sent if not tag or it <= tag] if multiple else [tag]
        found = [self._sent.pop(it) for it in tags if it in self._sent]
        return list(dict.fromkeys(found))


class Cuts:
    """What a scanner and its cutters tell each other."""

    __slots__ = ("books", "copied", "instead", "marks")

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.marks: deque[tuple[int, int]] = deque(
            maxlen=_MOST_AHEAD
        )  # a publish's channel and number; 0: unconfirmed
        self.instead: dict[bool, deque[bytes | None]] = {
            True: deque(maxlen=_MOST_AHEAD),
            False: deque(maxlen=_MOST_AHEAD),
        }
        self.copied: set[tuple[int, int]] = set()  # channel and tag of deliveries that left more than once

    def copy(self, channel: int, tag: int) -> None:
        """A delivery leaves once more."""
        if len(self.copied) >= MOST_COPIED:
            self.copied.clear()
        self.copied.add((channel, tag))


class _Mark:
    """One message: ``number`` is a publish's or a delivery's, ``times`` how often it has left."""

    __slots__ = ("channel", "number", "times")

    def __init__(self, channel: int, number: int) -> None:
        self.channel = channel
        self.number = number
        self.times = 0


class AmqpBorders:
    """Where the frames of one direction end, and messages of several frames."""

    __slots__ = ("_asked", "_cuts", "_greetings", "_last")

    def __init__(self, cuts: Cuts, greetings: tuple[bytes, ...] = (), *, asked: bool) -> None:
        self._greetings = greetings  # what may stand before the first frame
        self._cuts = cuts
        self._asked = asked
        self._last = _LAST_ASKED if asked else _LAST_ANSWERED

    def leaves(self, message: Message) -> None:
        """Publishes are numbered as they leave; of deliveries it is known which leave again."""
        mark = message.mark
        if isinstance(mark, _Mark):
            mark.times += 1
            if not self._asked:
                if mark.times > 1:
                    self._cuts.copy(mark.channel, mark.number)
            elif mark.number and (book := self._cuts.books.get(mark.channel)) is not None:
                book.leave(mark.number)

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The frame at ``at``, or the message that begins with it."""
        if self._greetings:
            here = data[at:]
            found = next((it for it in self._greetings if here.startswith(it)), None)
            if found is None and any(it.startswith(here) for it in self._greetings):
                return None
            self._greetings = ()
            if found is not None:
                return Unit(len(found))
        if len(data) - at < _HEAD:
            return None
        kind, channel, size = _FRAME.unpack_from(data, at)
        stop = at + _HEAD + size
        if kind != _METHOD:
            if kind not in {_HEADER, _BODY, _HEARTBEAT}:
                raise LostPlaceError
            return Unit(size + _AROUND)
        if size > _MOST_METHOD or (stop < len(data) and data[stop] != _END):
            raise LostPlaceError
        return self._method(data, at, stop, channel) if stop < len(data) else None

    def _method(self, data: bytes, at: int, stop: int, channel: int) -> Unit | None:
        """A method that is here, or the message that begins with it."""
        size = stop - at - _HEAD
        method = _NUMBER(data, at + _HEAD)[0]
        if method == (m.PUBLISH if self._asked else m.DELIVER):
            return self._message(data, at, stop + 1, channel)
        if method in _RESPONSES:
            instead = self._cuts.instead[self._asked]
            return Unit(size + _AROUND, instead=instead.popleft() if instead else None)
        return Unit(size + _AROUND, last=method in self._last)

    def payload(self, data: bytes) -> bytes:
        """All of its bodies."""
        return b"".join(body for _, body in _bodies(data))

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """The same method and properties; the size is put right."""
        _, channel, size = _FRAME.unpack_from(data)
        header = size + _AROUND
        begin = header + _FRAME.unpack_from(data, header)[2] + _AROUND
        most = max([_LEAST_FRAME_MAX - _AROUND, *(len(body) for _, body in _bodies(data))])
        parts = [data[: header + _SIZE_AT], _SIZE.pack(len(payload)), data[header + _FLAGS_AT : begin]]
        for at in range(0, len(payload), most):
            piece = payload[at : at + most]
            parts += [_FRAME.pack(_BODY, channel, len(piece)), piece, bytes((_END,))]
        return b"".join(parts)

    def _message(self, data: bytes, at: int, header: int, channel: int) -> Unit | None:
        """A message from its method on; ``header`` is where the next frame begins."""
        if len(data) - header < _FLAGS_AT + 2:
            return None
        kind, same, size = _FRAME.unpack_from(data, header)
        left = _SIZE.unpack_from(data, header + _SIZE_AT)[0]
        end = header + size + _AROUND
        alone = kind != _HEADER or same != channel or left > _BODY_LIMIT
        while left and not alone:
            if len(data) - end < _HEAD:
                return None
            kind, same, size = _FRAME.unpack_from(data, end)
            alone = kind != _BODY or same != channel or not 0 < size <= left
            left -= size
            end += size + _AROUND
        if not alone and end > len(data):
            return None
        try:
            message = self._told(data, at, header, channel)
        except (m.MalformedError, IndexError, struct.error):
            raise LostPlaceError from None
        if alone:
            self.leaves(message)
            return Unit(header - at)
        return Unit(end - at, message)

    def _told(self, data: bytes, at: int, header: int, channel: int) -> Message:
        """What a match asks of it, and its mark."""
        args = data[at + _HEAD + 4 : header - 1]
        if self._asked:
            (exchange, key), _ = m.strings(args, 2, 2)
            mark = _Mark(*(self._cuts.marks.popleft() if self._cuts.marks else (channel, 0)))
        else:
            end = 1 + args[0]
            (exchange, key), _ = m.strings(args, end + _TAG_BYTES + 1, 2)
            mark = _Mark(channel, _SIZE.unpack_from(args, end)[0])
        name = m.text_of(exchange + b"/" + key if exchange else key)

        def headers() -> Mapping[str, str]:
            return headers_at(data, header + _FLAGS_AT)

        return Message(name, headers, name.startswith("amq."), mark)


def confirms(channel: int, method: int, numbers: Iterable[int]) -> bytes:
    """Frames that confirm these, one by one."""
    return b"".join(_ACK.pack(_METHOD, channel, 13, method, number, 0, _END) for number in numbers)


def _bodies(data: bytes) -> list[tuple[int, bytes]]:
    """The frames of its body: where they begin, and what they carry."""
    found = []
    at = 0
    while at < len(data):
        kind, _, size = _FRAME.unpack_from(data, at)
        if kind == _BODY:
            found.append((at, data[at + _HEAD : at + _HEAD + size]))
        at += size + _AROUND
    return found
