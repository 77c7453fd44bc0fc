"""Faults on messages between nats-py and a real nats-server: on links that live, both ways, in and out again."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import api

from support_faulty_edge import Faulty, faulty
from support_mesh import until
from support_nats import arrive, connect, nats_server

if TYPE_CHECKING:
    from meshdev.wire.mesh import Exchange


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real nats-server."""
    with nats_server(tmp_path_factory.mktemp("nats")) as port:
        yield port


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    """A client of nats-py, closed at the end."""
    made = await connect(port)
    try:
        yield made
    finally:
        await made.close()


async def heard(subscription: Any, count: int) -> list[bytes]:
    """The payloads of the next messages."""
    return [(await subscription.next_msg(timeout=5)).data for _ in range(count)]


MARK = b"mark"
NUMBERS = [b"%d" % number for number in range(6)]


async def exchanged(server: int, table: Mapping[str, Any], *, publish: bool) -> list[bytes]:
    """Six messages published, and a mark that no fault is for; what was heard until that."""
    async with faulty(server) as it, client(it.port) as near, client(server) as far:
        sender, receiver = (near, far) if publish else (far, near)
        told = await receiver.subscribe("test.>")
        await arrive(receiver)
        it.on({**table, "match": {"subject": "test.*"}, "direction": "upstream" if publish else "downstream"})
        for payload in NUMBERS:
            await sender.publish("test.numbers", payload)
        await arrive(sender)
        await sender.publish("test.mark.end", MARK)
        found: list[bytes] = []
        while (payload := (await told.next_msg(timeout=5)).data) != MARK:
            found.append(payload)
        it.on()
        assert [link.faults for link in it.relay.links] == [None]
    return found


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"drop": True, "times": 2}, [b"2", b"3", b"4", b"5"]),
        ({"duplicate": True, "times": 1}, [b"0", b"0", b"1", b"2", b"3", b"4", b"5"]),
        ({"reorder": {"within": "1m"}}, [b"1", b"0", b"3", b"2", b"5", b"4"]),
        ({"poison": {"payload": "mud"}, "times": 1}, [b"mud", b"1", b"2", b"3", b"4", b"5"]),
        ({"delay": "1h", "times": 1}, [b"1", b"2", b"3", b"4", b"5"]),
    ],
)
@pytest.mark.parametrize("publish", [True, False])
async def test_each_fault_each_way(
    server: int, table: Mapping[str, Any], expected: list[bytes], *, publish: bool
) -> None:
    """On a connection that lives: what is lost, comes twice, in another order, spoiled, late."""
    assert await exchanged(server, table, publish=publish) == expected


async def test_a_late_message_is_late_by_what_was_asked(server: int) -> None:
    """Others overtake it."""
    async with (
        faulty(server, {"delay": "200ms", "match": {"subject": "test.slow"}}) as it,
        client(it.port) as one,
    ):
        told = await one.subscribe("test.*")
        began = monotonic()
        await one.publish("test.slow", b"slow")
        await one.publish("test.quick", b"quick")
        assert await heard(told, 2) == [b"quick", b"slow"]
        assert monotonic() - began >= 0.4  # published and delivered over the same edge
        assert it.edge.take_counters().fault_hits == {"a/delay": 2}


async def test_what_was_late_comes_when_the_fault_is_off(server: int) -> None:
    """Nothing is lost."""
    async with faulty(server, {"delay": "1h", "direction": "upstream"}) as it, client(it.port) as one:
        told = await one.subscribe("test.late")
        for payload in NUMBERS:
            await one.publish("test.late", payload)
        await arrive(one)
        it.on()
        assert await heard(told, 6) == NUMBERS


async def test_a_guessed_connection(server: int) -> None:
    """Where nobody declared what is spoken, faults act as soon as it is known."""
    async with faulty(server, {"drop": True, "times": 1}, protocol="tcp") as it, client(it.port) as one:
        told = await one.subscribe("test.guessed")
        await one.publish("test.guessed", b"lost")
        await one.publish("test.guessed", b"kept")
        assert await heard(told, 1) == [b"kept"]


async def test_messages_larger_than_a_read(server: int) -> None:
    """Messages of many reads are dropped, doubled and kept as a whole, whenever faults come and go."""
    payloads = [bytes([number]) * 300_000 for number in range(12)]
    async with faulty(server) as it, client(it.port) as near, client(server) as far:
        told = await far.subscribe("test.large", pending_bytes_limit=1 << 26)
        await arrive(far)
        for number, payload in enumerate(payloads):
            await near.publish("test.large", payload)
            it.on(*({"duplicate": True, "direction": "upstream"},) * (number % 2))
        await arrive(near)
        it.on()
        await near.publish("test.large", MARK)
        found = []
        while (payload := (await told.next_msg(timeout=5)).data) != MARK:
            found.append(payload)
    assert sorted(set(found)) == payloads
    assert found == sorted(found)


@pytest.mark.parametrize("publish", [True, False])
async def test_operations_name_the_faults_of_their_messages(server: int, *, publish: bool) -> None:
    """Each third of those that were said together, whichever way they go."""
    async with faulty(server) as it, client(it.port) as near, client(server) as far:
        sender, receiver = (near, far) if publish else (far, near)
        told = await receiver.subscribe("test.>")
        await arrive(receiver)
        it.on({"drop": True, "match": {"subject": "test.*", "every": 3}})
        for payload in (*NUMBERS, *NUMBERS):
            await sender.publish("test.numbers", payload)
        await sender.publish("test.mark.end", MARK)
        while (await told.next_msg(timeout=5)).data != MARK:
            pass
        it.on()
        exchanges: list[Exchange] = []
        hits = it.edge.take_counters(exchanges).fault_hits
        found = [one.faults for one in exchanges if one.target == "test.numbers"]
        assert found == [(), (), ("a/drop",)] * 4
        assert hits == {"a/drop": 4}
        assert {one.faults for one in exchanges if one.target != "test.numbers"} == {()}


# --- JetStream ----------------------------------------------------------------------------------------


@asynccontextmanager
async def stream(server: int, name: str, ack_wait: float = 0.5) -> AsyncIterator[Faulty]:
    """An edge to a server that has a stream for ``NAME.*`` with a consumer."""
    async with client(server) as admin:
        js = admin.jetstream(timeout=5)
        await js.add_stream(api.StreamConfig(name=name, subjects=[f"{name}.*"]))
        config = api.ConsumerConfig(durable_name="c", ack_policy=api.AckPolicy.EXPLICIT, ack_wait=ack_wait)
        await js.add_consumer(name, config)
    async with faulty(server) as it:
        yield it
    async with client(server) as admin:
        await admin.jetstream(timeout=5).delete_stream(name)


async def fetched(near: Client, name: str, count: int) -> list[Msg]:
    """Messages pulled until there are so many, each acknowledged."""
    pull = await near.jetstream(timeout=5).pull_subscribe_bind("c", name)
    found: list[Msg] = []
    while len(found) < count:
        with contextlib.suppress(TimeoutError):  # what was lost was pulled, too
            (message,) = await pull.fetch(1, timeout=1)
            await message.ack()
            found.append(message)
    await arrive(near)
    return found


async def test_a_doubled_publish_is_stored_once(server: int) -> None:
    """It keeps its Nats-Msg-Id, so JetStream tells the copy."""
    async with stream(server, "DOUBLE") as it, client(it.port) as near:
        it.on({"duplicate": {"copies": 3}, "direction": "upstream"})
        js = near.jetstream(timeout=5)
        await js.publish("DOUBLE.x", b"with", headers={"Nats-Msg-Id": "1"})
        assert (await js.stream_info("DOUBLE")).state.messages == 1
        await js.publish("DOUBLE.x", b"without")
        await arrive(near)
        assert (await js.stream_info("DOUBLE")).state.messages == 5


async def test_a_lost_publish_that_waits_for_its_confirmation(server: int) -> None:
    """It is told when its connection ends, as lost, with the fault; the one that was confirmed is well."""
    async with stream(server, "LOST") as it:
        async with client(it.port) as near:
            js = near.jetstream(timeout=0.5)
            it.on({"drop": True, "times": 1, "match": {"subject": "LOST.*"}})
            with pytest.raises(TimeoutError):
                await js.publish("LOST.x", b"1")
            await js.publish("LOST.x", b"2")
        await until(lambda: it.edge.active == 0)
        exchanges: list[Exchange] = []
        it.edge.take_counters(exchanges)
        found = {(one.method, one.status, one.faults) for one in exchanges if one.target == "LOST.x"}
        assert found == {("REQUEST", 0, ("a/drop",)), ("PUB", 200, ())}


async def test_a_lost_delivery_comes_again(server: int) -> None:
    """Nobody acknowledged it, so it is delivered once more; the second one's subject says so."""
    async with stream(server, "AGAIN") as it, client(it.port) as near:
        await near.jetstream(timeout=5).publish("AGAIN.x", b"1")
        it.on({"drop": True, "times": 1, "match": {"subject": "AGAIN.*"}, "direction": "downstream"})
        (message,) = await fetched(near, "AGAIN", 1)
        assert message.data == b"1"
        assert message.metadata.num_delivered == 2


async def test_a_lost_acknowledgement_makes_it_come_again(server: int) -> None:
    """Acknowledgements are NATS's own: they are meant when the pattern begins as they do."""
    async with stream(server, "ACKS") as it, client(it.port) as near:
        await near.jetstream(timeout=5).publish("ACKS.x", b"1")
        it.on({"drop": True, "times": 1, "match": {"subject": "$JS.ACK.**"}})
        first, second = await fetched(near, "ACKS", 2)
        assert (first.data, second.data) == (b"1", b"1")
        assert (first.metadata.num_delivered, second.metadata.num_delivered) == (1, 2)


async def test_doubled_deliveries(server: int) -> None:
    """Both copies are the same delivery of the same message."""
    async with stream(server, "TWICE", ack_wait=30) as it, client(it.port) as near:
        push = await near.jetstream(timeout=5).subscribe("TWICE.*", ordered_consumer=False)
        it.on({"duplicate": True, "match": {"subject": "TWICE.*"}, "direction": "downstream"})
        await near.jetstream(timeout=5).publish("TWICE.x", json.dumps({"n": 1}).encode())
        first, second = await push.next_msg(timeout=5), await push.next_msg(timeout=5)
        assert (first.data, first.reply) == (second.data, second.reply)
