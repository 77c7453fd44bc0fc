"""Where the packets of one direction of MQTT end; PUBLISH is a message, whoever says it.

What gives a topic alias its meaning passes unharmed: without it, the messages that follow would mean nothing. Behind
DISCONNECT there is none.
"""

from collections.abc import Mapping
from typing import Final

from meshdev.traffic.protocols.cutting import LostPlaceError, Message, Unit
from meshdev.traffic.protocols.mqtt import words as w

_VERSION_AT: Final = 2  # behind the protocol's name
_SHORT_CONNACK: Final = 2  # without properties: of the versions before 5


class MqttBorders:
    """``version`` may be 0 until it is seen; ``aliases`` are those of this direction so far."""

    __slots__ = ("_aliases", "_version")

    def __init__(self, version: int, aliases: Mapping[int, bytes]) -> None:
        self._version = version
        self._aliases = dict(aliases)

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The packet at ``at``."""
        try:
            size, begin = w.variable(data, at + 1)
        except IndexError:
            return None
        except KeyError:
            raise LostPlaceError from None
        whole = begin + size - at
        kind = data[at] >> 4
        if kind == w.PUBLISH:
            return self._publish(data, at, begin, whole)
        if kind in {w.CONNECT, w.CONNACK}:
            if at + whole > len(data):
                return None
            self._learn(kind, data[begin : at + whole])
        return Unit(whole, last=kind == w.DISCONNECT)

    def payload(self, data: bytes) -> bytes:
        """Behind the variable header."""
        return data[self._head(data)[1] :]

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """The same head; the length is put right."""
        begin, at = self._head(data)
        return data[:1] + length_of(at - begin + len(payload)) + data[begin:at] + payload

    def _learn(self, kind: int, body: bytes) -> None:
        """Which version is spoken: a CONNECT says it, a CONNACK shows it."""
        try:
            if kind == w.CONNECT:
                self._version = body[_VERSION_AT + (body[0] << 8 | body[1])] & 0x7F
            elif not self._version:
                self._version = w.FIFTH if len(body) > _SHORT_CONNACK else w.FIFTH - 1
        except IndexError:
            raise LostPlaceError from None

    def _publish(self, data: bytes, at: int, begin: int, whole: int) -> Unit | None:
        """A message, once its variable header is here."""
        end = min(len(data), at + whole)
        try:
            topic, properties, stop = self._parts(data, at, begin, end)
            alias = _alias(properties)
        except IndexError:
            if end < at + whole:
                return None
            raise LostPlaceError from None
        except KeyError:
            raise LostPlaceError from None
        if stop > end:
            return None
        if alias and topic:
            self._aliases[alias] = topic
            return Unit(whole)
        name = (topic or self._aliases.get(alias, b"")).decode("utf-8", "replace")
        return Unit(whole, Message(name, lambda: _headers(properties), name.startswith("$")))

    def _parts(self, data: bytes, at: int, begin: int, end: int) -> tuple[bytes, bytes, int]:
        """The topic, the properties, and where the payload begins. Raises IndexError, KeyError."""
        stop = begin + 2 + (data[begin] << 8 | data[begin + 1])
        topic = data[begin + 2 : stop]
        if data[at] & 6:
            stop += 2
        if self._version != w.FIFTH:
            return topic, b"", stop
        length, properties = w.variable(data, stop)
        stop = properties + length
        if stop > end:
            raise IndexError
        return topic, data[properties:stop], stop

    def _head(self, data: bytes) -> tuple[int, int]:
        begin = w.variable(data, 1)[1]
        return begin, self._parts(data, 0, begin, len(data))[2]


def length_of(number: int) -> bytes:
    """A length as packets say it."""
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def _alias(properties: bytes) -> int:
    at = 0
    while at < len(properties):
        if properties[at] == w.TOPIC_ALIAS:
            return properties[at + 1] << 8 | properties[at + 2]
        at = w.after_property(properties, at)
    return 0


def _headers(properties: bytes) -> Mapping[str, str]:
    """User properties by lowered name; of several with one name the first."""
    found: dict[str, str] = {}
    at = 0
    while at < len(properties):
        end = w.after_property(properties, at)
        if properties[at] == w.USER_PROPERTY:
            middle = at + 3 + (properties[at + 1] << 8 | properties[at + 2])
            name = properties[at + 3 : middle].decode("utf-8", "replace").lower()
            found.setdefault(name, properties[middle + 2 : end].decode("utf-8", "replace"))
        at = end
    return found
