"""A recorded exchange for people: a line, and all of it. Pure."""

import json
import time
from collections.abc import Iterator

import click

from meshdev.cli.figures import milliseconds
from meshdev.recording.calls import (
    Decode,
    call_message,
    call_status,
    guessed,
    is_call,
    laid_out,
    method_of,
    outcome,
    said,
)
from meshdev.recording.model import EMPTY, Body, Exchange, Headers, Message, MessageKind
from meshdev.recording.pretty import pretty, why_cut

_TONES = {1: "cyan", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_MESSAGE_CELLS = 100
_UNARY = 2  # messages


def line(one: Exchange) -> str:
    """Number, time, edge, status, duration, what was asked."""
    clock = time.strftime("%H:%M:%S", time.localtime(one.started))
    told = _told(one)
    remarks = [one.error, *(f"fault {name}" for name in one.faults)]
    if one.messages:
        remarks.append(_counted(one))
    return "  ".join(
        (
            one.id.rjust(4),
            clock,
            one.edge,
            told,
            milliseconds(one.microseconds / 1000).rjust(6),
            method_of(one) if is_call(one) else f"{one.request.method} {one.request.target}",
            *(remark for remark in remarks if remark),
        )
    )


def _told(one: Exchange) -> str:
    if is_call(one):
        return click.style(call_status(one).name, fg=_TONES[outcome(one) // 100])
    status = one.response.status if one.response else 0
    return click.style(str(status or "-").rjust(3), fg=_TONES.get(status // 100, "red"))


def _counted(one: Exchange) -> str:
    if not is_call(one):
        return f"{len(one.messages)} messages"
    asked, heard = said(one, outgoing=True), said(one, outgoing=False)
    return f"{len(asked)} → {len(heard)} ←" if len(asked) + len(heard) != _UNARY else ""


def details(one: Exchange, decode: Decode = guessed) -> Iterator[str]:
    """Everything, as it went over the wire but laid out."""
    yield click.style(line(one), bold=True)
    if one.trace:
        yield click.style(f"      trace {one.trace}", dim=True)
    if one.redacted:
        yield click.style(f"      placeholders at {', '.join(one.redacted)}", dim=True)
    yield ""
    if is_call(one):
        yield from _call(one, decode)
        return
    version = "2" if one.protocol else f"1.{one.request.minor}"
    yield f"{one.request.method} {one.request.target} HTTP/{version}"
    yield from _headers(one.request.headers)
    yield from _body(one.request.body, one.request.headers)
    response = one.response
    yield ""
    if response is None:
        yield f"no answer: {one.error or 'unknown'}"
        return
    version = "2" if one.protocol else f"1.{response.minor}"
    yield f"HTTP/{version} {response.status} {response.reason}".rstrip()
    yield from _headers(response.headers)
    yield from _body(response.body, response.headers)
    yield from _headers(response.trailers)
    for message in one.messages:
        yield _message(message)


def _call(one: Exchange, decode: Decode) -> Iterator[str]:
    yield f"gRPC {method_of(one)}"
    yield from _headers(one.request.headers)
    if one.response is not None:
        yield ""
        yield f"HTTP/2 {one.response.status}"
        yield from _headers(one.response.headers)
    yield ""
    for message in one.messages:
        yield from _said(one, message, decode)
    for side, body in (
        ("caller", one.request.body),
        ("callee", one.response.body if one.response else EMPTY),
    ):
        if body.cut is not None:
            yield f"… {why_cut(body)}, of what the {side} said"
    status, why = call_status(one), call_message(one)
    yield click.style(f"{status.name}: {why}" if why else status.name, fg=_TONES[outcome(one) // 100])
    if one.error:
        yield f"no end: {one.error}"
    elif one.response is not None:
        yield from _headers(one.response.trailers)


def _said(one: Exchange, message: Message, decode: Decode) -> Iterator[str]:
    head = f"{milliseconds(message.at / 1000).rjust(7)} {'→' if message.outgoing else '←'} "
    if message.kind is MessageKind.CLOSE:
        yield f"{head}{click.style('(all said)', dim=True)}"
        return
    content = laid_out(decode(one, message)) if message.data or message.cut is None else ""
    if len(content) <= _MESSAGE_CELLS:
        yield f"{head}{content}"
    else:
        pretty_content = json.dumps(json.loads(content), indent=2, ensure_ascii=False)
        yield head + pretty_content.replace("\n", "\n" + " " * len(head))
    if message.cut is not None:
        yield f"{' ' * len(head)}… {why_cut(Body(cut=message.cut))}"


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
