"""A recorded exchange for people: a line, and all of it. Pure."""

import time
from collections.abc import Iterator

import click

from meshdev.cli.figures import milliseconds
from meshdev.recording.model import Body, Exchange, Headers, Message
from meshdev.recording.pretty import pretty

_TONES = {1: "cyan", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_MESSAGE_CELLS = 100


def line(one: Exchange) -> str:
    """Number, time, edge, status, duration, what was asked."""
    clock = time.strftime("%H:%M:%S", time.localtime(one.started))
    status = one.response.status if one.response else 0
    told = click.style(str(status or "-").rjust(3), fg=_TONES.get(status // 100, "red"))
    remarks = [one.error, *(f"fault {name}" for name in one.faults)]
    if one.messages:
        remarks.append(f"{len(one.messages)} messages")
    return "  ".join(
        (
            one.id.rjust(4),
            clock,
            one.edge,
            told,
            milliseconds(one.microseconds / 1000).rjust(6),
            f"{one.request.method} {one.request.target}",
            *(remark for remark in remarks if remark),
        )
    )


def details(one: Exchange) -> Iterator[str]:
    """Everything, as it went over the wire but laid out."""
    yield click.style(line(one), bold=True)
    if one.trace:
        yield click.style(f"      trace {one.trace}", dim=True)
    if one.redacted:
        yield click.style(f"      placeholders at {', '.join(one.redacted)}", dim=True)
    yield ""
    yield f"{one.request.method} {one.request.target} HTTP/1.{one.request.minor}"
    yield from _headers(one.request.headers)
    yield from _body(one.request.body, one.request.headers)
    response = one.response
    yield ""
    if response is None:
        yield f"no answer: {one.error or 'unknown'}"
        return
    yield f"HTTP/1.{response.minor} {response.status} {response.reason}".rstrip()
    yield from _headers(response.headers)
    yield from _body(response.body, response.headers)
    for message in one.messages:
        yield _message(message)


def _headers(headers: Headers) -> Iterator[str]:
    for name, value in headers:
        yield f"{click.style(name, fg='cyan')}: {value}"


def _body(body: Body, headers: Headers) -> Iterator[str]:
    text = pretty(body, headers)
    if text:
        yield ""
        yield text


def _message(message: Message) -> str:
    arrow = "→" if message.outgoing else "←"
    text = message.data.decode("utf-8", "replace")
    told = (
        text
        if len(text) <= _MESSAGE_CELLS and text.isprintable()
        else repr(message.data[:_MESSAGE_CELLS])[2:-1]
    )
    return f"{milliseconds(message.at / 1000).rjust(7)} {arrow} {message.kind} {told}"
