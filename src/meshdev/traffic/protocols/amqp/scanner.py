"""AMQP 0-9-1 as RabbitMQ speaks it, read along.

Operations are named by the protocol's methods (``basic.publish``, ``queue.declare``); a publish's target is
``exchange/routing.key``, or the queue through the default exchange; everything else's is its queue or exchange. What
waits for what: `amqp.channel`. All frames of a message are counted in its bytes, those that acknowledge it are not.

Rules: bodies are skipped but for the beginning of what is published · of other frames none is kept that is longer than
`amqp.frames.MOST_FRAME` · what comes on a channel in an order that the protocol forbids is skipped: the other side will
say so.
"""

import struct
from collections.abc import Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols.amqp.broker import Broker
from meshdev.traffic.protocols.amqp.caller import Caller
from meshdev.traffic.protocols.amqp.cutting import AmqpBorders
from meshdev.traffic.protocols.amqp.frames import Frames, UnreadableError
from meshdev.traffic.protocols.amqp.methods import MalformedError
from meshdev.traffic.protocols.amqp.session import Session
from meshdev.traffic.protocols.cutting import Cutter
from meshdev.traffic.protocols.operation import Operation, Outcome

GREETING: Final = b"AMQP\0\0\x09\x01"
_TLS: Final = b"\x16\x03"


class AmqpScanner:
    """Reads one connection of AMQP 0-9-1."""

    __slots__ = ("_broker", "_caller", "_greeting", "_session", "gave_up")

    name: ClassVar[str] = "amqp"
    follows_cuts: ClassVar[bool] = True

    def __init__(self) -> None:
        self.gave_up = ""
        self._greeting: bytes | None = b""
        self._session = Session()
        self._caller = Frames(Caller(self._session))
        self._broker = Frames(Broker(self._session))

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes."""
        if self._greeting is not None:
            data = self._greet(self._greeting + data, now)
        return self._read(self._caller, data, now)

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The broker's bytes."""
        return self._read(self._broker, data, now)

    def lost(self, now: float) -> Sequence[Operation]:
        """The connection is over."""
        session = self._session
        session.end(now, in_order=session.closing)
        session.opened(Outcome.LOST, "", now)
        return self._taken()

    def waiting(self) -> int:
        """Calls without their answer, publishes without their confirm, deliveries without their acknowledgement."""
        return self._session.waiting + (self._session.opening is not None)

    def cutter(self, *, asked: bool) -> Cutter:
        """From where the scanner is; what was read of the greeting may have passed, or not."""
        out, skip = (self._caller if asked else self._broker).place
        left = GREETING[len(self._greeting) :] if self._greeting else GREETING
        borders = AmqpBorders(self._session.cut(), (GREETING, left) if asked else (), asked=asked)
        return Cutter(borders, out=out, skip=skip, lasting=True)

    def _greet(self, said: bytes, now: float) -> bytes:
        """The first bytes; what is left of them behind the greeting."""
        if self._session.opening is None:
            self._session.opening = Operation("connection.open", "", now, now)
        if said.startswith(GREETING):
            self._greeting = None
            return said[len(GREETING) :]
        self._greeting = said[: len(GREETING)]
        if not GREETING.startswith(said):
            self._give_up(
                "it is TLS, which only its two ends can read"
                if said.startswith(_TLS)
                else "it does not begin as AMQP 0-9-1 does"
            )
        return b""

    def _read(self, side: Frames, data: bytes, now: float) -> Sequence[Operation]:
        if self.gave_up or not data:
            return ()
        try:
            side.read(data, now)
        except UnreadableError as unreadable:
            self._give_up(str(unreadable))
        except (MalformedError, struct.error, IndexError):
            self._give_up("a frame holds less than it should")
        return self._taken()

    def _taken(self) -> Sequence[Operation]:
        session = self._session
        done = session.done
        if not done:
            return ()
        session.done = []
        return done

    def _give_up(self, reason: str) -> None:
        """Once and for good; what was read before is told."""
        done = self._session.done
        self.gave_up = reason
        self._session = Session()
        self._session.done = done
