"""What an AMQP client says: calls, messages that it publishes, acknowledgements."""

import struct
from typing import Final

from meshdev.traffic.protocols.amqp import methods as m
from meshdev.traffic.protocols.amqp.channel import Address, Channel, Consumer, Content, Pending
from meshdev.traffic.protocols.amqp.cutting import Book, Cuts
from meshdev.traffic.protocols.amqp.frames import FRAME_BYTES, UnreadableError
from meshdev.traffic.protocols.amqp.session import (
    MOST_NAMES,
    MOST_PAYLOADS_KEPT,
    Session,
    read_body,
    read_header,
)
from meshdev.traffic.protocols.ending import OK, ended
from meshdev.traffic.protocols.names import pattern_of
from meshdev.traffic.protocols.operation import MOST_DETAIL, MOST_PAYLOAD, Kind, Operation, Outcome

MOST_CONSUMERS: Final = 4096  # a channel
_METHOD_BYTES: Final = FRAME_BYTES + 4
_TAG_AND_BITS: Final = struct.Struct(">QB").unpack_from
_PUBLISH: Final = Kind.PUBLISH
_NO_ACK: Final = 0b10  # of basic.consume
_REQUEUE: Final = 0b10  # of basic.nack
_RESPONSES: Final = {m.ACK, m.NACK, m.REJECT}


class Caller:
    """The client's half of a connection."""

    __slots__ = ("_addresses", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._addresses: dict[bytes, Address] = {}

    def method(self, channel: int, method: int, args: bytes, now: float) -> None:
        """A method has passed."""
        if method == m.PUBLISH:
            content = self._session.channel(channel).asked
            address = content.address = self._addresses.get(args) or self._address(args)
            content.begin(method, address.target, len(args) + _METHOD_BYTES, now)
            if self._session.cuts is not None:
                on = self._session.channels[channel]
                self._session.cuts.marks.append((channel, on.sequence + 1 if on.confirms else 0))
        elif method in _RESPONSES:
            on = self._session.channel(channel)
            if self._session.cuts is not None:
                self._session.cuts.instead[True].append(self._instead(self._session.cuts, channel, on, args))
            self._respond(on, method, args, now)
        elif method in m.CALLS:
            self._call(self._session.channel(channel), method, args, now)
            if method == m.CONFIRM_SELECT and self._session.cuts is not None:
                self._session.cuts.books.setdefault(channel, Book())
        else:
            self._else(channel, method, args, now)

    def header(self, channel: int, data: bytes, at: int, stop: int) -> Content | None:
        """The header of what is published."""
        content = self._session.channel(channel).asked
        if not content.method:
            return None
        read_header(content, data, at, stop)
        content.wanted = min(content.left, MOST_PAYLOAD)
        return content

    def body(self, channel: int, size: int) -> Content | None:
        """Part of its body."""
        return read_body(self._session.channel(channel).asked, size)

    def complete(self, channel: int, content: Content, now: float) -> None:
        """It is published."""
        session = self._session
        on = session.channels[channel]
        waiting = len(on.unconfirmed)
        if waiting > MOST_PAYLOADS_KEPT:
            content.payload = b""
        published = content.operation("basic.publish", _PUBLISH, content.started, content.bytes, 0)
        if on.closed_by is not None:
            session.done.append(ended(published, now, Outcome.LOST, on.closed_by.code))
        elif on.confirms:
            on.sequence += 1
            on.unconfirmed[on.sequence] = published, content.address
            session.one_more()
        else:
            session.done.append(published)

    def _address(self, args: bytes) -> Address:
        """Where a message goes; remembered by the arguments as they are."""
        (exchange, key), at = m.strings(args, 2, 2)
        target = self._session.address_of(exchange, key)
        if len(self._addresses) >= MOST_NAMES:
            self._addresses.clear()
        address = self._addresses[args] = Address(target, exchange, key, bool(args[at] & 1))
        return address

    def _instead(self, cuts: Cuts, number: int, channel: Channel, args: bytes) -> bytes | None:
        """Nothing, if a copy of a delivery is acknowledged whose first was."""
        tag, multiple = _TAG_AND_BITS(args)
        if (number, tag) not in cuts.copied or tag in channel.unacked:
            return None
        if multiple and any(other <= tag for other in channel.unacked):
            return None
        return b""

    def _respond(self, channel: Channel, method: int, args: bytes, now: float) -> None:
        """The client has done with deliveries."""
        tag, bits = _TAG_AND_BITS(args)
        if method == m.ACK:
            if not bits:
                begun = channel.unacked.pop(tag, None)
                if begun is not None:
                    self._session.waiting -= 1
                    self._session.done.append(ended(begun, now))
                return
            outcome, code = OK, ""
        else:
            requeue = bits & (1 if method == m.REJECT else _REQUEUE)
            outcome, code = Outcome.REFUSED, "requeue" if requeue else "reject"
        multiple = method != m.REJECT and bool(bits & 1)
        self._session.settle(channel.acknowledge(tag, now, outcome, code, multiple=multiple))

    def _call(self, channel: Channel, method: int, args: bytes, now: float) -> None:
        """The client asks for something."""
        call = m.CALLS[method]
        names, at = m.strings(args, call.at, call.strings) if call.strings else ([], 0)
        begun = Operation(
            call.name,
            self._target(channel, method, names),
            now,
            now,
            bytes_in=len(args) + _METHOD_BYTES,
            kind=Kind.SUBSCRIBE if method == m.CONSUME else Kind.DELIVER if method == m.GET else Kind.CALL,
            detail=_detail(method, names),
        )
        acknowledges = method == m.CONSUME and not args[at] & _NO_ACK
        pending = Pending(begun, method, call.answer, names[1] if method == m.CONSUME else b"", acknowledges)
        if method == m.CONFIRM_SELECT:
            channel.confirms = True
        elif method == m.CONNECTION_CLOSE:
            self._session.closing = True
        if call.no_wait and args[at] & call.no_wait:
            self._session.done.append(begun)
            if method == m.CONSUME:
                add_consumer(channel, pending.consumer, begun.target, acknowledges=acknowledges)
            elif method == m.CANCEL:
                channel.consumers.pop(names[0], None)
            return
        channel.calls.append(pending)
        self._session.one_more()

    def _target(self, channel: Channel, method: int, names: list[bytes]) -> str:
        """What a call is about: a queue, an exchange, or nothing."""
        if not names:
            return ""
        if method == m.CANCEL:
            consumer = channel.consumers.get(names[0])
            return consumer.queue if consumer is not None else ""
        if not names[0] and method in m.OF_QUEUES and method != m.QUEUE_DECLARE:
            return channel.last_queue
        return self._session.name_of(names[0])

    def _else(self, number: int, method: int, args: bytes, now: float) -> None:
        """What is no call."""
        session = self._session
        if method == m.CONNECTION_OPEN and session.opening is not None:
            (host,), _ = m.strings(args, 0, 1)
            session.opening = session.opening._replace(target=session.name_of(host))
        elif method == m.CHANNEL_CLOSE_OK:
            session.end_channel(number, now, in_order=False)
        elif method == m.CONNECTION_CLOSE_OK:
            session.end(now, in_order=False)
        elif method == m.RECOVER_ASYNC:
            channel = session.channel(number)
            session.settle(channel.acknowledge(0, now, Outcome.REFUSED, "requeue", multiple=True))


def add_consumer(channel: Channel, tag: bytes, queue: str, *, acknowledges: bool) -> None:
    """A consumer has begun."""
    if len(channel.consumers) >= MOST_CONSUMERS:
        raise UnreadableError(f"a channel has more than {MOST_CONSUMERS} consumers")
    channel.consumers[tag] = Consumer(queue, acknowledges, f"queue {queue}")


def _detail(method: int, names: list[bytes]) -> str:
    """Of a binding: from where."""
    if method not in m.BINDINGS:
        return ""
    return pattern_of("/".join(m.text_of(name) for name in names[1:]))[:MOST_DETAIL]
