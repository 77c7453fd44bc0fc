"""What both sides of an AMQP connection share: its channels, what is under way, names that were seen before."""

import struct
from collections.abc import Iterable
from typing import Final

from meshdev.traffic.protocols.amqp import methods as m
from meshdev.traffic.protocols.amqp.channel import Channel, Content
from meshdev.traffic.protocols.amqp.cutting import Book, Cuts
from meshdev.traffic.protocols.amqp.frames import FRAME_BYTES, UnreadableError
from meshdev.traffic.protocols.ending import ended
from meshdev.traffic.protocols.names import pattern_of
from meshdev.traffic.protocols.operation import MOST_DETAIL, Operation, Outcome
from meshdev.traffic.trace_context import ids_at

MOST_WAITING: Final = 65536
MOST_CHANNELS: Final = 4096
MOST_NAMES: Final = 1024
MOST_PAYLOADS_KEPT: Final = 64  # of publishes that wait for their confirm

_SIZE_AND_FLAGS: Final = struct.Struct(">QH").unpack_from
_HAS_HEADERS: Final = 0x2000
_TRACE: Final = b"\x0btraceparentS\0\0\0\x37"
_BEFORE_SIZE: Final = 4  # class and weight
_FIXED: Final = 14


class Session:
    """One connection."""

    __slots__ = ("_names", "channels", "closing", "cuts", "done", "opening", "waiting")

    def __init__(self) -> None:
        self.channels: dict[int, Channel] = {}
        self.done: list[Operation] = []  # since it was last taken
        self.waiting = 0
        self.opening: Operation | None = None
        self.closing = False  # in order, by the caller
        self.cuts: Cuts | None = None  # once it is cut
        self._names: dict[bytes, str] = {}

    def channel(self, number: int) -> Channel:
        """The channel of that number, new if it was not there."""
        channel = self.channels.get(number)
        if channel is None:
            if len(self.channels) >= MOST_CHANNELS:
                raise UnreadableError(f"more than {MOST_CHANNELS} channels are open")
            channel = self.channels[number] = Channel()
        return channel

    def name_of(self, name: bytes) -> str:
        """A queue's or exchange's name as a pattern."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            known = self._names[name] = pattern_of(m.text_of(name))
        return known

    def address_of(self, exchange: bytes, key: bytes) -> str:
        """Where a message is published to: ``exchange/key``, or the queue that the default exchange gives it to."""
        to = pattern_of(m.text_of(key))
        return f"{self.name_of(exchange)}/{to}" if exchange else to

    def cut(self) -> Cuts:
        """It is cut from here on: the numbers are as they stand."""
        if self.cuts is None:
            cuts = self.cuts = Cuts()
            for number, channel in self.channels.items():
                if channel.confirms:
                    begun = channel.asked.method == m.PUBLISH
                    last = channel.sequence + begun
                    waiting = (*channel.unconfirmed, last) if begun else tuple(channel.unconfirmed)
                    cuts.books[number] = Book(waiting, last)
        return self.cuts

    def one_more(self) -> None:
        """An operation is under way."""
        self.waiting += 1
        if self.waiting > MOST_WAITING:
            raise UnreadableError(f"more than {MOST_WAITING} operations are under way")

    def settle(self, operations: Iterable[Operation]) -> None:
        """These were under way, and are over."""
        before = len(self.done)
        self.done += operations
        self.waiting -= len(self.done) - before

    def end_channel(self, number: int, now: float, *, in_order: bool) -> None:
        """A channel is gone."""
        channel = self.channels.pop(number, None)
        if self.cuts is not None:
            self.cuts.books.pop(number, None)
        if channel is not None:
            self.settle(channel.end(now, in_order=in_order))

    def end(self, now: float, *, in_order: bool) -> None:
        """All of them are."""
        for number in tuple(self.channels):
            self.end_channel(number, now, in_order=in_order)

    def refused(self, channels: Iterable[Channel], name: str, reason: m.Reason, now: float) -> None:
        """The broker closes channels: told by what it did not like, or by itself."""
        told = False
        for channel in channels:
            refused = channel.refuse(reason, now)
            if refused is not None:
                self.settle((refused,))
                told = True
        if not told:
            detail = reason.text[:MOST_DETAIL]
            self.done.append(Operation(name, "", now, now, reason.outcome, reason.code, detail=detail))

    def opened(self, outcome: Outcome, code: str, now: float) -> None:
        """The connection is open, or never will be."""
        if self.opening is not None:
            self.done.append(ended(self.opening, now, outcome, code))
            self.opening = None


def read_header(content: Content, data: bytes, at: int, stop: int) -> None:
    """A message's header: the size of its body, and a traceparent. Raises struct.error."""
    if stop - at < _FIXED:
        raise m.MalformedError
    content.left, flags = _SIZE_AND_FLAGS(data, at + _BEFORE_SIZE)
    content.bytes += stop - at + FRAME_BYTES
    if flags & _HAS_HEADERS:
        found = data.find(_TRACE, at + _FIXED, stop)
        if found >= 0:
            content.trace, content.parent = ids_at(data, found + len(_TRACE), stop)


def read_body(content: Content, size: int) -> Content | None:
    """A frame of a body; None if it is of no message, or not of this one."""
    if not content.method or not 0 < size <= content.left:
        content.method = 0
        return None
    content.left -= size
    content.bytes += size + FRAME_BYTES
    return content
