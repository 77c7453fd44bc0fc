"""Publishes and consumes over RabbitMQ, at each of its two addresses; says what it got, and how long a confirm took."""

import os
import threading
import time

import pika
import pika.exceptions

TRACED = pika.BasicProperties(
    headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
)


def say(line: str) -> None:
    """In one piece, since others speak at the same time."""
    print(line + "\n", end="")


def use(name: str) -> None:
    """One connection, for good."""
    port = int(os.environ[f"{name}_PORT"])
    parameters = pika.ConnectionParameters("127.0.0.1", port, connection_attempts=40, retry_delay=0.25)
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    shop = f"shop-{name.lower()}"  # both lead to one broker
    channel.exchange_declare(shop, "topic", auto_delete=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, shop, "order.*.paid")
    channel.confirm_delivery()
    try:
        connection.channel().queue_declare("nowhere", passive=True)
    except pika.exceptions.ChannelClosedByBroker as error:
        say(f"{name} refused {error.reply_code}")
    for number in range(100, 110):
        channel.basic_publish(shop, f"order.{number}.paid", b"n%d" % number, TRACED, mandatory=True)
    try:
        channel.basic_publish(shop, "nobody", b"lost", mandatory=True)
    except pika.exceptions.UnroutableError:
        say(f"{name} unroutable")
    got = []
    for method, _, body in channel.consume(queue):
        got.append(body.decode())
        channel.basic_ack(method.delivery_tag)
        if len(got) == 10:
            break
    say(f"{name} got {','.join(got)}")
    channel.cancel()
    while True:
        began = time.monotonic()
        channel.basic_publish("", "pace", b".")
        if time.monotonic() - began > 0.3:
            say(f"{name} slow")
        time.sleep(0.1)


for each in ("EVENTS", "GUESSED"):
    threading.Thread(target=use, args=(each,)).start()
