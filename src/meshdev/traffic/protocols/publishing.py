"""How one message is published, by protocol: what is said to the broker, and how its answer is understood. Sans-IO.

A dialogue is a generator: it yields what to say next and is sent what the broker says then. It returns when the broker
has taken the message, and raises `RefusedError` when it has not. Those that take more than a few words have modules of
their own (`amqp.publishing`, `kafka.publishing`).
"""

import json
from collections.abc import Callable, Generator, Mapping
from typing import Final, NamedTuple

Dialogue = Generator[bytes, bytes, None]

NAME: Final = "meshdev"
_MQTT_ACCEPTED: Final = b"\x20\x02\x00\x00"
_MQTT_TAKEN: Final = b"\x40\x02\x00\x01"
_MOST_MQTT_BYTES: Final = 268_435_455
_MOST_MQTT_TEXT: Final = 65_535


class RefusedError(Exception):
    """The broker does not take the message; the text is its own, or what is wrong with the message."""


class Outgoing(NamedTuple):
    """What is to be published; ``at`` is now, in epoch seconds. Protocols without headers or keys refuse them."""

    topic: str
    payload: bytes
    headers: Mapping[str, str] = {}
    key: str = ""
    at: float = 0.0


Begin = Callable[[Outgoing], Dialogue]


def without(message: Outgoing, *, headers: bool = False, key: bool = False) -> None:
    """Messages of this protocol have none of these. Raises RefusedError."""
    if headers and message.headers:
        raise RefusedError("its protocol, as it is spoken here, has no headers")
    if key and message.key:
        raise RefusedError("its protocol has no keys")


def nats(message: Outgoing) -> Dialogue:
    """CONNECT, PUB or HPUB, PING; taken when the PONG comes."""
    topic, payload, headers, *_ = message
    without(message, key=True)
    if any("\r" in text or "\n" in text for pair in headers.items() for text in pair):
        raise RefusedError("a header is one line")
    if not topic or any(sign.isspace() for sign in topic):
        raise RefusedError("a subject has no blanks")
    heard = yield b""
    while b"\r\n" not in heard:
        heard += yield b""
    wish = {
        "verbose": False,
        "pedantic": False,
        "name": NAME,
        "lang": "python",
        "version": "1",
        "headers": True,
    }
    if headers:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"NATS/1.0\r\n{lines}\r\n".encode()
        frame = f"HPUB {topic} {len(head)} {len(head) + len(payload)}\r\n".encode() + head + payload
    else:
        frame = f"PUB {topic} {len(payload)}\r\n".encode() + payload
    said = b"CONNECT " + json.dumps(wish).encode() + b"\r\n" + frame + b"\r\nPING\r\n"
    heard = yield said
    while b"PONG\r\n" not in heard:
        if b"-ERR" in heard and heard.endswith(b"\r\n"):
            raise RefusedError(heard.partition(b"-ERR")[2].strip(b" '\r\n").decode("utf-8", "replace"))
        heard += yield b""


def redis(message: Outgoing) -> Dialogue:
    """PUBLISH; taken when the number of receivers comes."""
    without(message, headers=True, key=True)
    parts = (b"PUBLISH", message.topic.encode(), message.payload)
    said = b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    heard = yield said
    while not heard.endswith(b"\r\n"):
        heard += yield b""
    if not heard.startswith(b":"):
        raise RefusedError(heard[1:].strip().decode("utf-8", "replace"))


def mqtt(message: Outgoing) -> Dialogue:
    """CONNECT (3.1.1, clean), PUBLISH with QoS 1; taken when the PUBACK comes."""
    topic, payload, *_ = message
    without(message, headers=True, key=True)
    if not topic or "+" in topic or "#" in topic:
        raise RefusedError("a topic to publish to has no wildcards")
    if len(topic.encode()) > _MOST_MQTT_TEXT:
        raise RefusedError(f"a topic has at most {_MOST_MQTT_TEXT} bytes")
    variable = _mqtt_text("MQTT") + b"\x04\x02\x00\x3c" + _mqtt_text("")
    heard = yield b"\x10" + _mqtt_length(len(variable)) + variable
    while len(heard) < len(_MQTT_ACCEPTED):
        heard += yield b""
    if not heard.startswith(_MQTT_ACCEPTED):
        raise RefusedError(f"the broker answered the connection with {heard[:4].hex()}")
    body = _mqtt_text(topic) + b"\x00\x01" + payload
    heard = yield b"\x32" + _mqtt_length(len(body)) + body
    while len(heard) < len(_MQTT_TAKEN):
        heard += yield b""
    if not heard.startswith(_MQTT_TAKEN):
        raise RefusedError(f"the broker answered the message with {heard[:4].hex()}")


def _mqtt_text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2) + data


def _mqtt_length(number: int) -> bytes:
    if number > _MOST_MQTT_BYTES:
        raise RefusedError("the message is too long for MQTT")
    found = b""
    while True:
        number, low = divmod(number, 128)
        found += bytes((low | (0x80 if number else 0),))
        if not number:
            return found


def amqp(message: Outgoing) -> Dialogue:
    """See `amqp.publishing`."""
    from meshdev.traffic.protocols.amqp.publishing import publish  # noqa: PLC0415 - few daemons ever need it

    return publish(message)


def kafka(message: Outgoing) -> Dialogue:
    """See `kafka.publishing`."""
    from meshdev.traffic.protocols.kafka.publishing import publish  # noqa: PLC0415 - few daemons ever need it

    return publish(message)


PUBLISHERS: Final[Mapping[str, Begin]] = {
    "amqp": amqp,
    "kafka": kafka,
    "mqtt": mqtt,
    "nats": nats,
    "redis": redis,
}
