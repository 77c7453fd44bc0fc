"""Protocols that begin with TLS, by real clients and brokers, at an edge that terminates it: all are read."""

import asyncio
import ssl
from pathlib import Path

import aiomqtt
import pika
import pytest
import redis.asyncio
from aiokafka import AIOKafkaProducer

from meshdev.wire.mesh import EdgeKey, Exchange, Upstream
from support_brokers import accepts, broker
from support_kafka import tansu
from support_mesh import free_port
from support_nats import connect, nats_server
from support_redis import valkey
from support_tls import Issued, issued, trusting
from support_tls_edge import edge_of, in_front_of, tls_of, to

Told = list[tuple[EdgeKey, Exchange, float]]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    """The local authority and the certificate of payments."""
    return issued(tmp_path_factory.mktemp("tls"))


def operations(told: Told) -> set[tuple[str, str]]:
    """What was told: operation and target."""
    return {(one.method, one.target) for _, one, _ in told}


async def test_redis(tmp_path: Path, ours: Issued) -> None:
    """redis-py, and a valkey behind a server that speaks TLS for it."""
    told: Told = []
    with valkey() as plain:
        async with (
            in_front_of(plain, ours) as far,
            edge_of(tmp_path, to(far.upstream, tls_of(ours), "redis"), exchanges=told) as (fleet, port),
        ):
            caller = redis.asyncio.Redis(
                host="localhost", port=port, ssl=True, ssl_ca_certs=str(ours.authority)
            )
            assert await caller.set("session:1", "x")
            assert await caller.get("session:1") == b"x"
            await caller.aclose()
            await fleet.sync()
    assert {("SET", "session:{id}"), ("GET", "session:{id}")} <= operations(told)


async def test_mqtt(tmp_path: Path, ours: Issued) -> None:
    """Mosquitto with a listener for TLS, aiomqtt."""
    told: Told = []
    place = free_port()
    config = tmp_path / "mosquitto.conf"
    pair = f"certfile {ours.certificate}\nkeyfile {ours.certificate}\n"
    config.write_text(f"listener {place} 127.0.0.1\n{pair}allow_anonymous true\nuser root\n")
    with broker("mosquitto", "-c", str(config), port=place, answers=accepts):
        policy = to(Upstream("127.0.0.1", place, "bus"), tls_of(ours), "mqtt")
        async with edge_of(tmp_path, policy, exchanges=told) as (fleet, port):
            async with aiomqtt.Client("localhost", port, tls_context=trusting(ours.authority)) as client:
                await client.subscribe("devices/#", qos=1)
                await client.publish("devices/7/state", b"on", qos=1)
                async for message in client.messages:
                    assert message.payload == b"on"
                    break
            await fleet.sync()
    assert {("PUBLISH", "devices/{id}/state"), ("DELIVER", "devices/{id}/state")} <= operations(told)


async def test_nats_that_begins_with_tls(tmp_path: Path, ours: Issued) -> None:
    """``handshake_first`` on the server, ``tls_handshake_first`` in nats-py."""
    told: Told = []
    config = tmp_path / "nats.conf"
    files = f'cert_file: "{ours.certificate}", key_file: "{ours.certificate}"'
    config.write_text(f"tls {{ {files}, handshake_first: true }}\n")
    with nats_server(tmp_path, "-c", str(config)) as place:
        policy = to(Upstream("127.0.0.1", place, "bus"), tls_of(ours), "nats")
        async with edge_of(tmp_path, policy, exchanges=told) as (fleet, port):
            client = await connect(
                port, tls=trusting(ours.authority), tls_handshake_first=True, tls_hostname="localhost"
            )
            heard = await client.subscribe("order.*")
            await client.publish("order.placed", b"1")
            assert (await heard.next_msg(10)).data == b"1"
            await client.close()
            await fleet.sync()
    assert {("PUB", "order.placed"), ("MSG", "order.placed")} <= operations(told)


async def test_kafka_finds_its_broker_at_the_edge(tmp_path: Path, ours: Issued) -> None:
    """Aiokafka by SSL: the broker's address is the edge's, whose certificate is for it, too."""
    told: Told = []
    place = free_port()
    async with in_front_of(place, ours) as far:
        with tansu(port=place, advertised=far.upstream.port):
            async with edge_of(tmp_path, to(far.upstream, tls_of(ours), "kafka"), exchanges=told) as (
                fleet,
                port,
            ):
                producer = AIOKafkaProducer(
                    bootstrap_servers=f"localhost:{port}",
                    security_protocol="SSL",
                    ssl_context=trusting(ours.authority),
                )
                await producer.start()
                await producer.send_and_wait("orders", b"one")
                await producer.stop()
                await fleet.sync()
    assert ("Produce", "orders") in operations(told)


async def test_amqp(tmp_path: Path, ours: Issued, rabbitmq: int) -> None:
    """Pika by AMQPS, RabbitMQ behind a server that speaks TLS for it."""
    told: Told = []

    def talk(port: int, context: ssl.SSLContext) -> bytes:
        options = pika.SSLOptions(context, "localhost")
        with pika.BlockingConnection(
            pika.ConnectionParameters("localhost", port, ssl_options=options)
        ) as caller:
            channel = caller.channel()
            channel.queue_declare("by-tls", auto_delete=True)
            channel.basic_publish("", "by-tls", b"one")
            _, _, body = channel.basic_get("by-tls", auto_ack=True)
            return bytes(body)

    async with (
        in_front_of(rabbitmq, ours) as far,
        edge_of(tmp_path, to(far.upstream, tls_of(ours), "amqp"), exchanges=told) as (fleet, port),
    ):
        assert await asyncio.to_thread(talk, port, trusting(ours.authority)) == b"one"
        await fleet.sync()
    assert {("basic.publish", "by-tls"), ("basic.get", "by-tls")} <= operations(told)
