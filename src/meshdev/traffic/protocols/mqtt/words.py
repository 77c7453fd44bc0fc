"""MQTT's numbers: packets, reason codes (5, §2.4), return codes (3.1.1, §3.2.2.3), properties (5, §2.2.2)."""

from typing import Final, NamedTuple

from meshdev.traffic.protocols.ending import OK
from meshdev.traffic.protocols.operation import Outcome
from meshdev.traffic.protocols.signatures import Verdict, begins_with

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PUBREC: Final = 5
PUBREL: Final = 6
PUBCOMP: Final = 7
SUBSCRIBE: Final = 8
SUBACK: Final = 9
UNSUBSCRIBE: Final = 10
UNSUBACK: Final = 11
PINGREQ: Final = 12
PINGRESP: Final = 13
DISCONNECT: Final = 14
AUTH: Final = 15

FIFTH: Final = 5  # the version with properties and reason codes
FAILURE: Final = 0x80  # the first reason code that is one
CONTINUE: Final = 0x18
AGAIN: Final = 0x19


class Reason(NamedTuple):
    """What a reason code says, and who is to be blamed."""

    outcome: Outcome
    code: str


_REFUSED: Final = Outcome.REFUSED
_FAILED: Final = Outcome.FAILED
WELL: Final = Reason(OK, "")

REASONS: Final = {
    0x04: Reason(OK, "WITH_WILL"),
    0x10: Reason(OK, "NO_MATCHING_SUBSCRIBERS"),
    0x11: Reason(OK, "NO_SUBSCRIPTION_EXISTED"),
    0x80: Reason(_FAILED, "UNSPECIFIED_ERROR"),
    0x81: Reason(_REFUSED, "MALFORMED_PACKET"),
    0x82: Reason(_REFUSED, "PROTOCOL_ERROR"),
    0x83: Reason(_FAILED, "IMPLEMENTATION_SPECIFIC_ERROR"),
    0x84: Reason(_REFUSED, "UNSUPPORTED_PROTOCOL_VERSION"),
    0x85: Reason(_REFUSED, "CLIENT_IDENTIFIER_NOT_VALID"),
    0x86: Reason(_REFUSED, "BAD_USER_NAME_OR_PASSWORD"),
    0x87: Reason(_REFUSED, "NOT_AUTHORIZED"),
    0x88: Reason(_FAILED, "SERVER_UNAVAILABLE"),
    0x89: Reason(_FAILED, "SERVER_BUSY"),
    0x8A: Reason(_REFUSED, "BANNED"),
    0x8B: Reason(_FAILED, "SERVER_SHUTTING_DOWN"),
    0x8C: Reason(_REFUSED, "BAD_AUTHENTICATION_METHOD"),
    0x8D: Reason(_REFUSED, "KEEP_ALIVE_TIMEOUT"),
    0x8E: Reason(_REFUSED, "SESSION_TAKEN_OVER"),
    0x8F: Reason(_REFUSED, "TOPIC_FILTER_INVALID"),
    0x90: Reason(_REFUSED, "TOPIC_NAME_INVALID"),
    0x91: Reason(_REFUSED, "PACKET_IDENTIFIER_IN_USE"),
    0x92: Reason(_REFUSED, "PACKET_IDENTIFIER_NOT_FOUND"),
    0x93: Reason(_REFUSED, "RECEIVE_MAXIMUM_EXCEEDED"),
    0x94: Reason(_REFUSED, "TOPIC_ALIAS_INVALID"),
    0x95: Reason(_REFUSED, "PACKET_TOO_LARGE"),
    0x96: Reason(_REFUSED, "MESSAGE_RATE_TOO_HIGH"),
    0x97: Reason(_FAILED, "QUOTA_EXCEEDED"),
    0x98: Reason(_FAILED, "ADMINISTRATIVE_ACTION"),
    0x99: Reason(_REFUSED, "PAYLOAD_FORMAT_INVALID"),
    0x9A: Reason(_REFUSED, "RETAIN_NOT_SUPPORTED"),
    0x9B: Reason(_REFUSED, "QOS_NOT_SUPPORTED"),
    0x9C: Reason(_FAILED, "USE_ANOTHER_SERVER"),
    0x9D: Reason(_FAILED, "SERVER_MOVED"),
    0x9E: Reason(_REFUSED, "SHARED_SUBSCRIPTIONS_NOT_SUPPORTED"),
    0x9F: Reason(_FAILED, "CONNECTION_RATE_EXCEEDED"),
    0xA0: Reason(_FAILED, "MAXIMUM_CONNECT_TIME"),
    0xA1: Reason(_REFUSED, "SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED"),
    0xA2: Reason(_REFUSED, "WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED"),
}
_RETURNS: Final = {
    1: Reason(_REFUSED, "UNACCEPTABLE_PROTOCOL_VERSION"),
    2: Reason(_REFUSED, "IDENTIFIER_REJECTED"),
    3: Reason(_FAILED, "SERVER_UNAVAILABLE"),
    4: Reason(_REFUSED, "BAD_USER_NAME_OR_PASSWORD"),
    5: Reason(_REFUSED, "NOT_AUTHORIZED"),
}


def reason_of(number: int) -> Reason:
    """A reason code's meaning."""
    known = REASONS.get(number)
    if known is not None:
        return known
    return WELL if number < FAILURE else Reason(_FAILED, f"{number:#04x}")


def return_of(number: int) -> Reason:
    """What a CONNACK of the versions before says."""
    return WELL if not number else _RETURNS.get(number) or Reason(_FAILED, f"{number:#04x}")


TOPIC_ALIAS: Final = 0x23
USER_PROPERTY: Final = 0x26
_STRING: Final = -1  # two bytes of length before it
_PAIR: Final = -2
_VARIABLE: Final = -3
PROPERTIES: Final = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, TOPIC_ALIAS), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), _STRING),
    USER_PROPERTY: _PAIR,
    0x0B: _VARIABLE,
}


def after_property(data: bytes, at: int) -> int:
    """Where the property ends whose identifier is at ``at``. Raises KeyError, IndexError."""
    size = PROPERTIES[data[at]]
    at += 1
    if size >= 0:
        return at + size
    if size == _VARIABLE:
        return variable(data, at)[1]
    for _ in range(2 if size == _PAIR else 1):
        at += 2 + (data[at] << 8 | data[at + 1])
    return at


def variable(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length and where it ends. Raises IndexError if it ends later, KeyError if it is too long."""
    value = data[at]
    if value < FAILURE:
        return value, at + 1
    value &= 0x7F
    for shift in (7, 14, 21):
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < FAILURE:
            return value, at + 1
    raise KeyError(value)


_GREETINGS: Final = (b"\0\x04MQTT", b"\0\x06MQIsdp")


def is_mqtt(said: bytes) -> Verdict:
    """Whether bytes begin as a CONNECT does."""
    if said[:1] != bytes((CONNECT << 4,)):
        return Verdict.NO if said else Verdict.OPEN
    try:
        at = variable(said, 1)[1]
    except IndexError:
        return Verdict.OPEN
    except KeyError:
        return Verdict.NO
    return begins_with(*_GREETINGS)(said[at:])
