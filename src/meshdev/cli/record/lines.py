"""A recorded exchange for people and programs: a line, all of it, plain data. Pure."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import click

from meshdev.cli.figures import milliseconds
from meshdev.recording.model import Body, Exchange, Headers, Message
from meshdev.recording.pretty import pretty
from meshdev.wire.control import ExchangeView

_TONES = {1: "cyan", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_MESSAGE_CELLS = 100


def view_of(one: Exchange) -> ExchangeView:
    """As the traffic's filter looks at it."""
    return ExchangeView(
        seq=0,
        at=one.started,
        caller=one.caller,
        callee=one.callee,
        method=one.request.method,
        target=one.request.target,
        status=one.response.status if one.response else 0,
        ms=one.microseconds / 1000,
        bytes_in=one.request.body.size,
        bytes_out=one.response.body.size if one.response else 0,
        instance=one.instance,
        trace=one.trace,
        error=one.error,
        span=one.span,
        retries=one.retries,
        by=one.by,
        faults=list(one.faults),
        parent=one.parent,
    )


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


def plain(one: Exchange) -> dict[str, Any]:
    """Plain data: objects by name, bodies as ``text`` where they are, else ``base64``."""
    told: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    told["request"] = {
        "method": one.request.method,
        "target": one.request.target,
        "headers": one.request.headers,
        "body": _plain_body(one.request.body),
    }
    if one.response is not None:
        told["response"] = {
            "status": one.response.status,
            "reason": one.response.reason,
            "headers": one.response.headers,
            "body": _plain_body(one.response.body),
        }
    told["messages"] = [
        {
            "at": message.at,
            "outgoing": message.outgoing,
            "kind": message.kind,
            **_text_or_base64(message.data),
        }
        for message in one.messages
    ]
    told["timing"] = {name: getattr(one.timing, name) for name in one.timing.__struct_fields__}
    return told


def _plain_body(body: Body) -> dict[str, Any]:
    told: dict[str, Any] = {"size": body.size, **_text_or_base64(body.data)}
    if body.coding:
        told["coding"] = body.coding
    if body.cut is not None:
        told["cut"] = body.cut
    return told


def _text_or_base64(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
