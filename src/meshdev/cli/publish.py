"""``meshdev publish``: a message on a broker, by hand."""

import sys

import click
import msgspec

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError, UsageError
from meshdev.wire.topic_views import PublishRequest, TopicView


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The topics there are."""
    try:
        known = Control(options.here()).send(calls.topics())
    except MeshdevError:
        return []
    return [one.name for one in known if one.name.startswith(incomplete)]


@click.command()
@click.argument("topic", shell_complete=_complete)
@click.argument("payload", required=False)
@click.option("--again", is_flag=True, help="The last message that was seen on the topic, once more.")
@click.option("--broker", default="", metavar="NAME", help="On which broker, where there are several.")
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    help="A header, where the protocol has some.",
)
@click.option("--key", default="", metavar="KEY", help="The record's key, in Kafka.")
@options.json_option()
def command(
    *,
    topic: str,
    payload: str | None,
    again: bool,
    broker: str,
    headers: tuple[str, ...],
    key: str,
    as_json: bool,
) -> None:
    """Publish a message: PAYLOAD, or what comes on standard input (-), or the last one again.

    TOPIC is as `meshdev topics` lists it; of AMQP EXCHANGE/ROUTING.KEY, or a queue.
    It goes to the broker directly, not over an edge: faults of edges don't meet it, and no service has published it.
    """
    control = Control(options.here())
    if again is (payload is not None):
        raise UsageError("what shall be published?", hint="a PAYLOAD, - for standard input, or --again")
    if again:
        text = _last(control.send(calls.topics(settled=True)), topic)
    else:
        text = sys.stdin.buffer.read().decode(errors="surrogateescape") if payload == "-" else payload or ""
    for said in (topic, text, key, *headers):
        _check_text(said)
    told = dict(map(_header, headers))
    request = PublishRequest(topic=topic, payload=text, broker=broker, headers=told, key=key)
    done = control.send(calls.publish(request))
    click.echo(msgspec.json.encode(done) if as_json else f"{done.topic}: published on {done.broker}")


def _check_text(said: str) -> None:
    """Bytes that are none are surrogates here, as Python has them on command lines."""
    if not said.isascii() and any("\ud800" <= sign <= "\udfff" for sign in said):
        raise UsageError("what is published by hand is text in UTF-8, these bytes are none")


def _last(topics: list[TopicView], name: str) -> str:
    last = next((one.last for one in topics if one.name == name), [])
    if not last:
        raise UsageError(f'no message was seen on "{name}"', hint="`meshdev topics` lists what was")
    if not last[-1].whole:
        raise UsageError(f'the last message on "{name}" is not known in full: it is too long, or no text')
    return last[-1].payload


def _header(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--header {text!r}: accepted is NAME=VALUE")
    return name, value
