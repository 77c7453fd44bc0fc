"""pika: publishes with confirms, to an exchange and to nobody; consumes and acknowledges; is refused."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pika
import pika.exceptions

MESSAGES = 50
VISITS = 20  # rounds on one connection


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        _visit(port, going, done)
    return done


def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    queue, exchange = f"bench-{uuid4().hex}", "bench"
    channel.exchange_declare(exchange, "topic")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "order.*.paid")
    channel.confirm_delivery()
    done.update(
        ["connection.open /", "channel.open", f"exchange.declare {exchange}", "queue.declare bench-{id}"]
    )
    done.update(["queue.bind bench-{id}", "confirm.select"])
    for _ in range(VISITS):
        if not going():
            break
        for number in range(100, 100 + MESSAGES):
            channel.basic_publish(exchange, f"order.{number}.paid", b"x" * 100, mandatory=True)
        with suppress(pika.exceptions.UnroutableError):
            channel.basic_publish(exchange, "nobody", b"x", mandatory=True)
        for got, (method, _, _) in enumerate(channel.consume(queue), 1):
            channel.basic_ack(method.delivery_tag)
            if got == MESSAGES:
                break
        channel.cancel()
        channel.basic_get(queue)
        done["basic.publish bench/order.{id}.paid"] += MESSAGES
        done["basic.deliver bench/order.{id}.paid"] += MESSAGES
        done.update(["basic.publish bench/nobody", "basic.consume bench-{id}", "basic.cancel bench-{id}"])
        done["basic.get bench-{id}"] += 1
        _refused(connection, done)
    connection.close()
    done.update(["channel.close", "connection.close"])


def _refused(connection: pika.BlockingConnection, done: Counter[str]) -> None:
    with suppress(pika.exceptions.ChannelClosedByBroker):
        connection.channel().queue_declare("nowhere", passive=True)
    done.update(["channel.open", "queue.declare nowhere"])
