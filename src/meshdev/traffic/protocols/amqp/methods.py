"""The methods of AMQP 0-9-1 by class and number (RabbitMQ's extensions included), as far as a scanner needs them."""

import struct
from typing import Final, NamedTuple

from meshdev.traffic.protocols.operation import Outcome

_CODE: Final = struct.Struct(">H").unpack_from
_CAUSE: Final = struct.Struct(">I").unpack_from


def method(of_class: int, number: int) -> int:
    """Both numbers in one, as they stand in a frame."""
    return of_class << 16 | number


CONNECTION_OPEN: Final = method(10, 40)
CONNECTION_OPEN_OK: Final = method(10, 41)
CONNECTION_CLOSE: Final = method(10, 50)
CONNECTION_CLOSE_OK: Final = method(10, 51)
CONNECTION_BLOCKED: Final = method(10, 60)
CHANNEL_CLOSE: Final = method(20, 40)
CHANNEL_CLOSE_OK: Final = method(20, 41)
QUEUE_DECLARE: Final = method(50, 10)
QUEUE_DECLARE_OK: Final = method(50, 11)
CONSUME: Final = method(60, 20)
CONSUME_OK: Final = method(60, 21)
CANCEL: Final = method(60, 30)
CANCEL_OK: Final = method(60, 31)
PUBLISH: Final = method(60, 40)
RETURN: Final = method(60, 50)
DELIVER: Final = method(60, 60)
GET: Final = method(60, 70)
GET_OK: Final = method(60, 71)
GET_EMPTY: Final = method(60, 72)
ACK: Final = method(60, 80)
REJECT: Final = method(60, 90)
RECOVER_ASYNC: Final = method(60, 100)
RECOVER: Final = method(60, 110)
NACK: Final = method(60, 120)
CONFIRM_SELECT: Final = method(85, 10)
TRANSACTIONS: Final = frozenset({method(90, 10), method(90, 20), method(90, 30)})


class Call(NamedTuple):
    """A method that is answered. Its arguments: ``strings`` short strings from ``at`` on, the target first, then bits.

    ``no_wait`` is the bit that asks for no answer; 0 where there is none.
    """

    name: str
    answer: int
    strings: int = 0
    no_wait: int = 0
    at: int = 2


CALLS: Final = {
    CONNECTION_CLOSE: Call("connection.close", CONNECTION_CLOSE_OK),
    method(10, 70): Call("connection.update-secret", method(10, 71)),
    method(20, 10): Call("channel.open", method(20, 11)),
    method(20, 20): Call("channel.flow", method(20, 21)),
    CHANNEL_CLOSE: Call("channel.close", CHANNEL_CLOSE_OK),
    method(40, 10): Call("exchange.declare", method(40, 11), 2, 0b10000),
    method(40, 20): Call("exchange.delete", method(40, 21), 1, 0b10),
    method(40, 30): Call("exchange.bind", method(40, 31), 3, 0b1),
    method(40, 40): Call("exchange.unbind", method(40, 51), 3, 0b1),
    QUEUE_DECLARE: Call("queue.declare", QUEUE_DECLARE_OK, 1, 0b10000),
    method(50, 20): Call("queue.bind", method(50, 21), 3, 0b1),
    method(50, 30): Call("queue.purge", method(50, 31), 1, 0b1),
    method(50, 40): Call("queue.delete", method(50, 41), 1, 0b100),
    method(50, 50): Call("queue.unbind", method(50, 51), 3),
    method(60, 10): Call("basic.qos", method(60, 11)),
    CONSUME: Call("basic.consume", CONSUME_OK, 2, 0b1000),
    CANCEL: Call("basic.cancel", CANCEL_OK, 1, 0b1, 0),
    GET: Call("basic.get", GET_OK, 1),
    RECOVER: Call("basic.recover", method(60, 111)),
    CONFIRM_SELECT: Call("confirm.select", method(85, 11), 0, 0b1),
    method(90, 10): Call("tx.select", method(90, 11)),
    method(90, 20): Call("tx.commit", method(90, 21)),
    method(90, 30): Call("tx.rollback", method(90, 31)),
}
OF_QUEUES: Final = frozenset({method(50, 20), method(50, 30), method(50, 40), method(50, 50), CONSUME, GET})
BINDINGS: Final = frozenset({method(40, 30), method(40, 40), method(50, 20), method(50, 50)})
ANSWERS: Final = frozenset(call.answer for call in CALLS.values())

_REFUSED: Final = {
    311: "CONTENT_TOO_LARGE",
    312: "NO_ROUTE",
    313: "NO_CONSUMERS",
    402: "INVALID_PATH",
    403: "ACCESS_REFUSED",
    404: "NOT_FOUND",
    405: "RESOURCE_LOCKED",
    406: "PRECONDITION_FAILED",
    501: "FRAME_ERROR",
    502: "SYNTAX_ERROR",
    503: "COMMAND_INVALID",
    504: "CHANNEL_ERROR",
    505: "UNEXPECTED_FRAME",
    530: "NOT_ALLOWED",
}
_FAILED: Final = {
    320: "CONNECTION_FORCED",
    506: "RESOURCE_ERROR",
    540: "NOT_IMPLEMENTED",
    541: "INTERNAL_ERROR",
}
GOODBYE: Final = 200


class MalformedError(ValueError):
    """Arguments that end before they should."""


class Reason(NamedTuple):
    """Why a side closes something; ``cause`` is the method that it did not like, 0 if none."""

    number: int
    code: str
    outcome: Outcome
    text: str
    cause: int


def strings(args: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """That many short strings, and where they end. Raises `MalformedError`."""
    found = []
    for _ in range(count):
        begin = at + 1
        if begin > len(args):
            raise MalformedError
        at = begin + args[begin - 1]
        found.append(args[begin:at])
    if at > len(args):
        raise MalformedError
    return found, at


def text_of(name: bytes) -> str:
    """A short string as text, whatever it holds."""
    return name.decode("utf-8", "replace")


def reason_of(args: bytes, *, cause: bool = True) -> Reason:
    """What a close or a return says. Raises `MalformedError`, struct.error."""
    number: int = _CODE(args)[0]
    (text,), at = strings(args, 2, 1)
    code = _REFUSED.get(number) or _FAILED.get(number) or str(number)
    outcome = Outcome.OK if number == GOODBYE else Outcome.REFUSED if number in _REFUSED else Outcome.FAILED
    return Reason(number, code, outcome, text_of(text), _CAUSE(args, at)[0] if cause else 0)
