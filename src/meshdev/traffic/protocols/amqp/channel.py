"""What is under way on one AMQP channel: messages, calls, publishes to be confirmed, deliveries to be acknowledged.

Rules: a publish ends when its last byte has passed, or with its confirm once the channel confirms · a delivery ends
likewise, or with the consumer's acknowledgement if it gives them · a returned message was refused (``NO_ROUTE``): by
its confirm, or told by itself where nothing is confirmed · what is published on a channel that the broker has closed is
lost · a delivery whose consumer leaves in order, unacknowledged, goes back to its queue: no error, ``code`` says it.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from meshdev.traffic.protocols.amqp.methods import PUBLISH, Reason, text_of
from meshdev.traffic.protocols.ending import OK, ended
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome

UNACKNOWLEDGED: Final = "unacknowledged"
NO_HEAD: Final = -1


class Address(NamedTuple):
    """Where a message is published to; ``mandatory`` if it comes back when nobody wants it."""

    target: str
    exchange: bytes
    key: bytes
    mandatory: bool


NOWHERE: Final = Address("", b"", b"", mandatory=False)


class Consumer(NamedTuple):
    """Who gets a queue's messages, and whether they are acknowledged; ``detail`` names the queue for a person."""

    queue: str
    acknowledges: bool
    detail: str


class Pending(NamedTuple):
    """A call that waits for ``answer``; ``consumer`` is whom it asks for, by tag."""

    begun: Operation
    method: int
    answer: int
    consumer: bytes = b""
    acknowledges: bool = False


class Content:
    """A message on its way: its method has passed, its header and body follow. One a channel and way, used again."""

    __slots__ = (
        "address",
        "answers",
        "bytes",
        "detail",
        "lag",
        "left",
        "method",
        "parent",
        "payload",
        "started",
        "tag",
        "target",
        "trace",
        "wanted",
    )

    def __init__(self) -> None:
        self.method = 0  # none is on its way
        self.left = NO_HEAD  # bytes of its body
        self.bytes = 0  # of its frames so far
        self.wanted = 0  # bytes of its body that are to be kept
        self.started = 0.0
        self.target = self.detail = self.trace = self.parent = ""
        self.payload = b""
        self.address = NOWHERE
        self.answers = False  # a delivery that is to be acknowledged
        self.tag = 0
        self.lag: int | None = None

    def begin(self, method: int, target: str, size: int, now: float) -> None:
        """A method that content follows."""
        self.method = method
        self.left = NO_HEAD
        self.target = target
        self.started = now
        self.bytes = size
        self.wanted = 0
        if self.trace:
            self.trace = self.parent = ""
        self.payload = b""

    def operation(self, name: str, kind: Kind, ended: float, bytes_in: int, bytes_out: int) -> Operation:
        """What it was, over or to be waited for."""
        self.method = 0
        return Operation(
            name,
            self.target,
            self.started,
            ended,
            OK,
            "",
            bytes_in,
            bytes_out,
            kind,
            self.detail,
            self.trace,
            self.parent,
            None,
            None,
            self.payload,
            self.lag,
        )


class Channel:
    """One channel, both ways."""

    __slots__ = (
        "answered",
        "asked",
        "calls",
        "closed_by",
        "confirms",
        "consumers",
        "last_queue",
        "published",
        "returned",
        "sequence",
        "unacked",
        "unconfirmed",
    )

    def __init__(self) -> None:
        self.asked = Content()
        self.answered = Content()
        self.calls: list[Pending] = []
        self.confirms = False
        self.sequence = 0
        self.unconfirmed: dict[int, tuple[Operation, Address]] = {}
        self.returned: dict[int, str] = {}
        self.unacked: dict[int, Operation] = {}
        self.consumers: dict[bytes, Consumer] = {}
        self.last_queue = ""  # what an empty name means
        self.closed_by: Reason | None = None  # the broker

    def waiting(self) -> int:
        """How many operations are under way."""
        return len(self.calls) + len(self.unconfirmed) + len(self.unacked)

    def confirm(self, tag: int, now: float, *, multiple: bool, nack: bool) -> Iterator[Operation]:
        """The broker takes responsibility for publishes, or says that it can't."""
        for number in _up_to(self.unconfirmed, tag) if multiple else (tag,):
            begun = self.unconfirmed.pop(number, None)
            if begun is None:
                continue
            if nack:
                self.returned.pop(number, None)
                yield ended(begun[0], now, Outcome.FAILED, "nack")
            elif number in self.returned:
                yield ended(begun[0], now, Outcome.REFUSED, self.returned.pop(number))
            else:
                yield ended(begun[0], now)

    def acknowledge(
        self, tag: int, now: float, outcome: Outcome, code: str, *, multiple: bool
    ) -> Iterator[Operation]:
        """The consumer has done with deliveries."""
        for number in _up_to(self.unacked, tag) if multiple else (tag,):
            begun = self.unacked.pop(number, None)
            if begun is not None:
                yield ended(begun, now, outcome, code)

    def give_back(self, address: Address, code: str) -> bool:
        """A message came back: that of the oldest unconfirmed publish that it can be. False if there is none."""
        for number, (_, published) in self.unconfirmed.items():
            if published.mandatory and published[1:3] == address[1:3] and number not in self.returned:
                self.returned[number] = code
                return True
        return False

    def refuse(self, reason: Reason, now: float) -> Operation | None:
        """The broker closes the channel: what it did not like, if that is known to be under way."""
        self.closed_by = reason
        if self.calls and self.calls[0].method == reason.cause:
            return ended(self.calls.pop(0).begun, now, reason.outcome, reason.code)
        if reason.cause == PUBLISH:
            for number, (begun, address) in self.unconfirmed.items():
                if f"'{text_of(address.exchange)}'" in reason.text:
                    del self.unconfirmed[number]
                    return ended(begun, now, reason.outcome, reason.code)
        return None

    def end(self, now: float, *, in_order: bool) -> Iterator[Operation]:
        """The channel is gone, ``in_order`` if the caller wished it; what is under way was lost."""
        code = self.closed_by.code if self.closed_by is not None else ""
        for call in self.calls:
            yield ended(call.begun, now, Outcome.LOST, code)
        for published, _ in self.unconfirmed.values():
            yield ended(published, now, Outcome.LOST, code)
        for delivered in self.unacked.values():
            if in_order:
                yield ended(delivered, delivered.started, code=UNACKNOWLEDGED)
            else:
                yield ended(delivered, now, Outcome.LOST, code)
        self.calls = []
        self.unconfirmed = {}
        self.unacked = {}


def _up_to(numbers: Mapping[int, object], tag: int) -> list[int]:
    """Those until ``tag``, which is the last of several; 0 means all."""
    if not tag:
        return list(numbers)
    found = []
    for number in numbers:
        if number > tag:
            break
        found.append(number)
    return found
