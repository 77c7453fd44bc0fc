"""AMQP 0-9-1 as pamqp writes it: what a client and a broker say to a scanner under test."""

from collections.abc import Sequence
from typing import Any

from pamqp import body, commands, frame, header

from meshdev.traffic.protocols.amqp.scanner import GREETING, AmqpScanner
from meshdev.traffic.protocols.operation import Operation

Said = tuple[bool, bytes]  # whether the caller says it


def wire(method: Any, channel: int = 1) -> bytes:
    """One frame."""
    return bytes(frame.marshal(method, channel))


def content(data: bytes, channel: int = 1, piece: int = 131064, **properties: Any) -> bytes:
    """The header and the body of a message."""
    told = header.ContentHeader(body_size=len(data), properties=commands.Basic.Properties(**properties))
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return wire(told, channel) + b"".join(wire(body.ContentBody(one), channel) for one in pieces)


def published(
    key: str,
    data: bytes = b"hello",
    *,
    exchange: str = "",
    channel: int = 1,
    mandatory: bool = False,
    **more: Any,
) -> bytes:
    """A message of the client."""
    method = commands.Basic.Publish(exchange=exchange, routing_key=key, mandatory=mandatory)
    return wire(method, channel) + content(data, channel, **more)


def delivered(
    tag: int, data: bytes = b"hello", *, consumer: str = "c1", key: str = "orders", **more: Any
) -> bytes:
    """A message to a consumer."""
    method = commands.Basic.Deliver(
        consumer_tag=consumer,
        delivery_tag=tag,
        redelivered=more.pop("redelivered", False),
        exchange=more.pop("exchange", ""),
        routing_key=key,
    )
    return wire(method) + content(data, **more)


class Talk:
    """A scanner with an open connection; the clock goes a second further with everything that is said."""

    def __init__(self) -> None:
        self.scanner = AmqpScanner()
        self.now = 0.0
        self.said: list[Said] = []
        self.ask(GREETING, wire(commands.Connection.StartOk(response="secret"), 0))
        self.ask(wire(commands.Connection.Open(virtual_host="/"), 0))
        self.answer(wire(commands.Connection.OpenOk(), 0))

    def ask(self, *frames: Any) -> list[Operation]:
        """What the client says: bytes, or methods on the first channel."""
        return self._say(frames, asked=True)

    def answer(self, *frames: Any) -> list[Operation]:
        """What the broker says."""
        return self._say(frames, asked=False)

    def _say(self, frames: Sequence[Any], *, asked: bool) -> list[Operation]:
        data = b"".join(one if isinstance(one, bytes) else wire(one) for one in frames)
        self.said.append((asked, data))
        self.now += 1
        return list((self.scanner.asked if asked else self.scanner.answered)(data, self.now))

    def confirming(self) -> "Talk":
        """The same, with a channel that confirms."""
        self.ask(commands.Confirm.Select())
        self.answer(commands.Confirm.SelectOk())
        return self

    def consuming(self, queue: str = "orders", *, no_ack: bool = False) -> "Talk":
        """The same, with a consumer ``c1``."""
        self.ask(commands.Basic.Consume(queue=queue, consumer_tag="c1", no_ack=no_ack))
        self.answer(commands.Basic.ConsumeOk(consumer_tag="c1"))
        return self
