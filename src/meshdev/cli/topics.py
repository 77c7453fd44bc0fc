"""``meshdev topics``: the brokers' topics, who publishes and who subscribes, and the last messages."""

import sys
import time
from collections.abc import Iterable, Sequence

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.figures import count, milliseconds, rate
from meshdev.cli.named import named
from meshdev.cli.table import columns
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.kernel.quantity import format_size
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView

_HEAD = ("TOPIC", "RATE", "MESSAGES", "PUBLISHED BY", "DELIVERED TO", "NOTE")
_PARTY_HEAD = ("SERVICE", "", "RATE", "MESSAGES", "ERRORS", "P99", "LAG", "NOTE")
_RIGHT = frozenset({"RATE", "MESSAGES", "ERRORS", "P99", "LAG"})
_PAYLOAD = 200


@click.command()
@click.argument("name", required=False)
@options.json_option()
def command(*, name: str | None, as_json: bool) -> None:
    """List the topics of the brokers: who publishes, who gets it, how much.

    With a NAME, that topic alone with each service at its ends and the last messages. Topics are subjects, channels,
    queues and streams, too, as the broker has it. Rates are over ten seconds.
    """
    views = Control(options.here()).send(calls.topics(settled=True))
    if name is not None:
        views = [named(views, name, "topic")]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(views[0] if name is not None else views)))
        return
    unicode = terminal.unicode_on(sys.stdout)
    lines = render(views) if name is None else detail(views[0], unicode=unicode)
    click.echo("\n".join(lines))


def render(views: Sequence[TopicView]) -> list[str]:
    """The lines of the listing."""
    if not views:
        return ["no topics: nothing publishes or subscribes, by the topology or over an edge to a broker"]
    return columns(_HEAD, [_row(view) for view in views], right=_RIGHT)


def _row(view: TopicView) -> list[str]:
    published = sum(one.messages for one in view.publishers)
    return [
        view.name,
        rate(sum(one.mps for one in view.publishers)) if published else "",
        count(published) if published else click.style("unused", dim=True),
        ", ".join(_names(view.publishers)),
        ", ".join(_names(view.subscribers)),
        ", ".join(_notes(view)),
    ]


def _names(parties: Iterable[TopicPartyView]) -> Iterable[str]:
    for one in parties:
        yield one.service if one.messages else click.style(one.service, dim=True)


def _notes(view: TopicView) -> Iterable[str]:
    if view.broker:
        yield view.broker.removeprefix("brokers.")
    lag = sum(one.lag or 0 for one in view.subscribers)
    if lag:
        yield click.style(f"{count(lag)} behind", fg="yellow")
    errors = sum(one.errors for one in (*view.publishers, *view.subscribers))
    if errors:
        yield click.style(f"{count(errors)} failed", fg="red")
    if any(not one.declared for one in (*view.publishers, *view.subscribers)):
        yield click.style("undeclared", fg="yellow")


def detail(view: TopicView, *, unicode: bool) -> list[str]:
    """One topic: its ends, then its last messages."""
    rows = [_party(one, "publishes") for one in view.publishers]
    rows += [_party(one, "subscribes") for one in view.subscribers]
    lines = columns(_PARTY_HEAD, rows, right=_RIGHT) if rows else ["nobody publishes it or subscribes to it"]
    if view.last:
        lines += ["", "last messages"]
        lines += [_message(one, unicode=unicode) for one in view.last]
    return lines


def _party(one: TopicPartyView, part: str) -> list[str]:
    return [
        one.service,
        part,
        rate(one.mps),
        count(one.messages),
        click.style(count(one.errors), fg="red") if one.errors else "0",
        milliseconds(one.p99_ms),
        "" if one.lag is None else count(one.lag),
        "" if one.declared else click.style("undeclared", fg="yellow"),
    ]


def _message(one: MessageView, *, unicode: bool) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(one.at))
    more = ("…" if unicode else "...") if len(one.payload) > _PAYLOAD else ""
    text = "".join(sign if sign.isprintable() else " " for sign in one.payload[:_PAYLOAD])
    return f"{clock}  {one.service}  {format_size(one.size)}  {text}{more}"
