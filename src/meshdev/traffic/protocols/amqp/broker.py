"""What an AMQP broker says: answers, confirms, messages it delivers or gives back, and that it closes something."""

import struct
from typing import Final

from meshdev.traffic.protocols.amqp import methods as m
from meshdev.traffic.protocols.amqp.caller import add_consumer
from meshdev.traffic.protocols.amqp.channel import Address, Channel, Consumer, Content
from meshdev.traffic.protocols.amqp.cutting import Cuts, confirms
from meshdev.traffic.protocols.amqp.frames import FRAME_BYTES
from meshdev.traffic.protocols.amqp.session import MOST_NAMES, Session, read_body, read_header
from meshdev.traffic.protocols.ending import ended
from meshdev.traffic.protocols.operation import MOST_DETAIL, Kind, Operation, Outcome

MOST_UNACKED: Final = 16384  # a channel; deliveries beyond are told at once
_METHOD_BYTES: Final = FRAME_BYTES + 4
_TAG: Final = struct.Struct(">Q").unpack_from
_TAG_AND_BITS: Final = struct.Struct(">QB").unpack_from
_TAG_BYTES: Final = 8
_DELIVER: Final = Kind.DELIVER
_AGAIN: Final = ", redelivered"
_COUNT: Final = struct.Struct(">I").unpack_from
_COUNT_BYTES: Final = 4
_UNKNOWN: Final = Consumer("", acknowledges=False, detail="")


class Broker:
    """The broker's half of a connection."""

    __slots__ = ("_origins", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._origins: dict[bytes, str] = {}

    def method(self, channel: int, method: int, args: bytes, now: float) -> None:
        """A method has passed."""
        if method == m.DELIVER:
            self._deliver(self._session.channel(channel), args, now)
        elif method in {m.ACK, m.NACK}:
            self._confirm(channel, method, args, now)
        elif method in {m.GET_OK, m.GET_EMPTY}:
            self._get(self._session.channel(channel), method, args, now)
        elif method in m.ANSWERS:
            self._answer(channel, method, args, now)
        elif method == m.RETURN:
            self._return(self._session.channel(channel), args, now)
        else:
            self._else(channel, method, args, now)

    def header(self, channel: int, data: bytes, at: int, stop: int) -> Content | None:
        """The header of a message to the client."""
        content = self._session.channel(channel).answered
        if not content.method:
            return None
        read_header(content, data, at, stop)
        return content

    def body(self, channel: int, size: int) -> Content | None:
        """Part of its body."""
        return read_body(self._session.channel(channel).answered, size)

    def complete(self, channel: int, content: Content, now: float) -> None:
        """It is there."""
        session = self._session
        on = session.channel(channel)
        if content.method == m.DELIVER:
            delivered = content.operation("basic.deliver", _DELIVER, content.started, 0, content.bytes)
            if content.answers and len(on.unacked) < MOST_UNACKED:
                on.unacked[content.tag] = delivered
                session.one_more()
            else:
                session.done.append(delivered)
        elif content.method == m.GET_OK:
            got = content.operation("basic.get", _DELIVER, now, 0, content.bytes)
            content.lag = None
            if on.calls and on.calls[0].method == m.GET:
                asked = on.calls.pop(0).begun
                session.settle(
                    (got._replace(started=asked.started, bytes_in=asked.bytes_in, messages_out=1),)
                )
        else:
            returned = content.operation("basic.return", Kind.CALL, content.started, 0, content.bytes)
            session.done.append(returned._replace(outcome=Outcome.REFUSED, code="NO_ROUTE"))

    def _confirm(self, number: int, method: int, args: bytes, now: float) -> None:
        """The broker has publishes, or doesn't want them."""
        session = self._session
        channel = session.channel(number)
        tag, multiple = _TAG_AND_BITS(args)
        if session.cuts is not None:
            self._confirm_cut(session.cuts, number, method, args, now)
        elif multiple or channel.returned or method == m.NACK:
            confirmed = channel.confirm(tag, now, multiple=bool(multiple & 1), nack=method == m.NACK)
            session.settle(confirmed)
        elif (begun := channel.unconfirmed.pop(tag, None)) is not None:
            session.waiting -= 1
            session.done.append(ended(begun[0], now))

    def _confirm_cut(self, cuts: Cuts, number: int, method: int, args: bytes, now: float) -> None:
        """The same where faults may have acted: in the publisher's numbers, which is what it is told, too."""
        book = cuts.books.get(number)
        if book is None:
            cuts.instead[False].append(None)
            return
        channel = self._session.channel(number)
        tag, bits = _TAG_AND_BITS(args)
        meant = [it for it in book.meant(tag, multiple=bool(bits & 1)) if it in channel.unconfirmed]
        for one in meant:
            self._session.settle(channel.confirm(one, now, multiple=False, nack=method == m.NACK))
        cuts.instead[False].append(confirms(number, method, meant))

    def _deliver(self, channel: Channel, args: bytes, now: float) -> None:
        """A message to a consumer begins."""
        end = 1 + args[0]
        consumer = channel.consumers.get(args[1:end], _UNKNOWN)
        address = args[end + _TAG_BYTES + 1 :]
        content = channel.answered
        content.begin(
            m.DELIVER, self._origins.get(address) or self._origin(address), len(args) + _METHOD_BYTES, now
        )
        content.answers = consumer.acknowledges
        content.tag = _TAG(args, end)[0]
        content.detail = consumer.detail + _AGAIN if args[end + _TAG_BYTES] & 1 else consumer.detail

    def _origin(self, said: bytes) -> str:
        """Where a delivered message was published to."""
        (exchange, key), _ = m.strings(said, 0, 2)
        if len(self._origins) >= MOST_NAMES:
            self._origins.clear()
        target = self._origins[said] = self._session.address_of(exchange, key)
        return target

    def _get(self, channel: Channel, method: int, args: bytes, now: float) -> None:
        """An answer to basic.get: a message begins, or there is none."""
        if not channel.calls or channel.calls[0].method != m.GET:
            return
        asked = channel.calls[0].begun
        if method == m.GET_EMPTY:
            del channel.calls[0]
            empty = ended(asked, now)._replace(bytes_out=len(args) + _METHOD_BYTES)
            self._session.settle((empty._replace(detail="empty", messages_out=0, lag=0),))
            return
        content = channel.answered
        address = args[_TAG_BYTES + 1 : -_COUNT_BYTES]
        target = self._origins.get(address) or self._origin(address)
        content.begin(method, target, len(args) + _METHOD_BYTES, now)
        content.detail = f"queue {asked.target}" + _AGAIN * (args[_TAG_BYTES] & 1)
        content.lag = _COUNT(args, len(args) - _COUNT_BYTES)[0]

    def _answer(self, number: int, method: int, args: bytes, now: float) -> None:
        """A call is answered."""
        session = self._session
        channel = session.channel(number)
        at = next((at for at, call in enumerate(channel.calls) if call.answer == method), None)
        if at is None:
            return
        call = channel.calls.pop(at)
        begun = call.begun
        if method == m.QUEUE_DECLARE_OK:
            channel.last_queue = session.name_of(m.strings(args, 0, 1)[0][0])
            begun = begun._replace(target=channel.last_queue)
        elif method == m.CONSUME_OK:
            tag = m.strings(args, 0, 1)[0][0]
            add_consumer(channel, tag, begun.target, acknowledges=call.acknowledges)
        elif method == m.CANCEL_OK:
            channel.consumers.pop(m.strings(args, 0, 1)[0][0], None)
        session.settle((ended(begun, now)._replace(bytes_out=len(args) + _METHOD_BYTES),))
        if method == m.CHANNEL_CLOSE_OK:
            session.end_channel(number, now, in_order=True)
        elif method == m.CONNECTION_CLOSE_OK:
            session.end(now, in_order=True)

    def _return(self, channel: Channel, args: bytes, now: float) -> None:
        """A message comes back: nobody wants it."""
        reason = m.reason_of(args, cause=False)
        (_, exchange, key), _ = m.strings(args, 2, 3)
        address = Address("", exchange, key, mandatory=True)
        content = channel.answered
        content.method = 0
        if channel.confirms and channel.give_back(address, reason.code):
            return
        target = self._session.address_of(exchange, key)
        content.begin(m.RETURN, target, len(args) + _METHOD_BYTES, now)
        content.detail = reason.text[:MOST_DETAIL]

    def _else(self, number: int, method: int, args: bytes, now: float) -> None:
        """What answers nothing."""
        session = self._session
        if method == m.CONNECTION_OPEN_OK:
            session.opened(Outcome.OK, "", now)
        elif method == m.CHANNEL_CLOSE:
            session.refused((session.channel(number),), "channel.close", m.reason_of(args), now)
        elif method == m.CONNECTION_CLOSE:
            reason = m.reason_of(args)
            if session.opening is not None:
                session.opened(reason.outcome, reason.code, now)
            else:
                session.refused(session.channels.values(), "connection.close", reason, now)
        elif method == m.CONNECTION_BLOCKED:
            (why,), _ = m.strings(args, 0, 1)
            session.done.append(
                Operation(
                    "connection.blocked", "", now, now, Outcome.FAILED, "BLOCKED", detail=m.text_of(why)
                )
            )
        elif method == m.CANCEL:
            (tag,), _ = m.strings(args, 0, 1)
            consumer = session.channel(number).consumers.pop(tag, _UNKNOWN)
            session.done.append(
                Operation("basic.cancel", consumer.queue, now, now, Outcome.FAILED, "CANCELLED")
            )
