"""MQTT packets as bytes: what a client and a broker say to a scanner under test. Properties are written by paho."""

from collections.abc import Sequence

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from meshdev.traffic.protocols.mqtt.scanner import MqttScanner
from meshdev.traffic.protocols.operation import Operation

Said = tuple[bool, bytes]  # whether the caller says it


def text(data: bytes | str) -> bytes:
    """A string with its length."""
    raw = data.encode() if isinstance(data, str) else data
    return len(raw).to_bytes(2, "big") + raw


def variable(number: int) -> bytes:
    """A length."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def packet(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """One packet."""
    return bytes((kind << 4 | flags,)) + variable(len(body)) + body


def number(value: int) -> bytes:
    """A packet's number."""
    return value.to_bytes(2, "big")


def properties(**values: object) -> bytes:
    """A PUBLISH's properties (``TopicAlias=1``) with their length."""
    found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(found, name, value)
    return bytes(found.pack())  # type: ignore[no-untyped-call]


def connect(version: int = 4, name: str = "MQTT") -> bytes:
    """A client's first packet."""
    more = b"\0" if version & 0x7F == 5 else b""
    return packet(1, text(name) + bytes((version, 2, 0, 60)) + more + text("c"))


def publish(
    topic: str, data: bytes = b"hello", *, qos: int = 0, of: int = 1, told: bytes = b"", flags: int = 0
) -> bytes:
    """A message; ``of`` is its number, ``told`` its properties, which version 5 always has."""
    return packet(3, text(topic) + (number(of) if qos else b"") + told + data, flags | qos << 1)


class Talk:
    """A scanner with an open connection; the clock goes a second further with everything that is said."""

    def __init__(self, version: int = 4) -> None:
        self.scanner = MqttScanner()
        self.now = 0.0
        self.said: list[Said] = []
        self.ask(connect(version))
        self.answer(packet(2, b"\0\0" + (b"\0" if version == 5 else b"")))

    def ask(self, *packets: bytes) -> list[Operation]:
        """What the client says."""
        return self._say(packets, asked=True)

    def answer(self, *packets: bytes) -> list[Operation]:
        """What the broker says."""
        return self._say(packets, asked=False)

    def _say(self, packets: Sequence[bytes], *, asked: bool) -> list[Operation]:
        data = b"".join(packets)
        self.said.append((asked, data))
        self.now += 1
        return list((self.scanner.asked if asked else self.scanner.answered)(data, self.now))
