"""The messages that one side of an MQTT connection publishes to the other, until they are acknowledged.

Rules: a message of QoS 0 is over when its last byte has passed · of QoS 1 with its PUBACK, of QoS 2 with its PUBCOMP,
or with a PUBREC that says no · one that is sent again on the same connection is the same one · a topic alias means the
topic that it was last given with.
"""

from typing import Final

from meshdev.traffic.protocols.ending import OK, ended
from meshdev.traffic.protocols.mqtt import words as w
from meshdev.traffic.protocols.mqtt.session import MOST_NAMES, Session, UnreadableError
from meshdev.traffic.protocols.names import pattern_of
from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation, Outcome
from meshdev.traffic.trace_context import ids_at

MOST_ALIASES: Final = 4096
MOST_PAYLOADS_KEPT: Final = 64  # of messages that wait for their acknowledgement

_TRACE: Final = b"\x26\0\x0btraceparent\0\x37"
_RETAIN: Final = 1
_AGAIN: Final = 8
_DETAILS: Final = tuple(
    ", ".join(word for word, said in (("retained", flags & _RETAIN), ("sent again", flags & _AGAIN)) if said)
    for flags in range(16)
)


class Flow:
    """Messages one way. ``published`` if they are the caller's, else they are delivered to it."""

    __slots__ = (
        "_detail",
        "_kind",
        "_name",
        "_number",
        "_parent",
        "_payload",
        "_published",
        "_session",
        "_size",
        "_started",
        "_target",
        "_targets",
        "_trace",
        "aliases",
        "under_way",
        "wanted",
    )

    def __init__(self, session: Session, *, published: bool) -> None:
        self._session = session
        self._published = published
        self._name, self._kind = ("PUBLISH", Kind.PUBLISH) if published else ("DELIVER", Kind.DELIVER)
        self._targets: dict[bytes, str] = {}
        self.aliases: dict[int, bytes] = {}
        self.under_way: dict[int, Operation] = {}
        self.wanted = 0  # bytes of the payload that are to be kept
        self._target = self._detail = self._trace = self._parent = ""
        self._number = 0
        self._payload = b""
        self._size = 0
        self._started = 0.0

    def begin(self, first: int, data: bytes, at: int, end: int, size: int, now: float) -> int:
        """The packet's variable header, which begins at ``at``; where the payload does.

        Bytes before ``end`` are the packet's. Raises IndexError if it is not whole, KeyError if it is none.
        """
        topic_at = at + 2
        at = topic_at + (data[at] << 8 | data[at + 1])
        topic = data[topic_at:at]
        number = 0
        if first & 6:
            number = data[at] << 8 | data[at + 1]
            at += 2
        alias = 0
        trace = parent = ""
        if self._session.version == w.FIFTH:
            length, at = w.variable(data, at)
            if length:
                if at + length > end:
                    raise IndexError
                alias, trace, parent = _properties(data, at, at + length)
                at += length
        if at > end:
            raise IndexError
        self._target = self._meant(topic, alias)
        self._number = number
        self._detail = _DETAILS[first & 15]
        self._trace, self._parent = trace, parent
        self._payload = b""
        self._size = size
        self._started = now
        self.wanted = MOST_PAYLOAD if self._published else 0
        return at

    def keep(self, piece: bytes) -> None:
        """The next bytes of the payload's beginning."""
        self._payload += piece
        self.wanted -= len(piece)

    def complete(self) -> None:
        """The message has passed."""
        session = self._session
        number = self._number
        size = self._size
        if len(self.under_way) > MOST_PAYLOADS_KEPT:
            self._payload = b""
        message = Operation(
            self._name,
            self._target,
            self._started,
            self._started,
            OK,
            "",
            size if self._published else 0,
            0 if self._published else size,
            self._kind,
            self._detail,
            self._trace,
            self._parent,
            None,
            None,
            self._payload,
            None,
        )
        if not number:
            session.done.append(message)
        elif number not in self.under_way:
            self.under_way[number] = message
            session.one_more()

    def acknowledge(self, packet: int, body: bytes, now: float) -> None:
        """The other side answers. Raises IndexError."""
        number = body[0] << 8 | body[1]
        said = body[2] if len(body) > 2 else 0  # noqa: PLR2004 - behind the number
        if packet == w.PUBREC and said < w.FAILURE:
            return
        begun = self.under_way.pop(number, None)
        if begun is None:
            return
        self._session.waiting -= 1
        reason = w.reason_of(said) if said else w.WELL
        self._session.done.append(ended(begun, now, *reason))

    def end(self, now: float, *, in_order: bool) -> None:
        """The connection is over; what a client leaves unacknowledged in order was delivered all the same."""
        session = self._session
        for begun in self.under_way.values():
            if in_order and not self._published:
                session.done.append(ended(begun, begun.started, code="unacknowledged"))
            else:
                session.done.append(ended(begun, now, Outcome.LOST))
        session.waiting -= len(self.under_way)
        self.under_way = {}

    def _meant(self, topic: bytes, alias: int) -> str:
        """The topic's pattern."""
        if not topic:
            topic = self.aliases.get(alias, b"")
        target = self._targets.get(topic)
        if target is None:
            if len(self._targets) >= MOST_NAMES:
                self._targets.clear()
            target = self._targets[topic] = pattern_of(topic.decode("utf-8", "replace"))
        if alias:
            if len(self.aliases) >= MOST_ALIASES and alias not in self.aliases:
                raise UnreadableError(f"there are more than {MOST_ALIASES} topic aliases")
            self.aliases[alias] = topic
        return target


def _properties(data: bytes, at: int, end: int) -> tuple[int, str, str]:
    """A message's topic alias, trace and parent. Raises IndexError, KeyError."""
    alias = 0
    ids = "", ""
    while at < end:
        if data[at] == w.TOPIC_ALIAS:
            alias = data[at + 1] << 8 | data[at + 2]
        elif data.startswith(_TRACE, at):
            ids = ids_at(data, at + len(_TRACE), end)
        at = w.after_property(data, at)
    if at != end:
        raise KeyError(at)
    return alias, *ids
