"""AMQP 0-9-1 by its specification: what a connection's methods come to. Written by pamqp."""

from typing import Any

import pytest
from pamqp import commands

from meshdev.traffic.protocols.amqp.scanner import GREETING, AmqpScanner
from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation, Outcome
from support_amqp import Talk, content, delivered, published, wire

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADERS = {"tenant": "a", "traceparent": f"00-{TRACE}-{PARENT}-01"}


def the(operations: list[Operation]) -> Operation:
    """The only one."""
    (operation,) = operations
    return operation


def test_opening_a_connection() -> None:
    """From the greeting to open-ok."""
    scanner = AmqpScanner()
    assert not scanner.asked(GREETING[:3], 1.0)
    assert not scanner.asked(GREETING[3:] + wire(commands.Connection.Open(virtual_host="shop"), 0), 2.0)
    assert scanner.waiting() == 1
    opened = the(list(scanner.answered(wire(commands.Connection.OpenOk(), 0), 3.0)))
    assert opened == Operation("connection.open", "shop", 1.0, 3.0)
    assert scanner.waiting() == 0


@pytest.mark.parametrize(
    ("number", "code", "outcome"),
    [
        (403, "ACCESS_REFUSED", Outcome.REFUSED),
        (530, "NOT_ALLOWED", Outcome.REFUSED),
        (541, "INTERNAL_ERROR", Outcome.FAILED),
        (599, "599", Outcome.FAILED),
    ],
)
def test_a_connection_that_is_not_opened(number: int, code: str, outcome: Outcome) -> None:
    """The broker closes it instead: its reply code says who is to be blamed."""
    scanner = AmqpScanner()
    scanner.asked(GREETING, 1.0)
    close = commands.Connection.Close(reply_code=number, reply_text="no", class_id=10, method_id=40)
    refused = the(list(scanner.answered(wire(close, 0), 2.0)))
    assert refused == Operation("connection.open", "", 1.0, 2.0, outcome, code)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"\x16\x03\x01\x02\x00\x01", "TLS"),
        (b"AMQP\0\1\0\0", "0-9-1"),
        (b"AMQP\3\1\0\0", "0-9-1"),
        (b"GET / HTTP/1.1\r\n", "0-9-1"),
    ],
)
def test_other_greetings(said: bytes, reason: str) -> None:
    """Whatever else a connection begins with is not read."""
    scanner = AmqpScanner()
    assert not scanner.asked(said, 1.0)
    assert reason in scanner.gave_up
    assert (scanner.asked(said, 2.0), scanner.answered(said, 2.0), scanner.lost(3.0)) == ((), (), ())
    assert scanner.waiting() == 0


@pytest.mark.parametrize(
    ("asked", "answer", "name", "target", "detail"),
    [
        (commands.Channel.Open(), commands.Channel.OpenOk(), "channel.open", "", ""),
        (commands.Channel.Flow(active=True), commands.Channel.FlowOk(active=True), "channel.flow", "", ""),
        (commands.Basic.Qos(prefetch_count=5), commands.Basic.QosOk(), "basic.qos", "", ""),
        (commands.Basic.Recover(), commands.Basic.RecoverOk(), "basic.recover", "", ""),
        (commands.Tx.Select(), commands.Tx.SelectOk(), "tx.select", "", ""),
        (commands.Tx.Commit(), commands.Tx.CommitOk(), "tx.commit", "", ""),
        (commands.Tx.Rollback(), commands.Tx.RollbackOk(), "tx.rollback", "", ""),
        (commands.Confirm.Select(), commands.Confirm.SelectOk(), "confirm.select", "", ""),
        (
            commands.Exchange.Declare(exchange="shop", exchange_type="topic"),
            commands.Exchange.DeclareOk(),
            "exchange.declare",
            "shop",
            "",
        ),
        (
            commands.Exchange.Delete(exchange="shop"),
            commands.Exchange.DeleteOk(),
            "exchange.delete",
            "shop",
            "",
        ),
        (
            commands.Exchange.Bind(destination="a", source="b", routing_key="k"),
            commands.Exchange.BindOk(),
            "exchange.bind",
            "a",
            "b/k",
        ),
        (
            commands.Exchange.Unbind(destination="a", source="b", routing_key="k"),
            commands.Exchange.UnbindOk(),
            "exchange.unbind",
            "a",
            "b/k",
        ),
        (
            commands.Queue.Declare(queue="order-1042"),
            commands.Queue.DeclareOk(queue="order-1042", message_count=0, consumer_count=0),
            "queue.declare",
            "order-{id}",
            "",
        ),
        (
            commands.Queue.Declare(queue=""),
            commands.Queue.DeclareOk(queue="amq.gen-JzTY20BR", message_count=0, consumer_count=0),
            "queue.declare",
            "amq.gen-{id}",
            "",
        ),
        (
            commands.Queue.Bind(queue="orders", exchange="shop", routing_key="order.*"),
            commands.Queue.BindOk(),
            "queue.bind",
            "orders",
            "shop/order.*",
        ),
        (
            commands.Queue.Unbind(queue="orders", exchange="shop", routing_key="order.*"),
            commands.Queue.UnbindOk(),
            "queue.unbind",
            "orders",
            "shop/order.*",
        ),
        (
            commands.Queue.Purge(queue="orders"),
            commands.Queue.PurgeOk(message_count=1),
            "queue.purge",
            "orders",
            "",
        ),
        (
            commands.Queue.Delete(queue="orders"),
            commands.Queue.DeleteOk(message_count=1),
            "queue.delete",
            "orders",
            "",
        ),
    ],
)
def test_calls(asked: Any, answer: Any, name: str, target: str, detail: str) -> None:
    """A method that is answered is one operation."""
    talk = Talk()
    assert not talk.ask(asked)
    assert talk.scanner.waiting() == 1
    done = the(talk.answer(answer))
    assert (done.name, done.target, done.detail) == (name, target, detail)
    assert (done.ended - done.started, done.outcome, done.kind) == (1, Outcome.OK, Kind.CALL)
    assert (done.bytes_in, done.bytes_out) == (len(wire(asked)), len(wire(answer)))
    assert talk.scanner.waiting() == 0


@pytest.mark.parametrize(
    "asked",
    [
        commands.Exchange.Declare(exchange="shop", nowait=True),
        commands.Exchange.Delete(exchange="shop", nowait=True),
        commands.Exchange.Bind(destination="a", source="b", nowait=True),
        commands.Exchange.Unbind(destination="a", source="b", nowait=True),
        commands.Queue.Declare(queue="orders", nowait=True),
        commands.Queue.Bind(queue="orders", exchange="shop", nowait=True),
        commands.Queue.Purge(queue="orders", nowait=True),
        commands.Queue.Delete(queue="orders", nowait=True),
        commands.Basic.Consume(queue="orders", consumer_tag="c1", nowait=True),
        commands.Basic.Cancel(consumer_tag="c1", nowait=True),
        commands.Confirm.Select(nowait=True),
    ],
    ids=lambda asked: asked.name,
)
def test_calls_that_want_no_answer(asked: Any) -> None:
    """They are over at once."""
    talk = Talk()
    done = the(talk.ask(asked))
    assert done.name == asked.name.lower()
    assert done.ended == done.started
    assert talk.scanner.waiting() == 0


def test_publishing() -> None:
    """Without confirms a publish is over when its last byte has passed, and nobody answers it."""
    talk = Talk()
    whole = published("order.created", b"x" * 3000, exchange="shop", headers=HEADERS)
    assert not talk.ask(whole[:200])
    assert not talk.ask(whole[200:-1])
    done = the(talk.ask(whole[-1:]))
    assert (done.name, done.target, done.kind) == ("basic.publish", "shop/order.created", Kind.PUBLISH)
    assert done.ended == done.started
    assert done.bytes_in == len(whole)
    assert done.payload == b"x" * MOST_PAYLOAD
    assert (done.trace, done.parent) == (TRACE, PARENT)
    assert not the(talk.ask(published("orders"))).trace


@pytest.mark.parametrize(
    ("exchange", "key", "target"),
    [
        ("", "orders", "orders"),
        ("", "order-1042", "order-{id}"),
        ("shop", "order.17.paid", "shop/order.{id}.paid"),
        ("fanout", "", "fanout/"),
        ("", "amq.rabbitmq.reply-to.g1h2AA5yZXBseQ.f==", "amq.rabbitmq.reply-to.{id}"),
    ],
)
def test_where_messages_go(exchange: str, key: str, target: str) -> None:
    """The default exchange is its queue."""
    assert the(Talk().ask(published(key, exchange=exchange))).target == target


def test_an_empty_message() -> None:
    """It has no frame of a body."""
    assert the(Talk().ask(published("orders", b""))).payload == b""


def test_confirms() -> None:
    """A confirm ends one publish, or all up to its tag; a nack says that the broker failed."""
    talk = Talk().confirming()
    for _ in range(5):
        assert not talk.ask(published("orders"))
    assert talk.scanner.waiting() == 5
    first = the(talk.answer(commands.Basic.Ack(2)))
    assert (first.outcome, first.ended - first.started, first.payload) == (Outcome.OK, 4, b"hello")
    assert [one.ended - one.started for one in talk.answer(commands.Basic.Ack(3, multiple=True))] == [6, 4]
    failed = talk.answer(commands.Basic.Nack(0, multiple=True))
    assert [(one.outcome, one.code) for one in failed] == [(Outcome.FAILED, "nack")] * 2
    assert talk.scanner.waiting() == 0
    assert not talk.answer(commands.Basic.Ack(9))


def _returned(key: str, data: bytes = b"hello") -> bytes:
    return wire(commands.Basic.Return(312, "NO_ROUTE", "shop", key)) + content(data)


def test_a_message_that_comes_back() -> None:
    """Nobody wants it: where nothing confirms that is told by itself."""
    talk = Talk()
    assert the(talk.ask(published("nobody", exchange="shop", mandatory=True))).outcome is Outcome.OK
    done = the(talk.answer(_returned("nobody")))
    assert (done.name, done.target, done.kind) == ("basic.return", "shop/nobody", Kind.CALL)
    assert (done.outcome, done.code) == (Outcome.REFUSED, "NO_ROUTE")


def test_a_confirmed_message_that_comes_back() -> None:
    """Its publish was refused, although it is confirmed; the others were not."""
    talk = Talk().confirming()
    for key in ("a", "b", "b", "c"):
        talk.ask(published(key, exchange="shop", mandatory=True))
    assert not talk.answer(_returned("b"), _returned("b", b""))
    done = talk.answer(commands.Basic.Ack(4, multiple=True))
    assert [(one.target, one.outcome) for one in done] == [
        ("shop/a", Outcome.OK),
        ("shop/b", Outcome.REFUSED),
        ("shop/b", Outcome.REFUSED),
        ("shop/c", Outcome.OK),
    ]
    assert done[1].code == "NO_ROUTE"


def test_consuming() -> None:
    """A consumer subscribes to its queue."""
    talk = Talk()
    talk.ask(commands.Basic.Consume(queue="orders", consumer_tag=""))
    done = the(talk.answer(commands.Basic.ConsumeOk(consumer_tag="amq.ctag-x")))
    assert (done.name, done.target, done.kind) == ("basic.consume", "orders", Kind.SUBSCRIBE)
    talk.answer(delivered(1, consumer="amq.ctag-x"))
    assert the(talk.ask(commands.Basic.Ack(1))).detail == "queue orders"


def test_consuming_the_queue_that_was_just_declared() -> None:
    """An empty name means that one."""
    talk = Talk()
    talk.ask(commands.Queue.Declare(queue=""))
    talk.answer(commands.Queue.DeclareOk(queue="amq.gen-1", message_count=0, consumer_count=0))
    talk.ask(commands.Basic.Consume(queue=""))
    assert the(talk.answer(commands.Basic.ConsumeOk(consumer_tag="c"))).target == "amq.gen-{id}"


def test_deliveries() -> None:
    """They end with the consumer's acknowledgement, and say where they were published to."""
    talk = Talk().consuming()
    message = delivered(1, exchange="shop", key="order.created", headers=HEADERS)
    assert not talk.answer(message)
    assert talk.scanner.waiting() == 1
    done = the(talk.ask(commands.Basic.Ack(1)))
    assert (done.name, done.target, done.kind) == ("basic.deliver", "shop/order.created", Kind.DELIVER)
    assert (done.ended - done.started, done.outcome, done.detail) == (1, Outcome.OK, "queue orders")
    assert (done.bytes_out, done.trace, done.parent) == (len(message), TRACE, PARENT)
    talk.answer(delivered(2, redelivered=True))
    again = the(talk.ask(commands.Basic.Ack(2)))
    assert (again.target, again.detail) == ("orders", "queue orders, redelivered")


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        (commands.Basic.Ack(3, multiple=True), Outcome.OK, ""),
        (commands.Basic.Ack(0, multiple=True), Outcome.OK, ""),
        (commands.Basic.Nack(3, multiple=True, requeue=True), Outcome.REFUSED, "requeue"),
        (commands.Basic.Nack(3, multiple=True, requeue=False), Outcome.REFUSED, "reject"),
        (b"\x01\0\1\0\0\0\5\0\x3c\0\x64\1\xce", Outcome.REFUSED, "requeue"),  # recover-async
    ],
)
def test_several_at_once(said: Any, outcome: Outcome, code: str) -> None:
    """An acknowledgement of several ends them all."""
    talk = Talk().consuming()
    talk.answer(*(delivered(tag) for tag in (1, 2, 3)))
    assert [(one.outcome, one.code) for one in talk.ask(said)] == [(outcome, code)] * 3
    assert talk.scanner.waiting() == 0


@pytest.mark.parametrize(("requeue", "code"), [(True, "requeue"), (False, "reject")])
def test_a_consumer_that_does_not_want_one(requeue: bool, code: str) -> None:  # noqa: FBT001 - a case
    """It is rejected, for good or to be given to somebody else."""
    talk = Talk().consuming()
    talk.answer(delivered(1))
    done = the(talk.ask(commands.Basic.Reject(1, requeue=requeue)))
    assert (done.outcome, done.code) == (Outcome.REFUSED, code)


def test_consumers_that_acknowledge_nothing() -> None:
    """Their deliveries are over when they are there."""
    talk = Talk().consuming(no_ack=True)
    done = the(talk.answer(delivered(1)))
    assert (done.target, done.outcome, done.ended) == ("orders", Outcome.OK, done.started)


def test_getting() -> None:
    """One message, or none; how many are left behind it is told."""
    talk = Talk()
    talk.ask(commands.Basic.Get(queue="orders"))
    got = commands.Basic.GetOk(delivery_tag=1, exchange="shop", routing_key="order.created", message_count=7)
    done = the(talk.answer(got, content(b"hello", headers=HEADERS)))
    assert (done.name, done.target, done.kind) == ("basic.get", "shop/order.created", Kind.DELIVER)
    assert (done.ended - done.started, done.messages_out, done.lag, done.trace) == (1, 1, 7, TRACE)
    talk.ask(commands.Basic.Get(queue="orders"))
    empty = the(talk.answer(commands.Basic.GetEmpty()))
    assert (empty.target, empty.detail, empty.messages_out, empty.lag) == ("orders", "empty", 0, 0)
    assert not talk.ask(commands.Basic.Ack(1))


def test_a_call_that_is_refused() -> None:
    """The broker closes the channel because of it."""
    talk = Talk()
    talk.ask(commands.Queue.Declare(queue="nope", passive=True))
    close = commands.Channel.Close(404, "NOT_FOUND - no queue 'nope' in vhost '/'", 50, 10)
    done = the(talk.answer(close))
    assert (done.name, done.target, done.outcome, done.code) == (
        "queue.declare",
        "nope",
        Outcome.REFUSED,
        "NOT_FOUND",
    )
    assert not talk.ask(commands.Channel.CloseOk())


def test_a_channel_that_the_broker_closes() -> None:
    """What it did not like is told; what is under way on the channel was lost, and so is what comes after."""
    talk = Talk().confirming()
    talk.ask(published("a"), published("b", exchange="nope"), published("c"))
    closed = commands.Channel.Close(404, "NOT_FOUND - no exchange 'nope' in vhost '/'", 60, 40)
    guilty = the(talk.answer(closed))
    assert (guilty.target, guilty.outcome, guilty.code) == ("nope/b", Outcome.REFUSED, "NOT_FOUND")
    late = the(talk.ask(published("d")))
    assert (late.target, late.outcome, late.code) == ("d", Outcome.LOST, "NOT_FOUND")
    lost = talk.ask(commands.Channel.CloseOk())
    assert [(one.target, one.outcome) for one in lost] == [("a", Outcome.LOST), ("c", Outcome.LOST)]
    assert talk.scanner.waiting() == 0
    talk.ask(commands.Channel.Open())
    talk.answer(commands.Channel.OpenOk())
    assert the(talk.ask(published("e"))).outcome is Outcome.OK


def test_a_channel_that_is_closed_for_what_nobody_waits_for() -> None:
    """It is told by itself: an acknowledgement of what was never delivered."""
    talk = Talk().consuming()
    talk.ask(commands.Basic.Ack(17))
    closed = commands.Channel.Close(406, "PRECONDITION_FAILED - unknown delivery tag 17", 60, 80)
    done = the(talk.answer(closed))
    assert (done.name, done.code) == ("channel.close", "PRECONDITION_FAILED")
    assert done.detail == "PRECONDITION_FAILED - unknown delivery tag 17"


def test_leaving_in_order() -> None:
    """What was delivered and not acknowledged goes back to its queue, which is no error."""
    talk = Talk().consuming()
    talk.answer(delivered(1))
    talk.ask(commands.Channel.Close(200, "bye", 0, 0))
    closed, left = talk.answer(commands.Channel.CloseOk())
    assert (closed.name, closed.outcome) == ("channel.close", Outcome.OK)
    assert (left.name, left.outcome, left.code) == ("basic.deliver", Outcome.OK, "unacknowledged")
    talk.consuming()
    talk.answer(delivered(1))
    talk.ask(wire(commands.Connection.Close(200, "bye", 0, 0), 0))
    closed, left = talk.answer(wire(commands.Connection.CloseOk(), 0))
    assert (closed.name, left.code) == ("connection.close", "unacknowledged")
    assert talk.scanner.waiting() == 0


def test_a_connection_that_the_broker_closes() -> None:
    """As its channels."""
    talk = Talk().consuming()
    talk.answer(delivered(1))
    done = the(talk.answer(wire(commands.Connection.Close(320, "CONNECTION_FORCED", 0, 0), 0)))
    assert (done.name, done.outcome, done.code) == ("connection.close", Outcome.FAILED, "CONNECTION_FORCED")
    lost = the(talk.ask(wire(commands.Connection.CloseOk(), 0)))
    assert (lost.name, lost.outcome, lost.code) == ("basic.deliver", Outcome.LOST, "CONNECTION_FORCED")


def test_a_connection_that_is_cut() -> None:
    """Everything under way was lost."""
    talk = Talk().confirming().consuming()
    talk.answer(delivered(1))
    talk.ask(published("orders"), commands.Basic.Qos(), published("orders")[:50])
    assert talk.scanner.waiting() == 3
    lost = talk.scanner.lost(99.0)
    assert sorted(one.name for one in lost) == ["basic.deliver", "basic.publish", "basic.qos"]
    assert {(one.outcome, one.ended) for one in lost} == {(Outcome.LOST, 99.0)}
    assert talk.scanner.waiting() == 0


def test_a_connection_that_is_never_opened() -> None:
    """Its client waits in vain."""
    scanner = AmqpScanner()
    scanner.asked(GREETING, 1.0)
    assert list(scanner.lost(2.0)) == [Operation("connection.open", "", 1.0, 2.0, Outcome.LOST)]


def test_what_the_broker_says_of_its_own() -> None:
    """That it is short of memory, and that a queue is gone."""
    talk = Talk().consuming()
    blocked = the(talk.answer(wire(commands.Connection.Blocked("low on memory"), 0)))
    assert (blocked.name, blocked.outcome, blocked.detail) == (
        "connection.blocked",
        Outcome.FAILED,
        "low on memory",
    )
    gone = the(talk.answer(commands.Basic.Cancel("c1")))
    assert (gone.name, gone.target, gone.outcome, gone.code) == (
        "basic.cancel",
        "orders",
        Outcome.FAILED,
        "CANCELLED",
    )
    assert not talk.answer(wire(commands.Connection.Unblocked(), 0))


def test_channels_do_not_mix() -> None:
    """Messages on several channels pass in turns."""
    talk = Talk()
    first, second = (published(key, b"x" * 300, channel=number) for number, key in ((1, "a"), (2, "b")))
    at = len(wire(commands.Basic.Publish(routing_key="a")))
    assert not talk.ask(first[:at], second[:at])
    assert [one.target for one in talk.ask(second[at:], first[at:])] == ["b", "a"]


def test_a_long_body_is_skipped() -> None:
    """Ten megabytes in a message leave the scanner as small as it was."""
    talk = Talk()
    whole = published("orders", b"x" * 10_000_000)
    done = [
        one for at in range(0, len(whole), 65536) for one in talk.scanner.asked(whole[at : at + 65536], 1.0)
    ]
    assert the(done).bytes_in == len(whole)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (wire(commands.Basic.Qos())[:-1] + b"\0", "does not end"),
        (published("orders")[:-1] + b"\0", "does not end"),
        (b"\x05\0\0\0\0\0\0\xce", "type 5"),
        (b"\x05\0\0\0\0\0\x09", "type 5"),
        (b"\x01\0\1\0\5\0\0", "bytes"),
        (b"\x01\0\1\0\0\0\2\0\x3c\xce", "less than it should"),
        (b"\x01\0\1\0\0\0\6\0\x3c\0\x28\0\0\xce", "less than it should"),
    ],
)
def test_giving_up(said: bytes, reason: str) -> None:
    """Frames that are none, however they come."""
    for cut in (len(said), 3):
        talk = Talk()
        talk.ask(said[:cut])
        talk.ask(said[cut:])
        assert reason in talk.scanner.gave_up
        assert talk.scanner.waiting() == 0


def test_what_came_before_giving_up_is_told() -> None:
    """Nothing that was read is forgotten."""
    talk = Talk()
    assert len(talk.ask(published("orders"), b"\x05\0\0\0\0\0\0\xce")) == 1
    assert talk.scanner.gave_up
