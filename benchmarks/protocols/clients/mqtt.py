"""paho: 3.1.1 and 5 in turns, every QoS, its own messages come back."""

import threading
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

MESSAGES = 200  # of each QoS
VISITS = 20
PATIENCE = 60.0


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    version = paho.MQTTv311
    while going():
        _visit(port, version, going, done)
        version = paho.MQTTv5 if version == paho.MQTTv311 else paho.MQTTv311
    return done


def _visit(port: int, version: MQTTProtocolVersion, going: Callable[[], bool], done: Counter[str]) -> None:
    arrived = threading.Semaphore(0)
    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=version)
    client.max_inflight_messages_set(3 * MESSAGES)  # else it waits for acknowledgements, and the proxy for it
    client.on_message = lambda *_: arrived.release()
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port, keepalive=3600)
    client.loop_start()
    topic = f"bench/{uuid4().hex}/state"
    client.subscribe(topic, 2)
    if not subscribed.wait(PATIENCE):
        raise TimeoutError(topic)
    done.update(["CONNECT", "SUBSCRIBE bench/{id}/state"])
    for _ in range(VISITS):
        if not going():
            break
        sent = [client.publish(topic, b"x" * 100, qos) for qos in (0, 1, 2) for _ in range(MESSAGES)]
        for one in sent:
            one.wait_for_publish(PATIENCE)
        for _ in sent:
            if not arrived.acquire(timeout=PATIENCE):
                raise TimeoutError(topic)
        done["PUBLISH bench/{id}/state"] += len(sent)
        done["DELIVER bench/{id}/state"] += len(sent)
    client.disconnect()
    client.loop_stop()
    done["DISCONNECT"] += 1
