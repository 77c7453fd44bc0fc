"""A message to a broker of AMQP by hand: what is said, by pamqp's reading, and what the broker's words mean."""

from typing import Any

import pytest
from pamqp import base, body, commands, frame, header

from meshdev.traffic.protocols.amqp.publishing import publish
from meshdev.traffic.protocols.amqp.scanner import GREETING
from meshdev.traffic.protocols.publishing import Outgoing, RefusedError
from support_amqp import content, wire

WELCOME = [
    wire(commands.Connection.Start(server_properties={}), 0),
    wire(commands.Connection.Tune(7, 4096, 60), 0),
    wire(commands.Connection.OpenOk(), 0),
    wire(commands.Channel.OpenOk()),
    wire(commands.Confirm.SelectOk()),
]
DONE = [wire(commands.Basic.Ack(1)), wire(commands.Connection.CloseOk(), 0)]


def held(message: Outgoing, *answers: bytes) -> bytes:
    """Everything that is said, when the broker answers so, byte by byte; raises RefusedError."""
    dialogue = publish(message)
    said = next(dialogue)
    try:
        for byte in b"".join(answers):
            said += dialogue.send(bytes((byte,)))
    except StopIteration:
        return said
    raise AssertionError("the dialogue is not over")


def frames(said: bytes) -> list[Any]:
    """As pamqp reads them, behind the greeting."""
    assert said.startswith(GREETING)
    said, found = said[len(GREETING) :], []
    while said:
        size, _, one = frame.unmarshal(said)
        found.append(one)
        said = said[size:]
    return found


@pytest.mark.parametrize(
    ("topic", "exchange", "key"),
    [
        ("shop/order.paid", "shop", "order.paid"),
        ("orders", "", "orders"),
        ("fan/", "fan", ""),
        ("a/b/c", "a", "b/c"),
    ],
)
def test_what_is_said(topic: str, exchange: str, key: str) -> None:
    """A login, a channel that confirms, the message in frames as large as the broker takes, a goodbye."""
    start, tune, _, _, _, method, head, *rest = frames(
        held(Outgoing(topic, b"x" * 9000, {"tenant": "a"}), *WELCOME, *DONE)
    )
    assert (start.mechanism, start.response) == ("PLAIN", "\0guest\0guest")
    assert (tune.frame_max, tune.heartbeat) == (4096, 0)
    assert (method.exchange, method.routing_key, method.mandatory) == (exchange, key, True)
    assert isinstance(head, header.ContentHeader)
    assert (head.body_size, head.properties.headers) == (9000, {"tenant": "a"})
    assert b"".join(one.value for one in rest if isinstance(one, body.ContentBody)) == b"x" * 9000
    assert isinstance(rest[-1], commands.Connection.Close)


def _closed(of: type[base.Frame], code: int, text: str, channel: int = 1) -> bytes:
    return wire(of(code, text, 0, 0), channel)  # type: ignore[call-arg]


NO_LOGIN = _closed(commands.Connection.Close, 403, "ACCESS_REFUSED - Login was refused", 0)
NO_EXCHANGE = _closed(commands.Channel.Close, 404, "NOT_FOUND - no exchange 'x'")
CAME_BACK = wire(commands.Basic.Return(312, "NO_ROUTE", "", "t")) + content(b"x")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([WELCOME[0], NO_LOGIN], r"Login was refused \(ACCESS_REFUSED\)"),
        ([*WELCOME, NO_EXCHANGE], r"no exchange 'x' \(NOT_FOUND\)"),
        ([*WELCOME, CAME_BACK, DONE[0]], "no queue takes it"),
        ([*WELCOME, wire(commands.Basic.Nack(1))], "nack"),
        ([b"AMQP\0\0\x09\x00"], "another version"),
        ([wire(commands.Connection.Close(320, "", 0, 0), 0)], "CONNECTION_FORCED"),
    ],
)
def test_a_refusal_says_why(answers: list[bytes], why: str) -> None:
    """In the broker's words."""
    with pytest.raises(RefusedError, match=why):
        held(Outgoing("t", b"x"), *answers)


@pytest.mark.parametrize("topic", ["", "x" * 256, "e/" + "x" * 256])
def test_names_that_cannot_be(topic: str) -> None:
    """They are too long, or nothing."""
    with pytest.raises(RefusedError, match="1 to 255"):
        next(publish(Outgoing(topic, b"x")))


@pytest.mark.parametrize(
    ("headers", "key", "why"), [({"x" * 256: "y"}, "", "a header has at most 255"), ({}, "k", "no keys")]
)
def test_what_a_message_cannot_have(headers: dict[str, str], key: str, why: str) -> None:
    """It is refused before the broker is asked for anything."""
    with pytest.raises(RefusedError, match=why):
        next(publish(Outgoing("t", b"x", headers, key)))
