"""MQTT 3.1, 3.1.1 and 5, read along.

Operations are named by the protocol's packets; what the broker publishes to its client is called ``DELIVER``. The
target is the topic (``devices/{id}/state``) or the filter, the code a reason code's name. Which message waits for what:
`mqtt.flow`.

Rules: payloads are skipped but for the beginning of what is published · SUBSCRIBE and UNSUBSCRIBE are an operation for
each of their filters · DISCONNECT is told whoever says it.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols.cutting import Cutter
from meshdev.traffic.protocols.ending import ended
from meshdev.traffic.protocols.mqtt import words as w
from meshdev.traffic.protocols.mqtt.cutting import MqttBorders
from meshdev.traffic.protocols.mqtt.flow import Flow
from meshdev.traffic.protocols.mqtt.packets import Packets
from meshdev.traffic.protocols.mqtt.session import Session, UnreadableError
from meshdev.traffic.protocols.names import pattern_of
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome

_TLS: Final = 0x16  # the first byte of its client
_CONNECT: Final = w.CONNECT << 4
_NAMES: Final = {b"MQTT", b"MQIsdp"}
_VERSIONS: Final = {3: "3.1", 4: "3.1.1", 5: "5"}
_BRIDGE: Final = 0x80  # what Mosquitto's bridges put before the version
_ACKNOWLEDGES: Final = {w.PUBACK, w.PUBREC, w.PUBCOMP}


class MqttScanner:
    """Reads one connection of MQTT."""

    __slots__ = (
        "_begun",
        "_broker",
        "_caller",
        "_calls",
        "_delivered",
        "_published",
        "_session",
        "gave_up",
    )

    name: ClassVar[str] = "mqtt"

    def __init__(self) -> None:
        self.gave_up = ""
        self._begun = False
        self._begin(Session())

    def _begin(self, session: Session) -> None:
        self._session = session
        self._published = Flow(session, published=True)
        self._delivered = Flow(session, published=False)
        self._caller = Packets(self._published, self._said)
        self._broker = Packets(self._delivered, self._answered)
        self._calls: dict[tuple[int, int], list[Operation]] = {}  # by what answers them: packet and number

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The client's bytes."""
        if not self._begun and data:
            self._begun = True
            if data[0] != _CONNECT:
                tls = data[0] == _TLS
                self._give_up(
                    "it is TLS, which only its two ends can read" if tls else "it does not begin as MQTT does"
                )
        return self._read(self._caller, data, now)

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The broker's bytes."""
        return self._read(self._broker, data, now)

    def lost(self, now: float) -> Sequence[Operation]:
        """The connection is over."""
        session = self._session
        for calls in self._calls.values():
            session.done += [ended(call, now, Outcome.LOST) for call in calls]
            session.waiting -= len(calls)
        self._calls = {}
        self._published.end(now, in_order=session.leaving)
        self._delivered.end(now, in_order=session.leaving)
        return self._taken()

    def waiting(self) -> int:
        """What is asked and not answered, and messages that are not acknowledged, both ways."""
        return self._session.waiting

    def cutter(self, *, asked: bool) -> Cutter:
        """From where the scanner is."""
        packets, flow = (self._caller, self._published) if asked else (self._broker, self._delivered)
        out, skip = packets.place
        return Cutter(MqttBorders(self._session.version, flow.aliases), out=out, skip=skip)

    def _read(self, packets: Packets, data: bytes, now: float) -> Sequence[Operation]:
        if self.gave_up:
            return self._taken()
        try:
            packets.read(data, now)
        except UnreadableError as unreadable:
            self._give_up(str(unreadable))
        return self._taken()

    def _taken(self) -> Sequence[Operation]:
        done = self._session.done
        if not done:
            return ()
        self._session.done = []
        return done

    def _give_up(self, reason: str) -> None:
        """Once and for good; what was read before is told."""
        self.gave_up = reason
        told = Session()
        told.done = self._session.done
        self._begin(told)

    def _said(self, first: int, body: bytes, size: int, now: float) -> None:
        """A packet of the client that is no message. Raises IndexError, KeyError, `UnreadableError`."""
        packet = first >> 4
        if packet in _ACKNOWLEDGES:
            self._delivered.acknowledge(packet, body, now)
        elif packet == w.CONNECT:
            self._connect(body, size, now)
        elif packet in {w.SUBSCRIBE, w.UNSUBSCRIBE}:
            self._filter(packet, body, size, now)
        elif packet == w.PINGREQ:
            self._ask((w.PINGRESP, 0), Operation("PINGREQ", "", now, now, bytes_in=size))
        elif packet == w.AUTH:
            if body and body[0] == w.AGAIN:
                self._ask((w.AUTH, 0), Operation("AUTH", "", now, now, bytes_in=size))
        elif packet == w.DISCONNECT:
            self._session.leaving = True
            self._disconnect(body, size, 0, now)
        elif packet != w.PUBREL:
            raise UnreadableError(f"the client sends a packet of type {packet}")

    def _answered(self, first: int, body: bytes, size: int, now: float) -> None:
        """A packet of the broker that is no message. Raises IndexError, KeyError, `UnreadableError`."""
        packet = first >> 4
        if packet in _ACKNOWLEDGES:
            self._published.acknowledge(packet, body, now)
        elif packet == w.PINGRESP:
            self._end((packet, 0), w.WELL, size, now)
        elif packet == w.CONNACK:
            meaning = w.reason_of if self._session.version == w.FIFTH else w.return_of
            self._end((packet, 0), meaning(body[1]), size, now)
        elif packet in {w.SUBACK, w.UNSUBACK}:
            self._end_filters(packet, body, size, now)
        elif packet == w.AUTH:
            if not body or body[0] != w.CONTINUE:
                self._end((packet, 0), w.WELL, size, now)
        elif packet == w.DISCONNECT:
            self._disconnect(body, 0, size, now)
        elif packet != w.PUBREL:
            raise UnreadableError(f"the broker sends a packet of type {packet}")

    def _connect(self, body: bytes, size: int, now: float) -> None:
        """The client's first packet: what is spoken."""
        end = 2 + (body[0] << 8 | body[1])
        version = body[end] & ~_BRIDGE
        if body[2:end] not in _NAMES or version not in _VERSIONS:
            raise UnreadableError("it is no version of MQTT that is known")
        self._session.version = version
        detail = f"MQTT {_VERSIONS[version]}"
        self._ask((w.CONNACK, 0), Operation("CONNECT", "", now, now, bytes_in=size, detail=detail))

    def _filter(self, packet: int, body: bytes, size: int, now: float) -> None:
        """The client wants topics, or wants them no more."""
        number, at = self._number(body)
        subscribes = packet == w.SUBSCRIBE
        while at < len(body):
            begin = at + 2
            at = begin + (body[at] << 8 | body[at + 1])
            topic = pattern_of(body[begin:at].decode("utf-8", "replace"))
            detail = ""
            if subscribes:
                detail = f"QoS {body[at] & 3}"
                at += 1
            kind = Kind.SUBSCRIBE if subscribes else Kind.CALL
            name = "SUBSCRIBE" if subscribes else "UNSUBSCRIBE"
            self._ask(
                (packet + 1, number),
                Operation(name, topic, now, now, bytes_in=size, kind=kind, detail=detail),
            )
            size = 0  # it is counted once

    def _number(self, body: bytes) -> tuple[int, int]:
        """A packet's number, and where its payload begins behind that and the properties."""
        at = 2
        if self._session.version == w.FIFTH:
            length, at = w.variable(body, at)
            at += length
        return body[0] << 8 | body[1], at

    def _ask(self, answer: tuple[int, int], begun: Operation) -> None:
        """Something waits for that answer."""
        self._calls.setdefault(answer, []).append(begun)
        self._session.one_more()

    def _end(self, answer: tuple[int, int], reason: w.Reason, size: int, now: float) -> None:
        """It is there."""
        waiting = self._calls.get(answer)
        if waiting is None:
            return
        self._tell(waiting.pop(0), reason, size, now)
        if not waiting:
            del self._calls[answer]

    def _end_filters(self, packet: int, body: bytes, size: int, now: float) -> None:
        """The broker answers for each of several filters."""
        number, at = self._number(body)
        old = self._session.version != w.FIFTH
        for index, begun in enumerate(self._calls.pop((packet, number), ())):
            if old:
                refused = packet == w.SUBACK and body[at + index] >= w.FAILURE
                reason = w.Reason(Outcome.REFUSED, "FAILURE") if refused else w.WELL
            else:
                reason = w.reason_of(body[at + index])
            self._tell(begun, reason, 0 if index else size, now)

    def _tell(self, begun: Operation, reason: w.Reason, size: int, now: float) -> None:
        self._session.waiting -= 1
        self._session.done.append(ended(begun, now, *reason)._replace(bytes_out=size))

    def _disconnect(self, body: bytes, bytes_in: int, bytes_out: int, now: float) -> None:
        """Somebody says goodbye, and perhaps why."""
        reason = w.reason_of(body[0]) if body else w.WELL
        if (w.CONNACK, 0) in self._calls:
            self._end((w.CONNACK, 0), reason, bytes_out, now)
            return
        self._session.done.append(
            Operation("DISCONNECT", "", now, now, reason.outcome, reason.code, bytes_in, bytes_out)
        )
