"""Publishes and subscribes over Mosquitto, by MQTT 3.1.1 at one of its addresses and by 5 at the other."""

import os
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def say(line: str) -> None:
    """In one piece, since others speak at the same time."""
    print(line + "\n", end="")


def use(name: str, version: MQTTProtocolVersion) -> None:
    """One connection, for good."""
    got: list[str] = []
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version)
    client.on_message = lambda _client, _data, message: got.append(message.payload.decode())
    client.on_subscribe = lambda *_: subscribed.set()

    def connected(*_: object) -> None:
        client.subscribe(f"{name}/+/state", 2)

    client.on_connect = connected
    while True:
        try:
            client.connect("127.0.0.1", int(os.environ[f"{name}_PORT"]))
            break
        except OSError:
            time.sleep(0.25)
    client.loop_start()
    subscribed.wait()
    told = None
    if version == mqtt.MQTTv5:
        told = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        told.UserProperty = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    for number in range(100, 109):
        client.publish(f"{name}/{number}/state", f"n{number}", number % 3, properties=told).wait_for_publish()
    while len(got) < 9:
        time.sleep(0.05)
    say(f"{name} got {','.join(sorted(got))}")
    while True:
        began = time.monotonic()
        client.publish("pace", ".", 1).wait_for_publish()
        if time.monotonic() - began > 0.3:
            say(f"{name} slow")
        time.sleep(0.1)


for each, spoken in (("EVENTS", mqtt.MQTTv311), ("GUESSED", mqtt.MQTTv5)):
    threading.Thread(target=use, args=(each, spoken)).start()
