"""MQTT between Mosquitto and clients that others wrote; then the same bytes cut in other ways."""

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from meshdev.traffic.protocols.mqtt.scanner import MqttScanner
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from support_brokers import until_over
from support_npm import npm_package
from support_running import until
from support_scanning import Scanned, byte_by_byte, read_again, scanned, timeless

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
BIG = 10_000_000
PATIENCE = 30


@pytest.fixture
def relay(mosquitto: int) -> Iterator[Scanned]:
    """Mosquitto behind a scanner."""
    with scanned(MqttScanner, mosquitto) as relay:
        yield relay


def _of(operations: list[Operation], name: str) -> list[Operation]:
    return [one for one in operations if one.name == name]


class Visitor:
    """A client of paho's that waits for what it asks."""

    def __init__(self, port: int, version: int) -> None:
        self.got: list[bytes] = []
        self.fifth = version == paho.MQTTv5
        self._subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion(version))
        self.client.on_message = self._message
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_unsubscribe = lambda *_: self._subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.got.append(bytes(message.payload))

    def subscribe(self, *filters: tuple[str, int]) -> None:
        """Until the broker has said what it thinks."""
        self._subscribed.clear()
        self.client.subscribe(list(filters))
        assert self._subscribed.wait(PATIENCE)

    def unsubscribe(self, topic: str) -> None:
        """The same."""
        self._subscribed.clear()
        self.client.unsubscribe(topic)
        assert self._subscribed.wait(PATIENCE)

    def publish(self, topic: str, data: bytes, qos: int, **properties: object) -> None:
        """Until it is acknowledged."""
        told = None
        if self.fifth:
            told = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            told.UserProperty = ("traceparent", f"00-{TRACE}-{PARENT}-01")
            for name, value in properties.items():
                setattr(told, name, value)
        self.client.publish(topic, data, qos, properties=told).wait_for_publish(PATIENCE)

    def wait(self, count: int) -> None:
        """Until so many messages have come."""
        until(lambda: len(self.got) >= count, within=PATIENCE)

    def leave(self) -> None:
        """Say goodbye."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5])
def test_paho(relay: Scanned, version: int) -> None:
    """What the client did is what was read, in both versions."""
    visitor = Visitor(relay.port, version)
    visitor.subscribe(("devices/+/state", 2))
    visitor.publish("devices/17/state", b"a", 0)
    visitor.publish("devices/18/state", b"b" * BIG, 1)
    visitor.publish("devices/19/state", b"c", 2)
    visitor.wait(3)
    assert sorted(len(one) for one in visitor.got) == [1, 1, BIG]
    visitor.unsubscribe("devices/+/state")
    visitor.leave()
    until_over(relay)
    assert relay.gave_up == []
    done = relay.operations
    published, delivered = _of(done, "PUBLISH"), _of(done, "DELIVER")
    assert [one.target for one in (*published, *delivered)] == ["devices/{id}/state"] * 6
    assert sorted(one.bytes_in > BIG for one in published) == [False, False, True]
    assert sorted(one.ended > one.started for one in published) == [False, True, True]
    assert {one.kind for one in delivered} == {Kind.DELIVER}
    assert {one.outcome for one in done} == {Outcome.OK}
    assert [one.name for one in done if one.kind is Kind.CALL] == ["CONNECT", "UNSUBSCRIBE", "DISCONNECT"]
    if version == paho.MQTTv5:
        assert {(one.trace, one.parent) for one in (*published, *delivered)} == {(TRACE, PARENT)}


def test_what_the_broker_refuses(relay: Scanned) -> None:
    """Only version 5 learns that a message was not wanted."""
    visitor = Visitor(relay.port, paho.MQTTv5)
    with suppress(RuntimeError):
        visitor.publish("forbidden/17", b"a", 1)
    visitor.publish("aliased/17", b"a", 1, TopicAlias=1)
    visitor.publish("", b"a", 1, TopicAlias=1)
    visitor.leave()
    until_over(relay)
    assert [(one.target, one.outcome, one.code) for one in _of(relay.operations, "PUBLISH")] == [
        ("forbidden/{id}", Outcome.REFUSED, "NOT_AUTHORIZED"),
        ("aliased/{id}", Outcome.OK, "NO_MATCHING_SUBSCRIBERS"),
        ("aliased/{id}", Outcome.OK, "NO_MATCHING_SUBSCRIBERS"),
    ]


async def test_aiomqtt(relay: Scanned) -> None:
    """Many messages under way at a time."""
    async with aiomqtt.Client("127.0.0.1", relay.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe("counts/#", qos=1)
        await asyncio.gather(*(client.publish("counts/a", b"m", qos=1) for _ in range(200)))
        seen = 0
        async for _ in client.messages:
            seen += 1
            if seen == 200:
                break
    await asyncio.to_thread(until_over, relay)
    assert relay.gave_up == []
    assert len(_of(relay.operations, "PUBLISH")) == 200
    assert len(_of(relay.operations, "DELIVER")) == 200


_NODE = """
const mqtt = require(process.argv[1]);
const client = mqtt.connect('mqtt://127.0.0.1:' + process.argv[2], {protocolVersion: 5, reconnectPeriod: 0});
let left = 3;
client.on('connect', () => client.subscribe('node/#', {qos: 2}, () => {
  for (const qos of [0, 1, 2]) client.publish('node/' + (100 + qos), 'hello', {qos});
}));
client.on('message', () => { if (--left === 0) setImmediate(() => client.end()); });
"""


def test_mqtt_js(relay: Scanned) -> None:
    """The client that browsers and Node use."""
    command = ["node", "-e", _NODE, str(npm_package("mqtt")), str(relay.port)]
    subprocess.run(command, check=True, timeout=60)
    until_over(relay)
    assert relay.gave_up == []
    done = relay.operations
    assert [one.target for one in _of(done, "PUBLISH")] == ["node/{id}"] * 3
    assert [one.target for one in _of(done, "DELIVER")] == ["node/{id}"] * 3


def test_real_bytes_in_other_cuts(relay: Scanned) -> None:
    """Byte by byte they are the same operations."""
    visitor = Visitor(relay.port, paho.MQTTv5)
    visitor.subscribe(("cuts/#", 1))
    for qos in (0, 1, 2):
        visitor.publish("cuts/a", b"x" * 500, qos, TopicAlias=1)
    visitor.wait(3)
    visitor.leave()
    until_over(relay)
    expected = timeless(relay.operations)
    again, scanner = read_again(MqttScanner, relay.conversations[0].chunks, byte_by_byte)
    assert (timeless(again), scanner.gave_up) == (expected, "")
