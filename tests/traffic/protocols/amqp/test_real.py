"""AMQP between RabbitMQ and clients that others wrote; then the same bytes cut in other ways, and spoilt."""

import asyncio
import random
import subprocess
from collections.abc import Iterator

import aio_pika
import pika
import pika.exceptions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import commands

from meshdev.traffic.protocols.amqp.scanner import AmqpScanner
from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from support_amqp import Talk, content, delivered, published, wire
from support_brokers import until_over
from support_npm import npm_package
from support_scanning import Scanned, byte_by_byte, cut_at, read_again, scanned, timeless

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
BIG = 10_000_000


@pytest.fixture
def relay(rabbitmq: int) -> Iterator[Scanned]:
    """RabbitMQ behind a scanner."""
    with scanned(AmqpScanner, rabbitmq) as relay:
        yield relay


def _of(operations: list[Operation], name: str) -> list[Operation]:
    return [one for one in operations if one.name == name]


def _with_pika(port: int) -> None:
    """A visit that a client of that kind makes: declares, publishes, consumes, is refused."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.exchange_declare("shop", "topic", auto_delete=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "shop", "order.*")
    channel.basic_publish("shop", "order.created", b"first")
    channel.basic_publish("", queue, b"x" * BIG)
    channel.confirm_delivery()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    channel.basic_publish(
        "shop", "order.paid", b"third", pika.BasicProperties(headers=headers), mandatory=True
    )
    with pytest.raises(pika.exceptions.UnroutableError):
        channel.basic_publish("shop", "nobody", b"lost", mandatory=True)
    got = channel.basic_get(queue, auto_ack=True)[2]
    assert got == b"first"
    bodies = []
    for method, _, body in channel.consume(queue):
        bodies.append(body)
        if len(bodies) == 1:
            channel.basic_ack(method.delivery_tag)
        else:
            channel.basic_reject(method.delivery_tag, requeue=False)
            break
    assert [len(body) for body in bodies] == [BIG, 5]
    assert channel.basic_get(queue)[0] is None
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        channel.queue_declare("nowhere", passive=True)
    connection.close()


def test_pika(relay: Scanned) -> None:
    """A blocking client: what it did is what was read."""
    _with_pika(relay.port)
    until_over(relay)
    assert relay.gave_up == []
    done = relay.operations
    assert [(one.name, one.target) for one in done][:5] == [
        ("connection.open", "/"),
        ("channel.open", ""),
        ("exchange.declare", "shop"),
        ("queue.declare", "amq.gen-{id}"),
        ("queue.bind", "amq.gen-{id}"),
    ]
    assert [(one.target, one.outcome, one.code) for one in _of(done, "basic.publish")] == [
        ("shop/order.created", Outcome.OK, ""),
        ("amq.gen-{id}", Outcome.OK, ""),
        ("shop/order.paid", Outcome.OK, ""),
        ("shop/nobody", Outcome.REFUSED, "NO_ROUTE"),
    ]
    paid = _of(done, "basic.publish")[2]
    assert (paid.trace, paid.parent, paid.payload) == (TRACE, PARENT, b"third")
    assert paid.ended > paid.started
    assert [(one.target, one.outcome, one.code) for one in _of(done, "basic.deliver")] == [
        ("amq.gen-{id}", Outcome.OK, ""),
        ("shop/order.paid", Outcome.REFUSED, "reject"),
    ]
    assert [(one.target, one.messages_out) for one in _of(done, "basic.get")] == [
        ("shop/order.created", 1),
        ("amq.gen-{id}", 0),
    ]
    refused = _of(done, "queue.declare")[-1]
    assert (refused.target, refused.outcome, refused.code) == ("nowhere", Outcome.REFUSED, "NOT_FOUND")
    assert _of(done, "basic.consume")[0].kind is Kind.SUBSCRIBE


async def test_aio_pika(relay: Scanned) -> None:
    """An asynchronous client with confirms, many messages under way at a time."""
    connection = await aio_pika.connect(f"amqp://127.0.0.1:{relay.port}/")
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await asyncio.gather(
            *(
                channel.default_exchange.publish(aio_pika.Message(b"m"), routing_key=queue.name)
                for _ in range(300)
            )
        )
        seen = 0
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process():
                    seen += 1
                if seen == 300:
                    break
    await asyncio.to_thread(until_over, relay)
    assert relay.gave_up == []
    done = relay.operations
    assert len([one for one in _of(done, "basic.publish") if one.ended > one.started]) == 300
    assert len([one for one in _of(done, "basic.deliver") if one.code == ""]) == 300
    assert {one.target for one in done if one.kind is not Kind.CALL} == {"amq.gen-{id}"}
    assert {one.outcome for one in done} == {Outcome.OK}


_NODE = """
const amqp = require(process.argv[1]);
(async () => {
  const connection = await amqp.connect('amqp://127.0.0.1:' + process.argv[2]);
  const channel = await connection.createConfirmChannel();
  const {queue} = await channel.assertQueue('', {exclusive: true});
  await channel.assertExchange('node', 'topic', {autoDelete: true});
  await channel.bindQueue(queue, 'node', '#');
  let left = 3;
  await channel.consume(queue, async (message) => {
    channel.ack(message);
    if (--left === 0) { await channel.close(); await connection.close(); }
  });
  const headers = {traceparent: process.argv[3]};
  for (let n = 0; n < 3; n++) channel.publish('node', 'order.created', Buffer.from('hello'), {headers});
  await channel.waitForConfirms().catch(() => {});
})();
"""


def test_amqplib(relay: Scanned) -> None:
    """The client of Node's."""
    traceparent = f"00-{TRACE}-{PARENT}-01"
    command = ["node", "-e", _NODE, str(npm_package("amqplib")), str(relay.port), traceparent]
    subprocess.run(command, check=True, timeout=60)
    until_over(relay)
    assert relay.gave_up == []
    done = relay.operations
    messages = [*_of(done, "basic.publish"), *_of(done, "basic.deliver")]
    assert [(one.target, one.trace, one.outcome) for one in messages] == [
        ("node/order.created", TRACE, Outcome.OK)
    ] * 6


def test_wrong_password(relay: Scanned) -> None:
    """RabbitMQ closes the connection and says why."""
    wrong = pika.ConnectionParameters(
        "127.0.0.1", relay.port, credentials=pika.PlainCredentials("nobody", "nothing"), connection_attempts=1
    )
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(wrong)
    until_over(relay)
    (refused,) = relay.operations
    assert (refused.name, refused.outcome, refused.code) == (
        "connection.open",
        Outcome.REFUSED,
        "ACCESS_REFUSED",
    )


def test_real_bytes_in_other_cuts(relay: Scanned) -> None:
    """The same bytes byte by byte, and cut at random, are the same operations."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", relay.port))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.confirm_delivery()
    for size in (0, 1, 5000):
        channel.basic_publish("", queue, b"x" * size, pika.BasicProperties(headers={"a": "b"}))
    assert len([channel.basic_get(queue, auto_ack=True) for _ in range(3)]) == 3
    connection.close()
    until_over(relay)
    chunks = relay.conversations[0].chunks
    expected = timeless(relay.operations)
    assert len(_of(expected, "basic.publish")) == 3
    assert timeless(read_again(AmqpScanner, chunks, byte_by_byte)[0]) == expected
    draws = random.Random(1)
    for _ in range(50):
        cut = cut_at([draws.random() for _ in range(7)])
        again, scanner = read_again(AmqpScanner, chunks, cut)
        assert (timeless(again), scanner.gave_up, scanner.waiting()) == (expected, "", 0)


def _busy() -> list[tuple[bool, bytes]]:
    """A conversation with a bit of everything."""
    talk = Talk().confirming().consuming()
    talk.ask(published("a", b"x" * 2000, exchange="e", mandatory=True, headers={"a": 1}), published("b"))
    talk.answer(wire(commands.Basic.Return(312, "NO_ROUTE", "e", "a")), content(b"x" * 2000), delivered(1))
    talk.answer(commands.Basic.Ack(2, multiple=True), delivered(2, redelivered=True))
    talk.ask(commands.Basic.Nack(1), commands.Basic.Get(queue="q"), commands.Queue.Declare(queue="q"))
    talk.answer(wire(commands.Basic.GetOk(3, False, "", "q", 1)), content(b"got"))  # noqa: FBT003 - pamqp's own
    talk.answer(commands.Queue.DeclareOk("q", 1, 1), commands.Channel.Close(404, "no exchange 'e'", 60, 40))
    talk.ask(published("late"), commands.Channel.CloseOk())
    return talk.said


BUSY = _busy()


def _read(said: list[tuple[bool, bytes]], places: list[float]) -> tuple[list[Operation], AmqpScanner]:
    scanner = AmqpScanner()
    done: list[Operation] = []
    for asked, data in said:
        for piece in cut_at(places)(data):
            done += (scanner.asked if asked else scanner.answered)(piece, 0.0)
    done += scanner.lost(0.0)
    return done, scanner


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_any_cut_is_the_same(places: list[float]) -> None:
    """However the bytes arrive."""
    assert _read(BUSY, places)[0] == _read(BUSY, [])[0]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_spoilt_bytes_do_no_harm(data: st.DataObject) -> None:
    """Whatever is changed, put in or left out: no exception, nothing kept that grows."""
    said = []
    for asked, whole in BUSY:
        spoilt = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(spoilt)))
            spoilt[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        said.append((asked, bytes(spoilt)))
    _, scanner = _read(said, [0.3, 0.7])
    assert scanner.waiting() == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=10))
def test_arbitrary_bytes_do_no_harm(said: list[tuple[bool, bytes]]) -> None:
    """After a greeting, or without one."""
    for before in ([], BUSY[:3]):
        _read([*before, *said], [])
