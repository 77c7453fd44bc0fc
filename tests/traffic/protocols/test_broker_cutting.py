"""AMQP and MQTT cut into messages: all bytes in order, in any cut, from any place; payloads can be exchanged."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import commands

from meshdev.traffic.protocols.amqp.cutting import Book
from meshdev.traffic.protocols.amqp.scanner import GREETING, AmqpScanner
from meshdev.traffic.protocols.amqp.table import headers_at
from meshdev.traffic.protocols.cutting import Cuttable, Piece
from meshdev.traffic.protocols.mqtt.scanner import MqttScanner
from meshdev.traffic.protocols.operation import Scanner
from support_amqp import content, delivered, published, wire
from support_mqtt import connect, number, packet, properties, publish
from support_scanning import cut_at

SHOP: dict[str, Any] = {
    "exchange": "shop",
    "headers": {"Tenant": "a", "n": 1, "deep": {"x": [1, 2]}, "last": "z"},
}
AMQP = {
    True: [
        GREETING,
        wire(commands.Connection.Open(), 0),
        published("order.created", b"x" * 300, **SHOP),
        wire(commands.Basic.Qos()),
        published("orders", b""),
        wire(commands.Channel.Close(200, "", 0, 0)),
    ],
    False: [
        wire(commands.Connection.OpenOk(), 0),
        delivered(7, b"x" * 300, key="order.created", **SHOP),
        wire(commands.Basic.Ack(1)),
        delivered(8, b"", key="amq.gen-x"),
    ],
}
MQTT = {
    True: [
        connect(5),
        publish("a/b", b"x" * 300, told=properties(UserProperty=("Tenant", "a"))),
        packet(12),
        publish("a", b"", told=b"\0", qos=1),
        packet(14),
    ],
    False: [packet(2, b"\0\0\0"), publish("$SYS/a", b"x", told=b"\0"), packet(4, number(1))],
}
CASES = pytest.mark.parametrize(
    ("make", "said"),
    [
        (AmqpScanner, AMQP[True]),
        (AmqpScanner, AMQP[False]),
        (MqttScanner, MQTT[True]),
        (MqttScanner, MQTT[False]),
    ],
    ids=["amqp-asked", "amqp-answered", "mqtt-asked", "mqtt-answered"],
)


def cut(
    make: type[Scanner], said: list[bytes], *, read: int = 0, places: list[float] | None = None
) -> list[Piece]:
    """What a cutter makes of it that begins when a scanner has read so many bytes, as the scanner goes on."""
    asked = said in (AMQP[True], MQTT[True])
    scanner = make()
    feed = scanner.asked if asked else scanner.answered
    whole = b"".join(said)
    feed(whole[:read], 0.0)
    assert isinstance(scanner, Cuttable)
    cutter = scanner.cutter(asked=asked)
    pieces: list[Piece] = []
    for data in cut_at(places or [])(whole[read:]):
        if read or make is AmqpScanner:
            feed(data, 0.0)
        pieces += cutter.cut(data)
    assert not cutter.lost
    return pieces


@CASES
def test_every_message_is_a_piece(make: type[Scanner], said: list[bytes]) -> None:
    """And everything else is none."""
    pieces = cut(make, said)
    assert [piece.data for piece in pieces] == said
    assert len([piece for piece in pieces if piece.message is not None]) == (1 if said == MQTT[False] else 2)


def test_what_matches_ask() -> None:
    """Names as they are, headers that are texts, and what is the broker's own."""
    first, second = (piece.message for piece in cut(AmqpScanner, AMQP[True]) if piece.message is not None)
    assert (first.subject, second.subject) == ("shop/order.created", "orders")
    assert first.headers() == {"tenant": "a", "last": "z"}
    assert [piece.message.inner for piece in cut(AmqpScanner, AMQP[False]) if piece.message] == [False, True]
    assert [piece.message.inner for piece in cut(MqttScanner, MQTT[False]) if piece.message] == [True]
    message = cut(MqttScanner, MQTT[True])[1].message
    assert message is not None
    assert message.headers() == {"tenant": "a"}


def test_what_is_the_last() -> None:
    """Nothing may come behind it."""
    assert [piece.last for piece in cut(AmqpScanner, AMQP[True])][-2:] == [False, True]
    assert [piece.last for piece in cut(MqttScanner, MQTT[True])][-2:] == [False, True]


@CASES
@settings(deadline=None)
@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=8))
def test_no_byte_is_lost(make: type[Scanner], said: list[bytes], begun: float, places: list[float]) -> None:
    """Wherever it begins, however the bytes come; messages from there on are the same."""
    whole = b"".join(said)
    read = int(begun * len(whole))
    pieces = cut(make, said, read=read, places=places)
    assert b"".join(piece.data for piece in pieces) == whole[read:]
    border = len(whole)
    for one in reversed(said):
        border -= len(one)
        if border < read:
            break
        if one in {piece.data for piece in cut(make, said) if piece.message is not None}:
            assert one in [piece.data for piece in pieces if piece.message is not None]


@pytest.mark.parametrize("payload", [b"", b"y", b"y" * 20_000])
def test_another_payload(payload: bytes) -> None:
    """It is the same message with it."""
    for make, said, at in ((AmqpScanner, AMQP[True], 2), (MqttScanner, MQTT[True], 1)):
        scanner = make()
        scanner.asked(b"".join(said[:at]), 0.0)
        assert isinstance(scanner, Cuttable)
        borders = scanner.cutter(asked=True).borders
        assert borders.payload(said[at]) == b"x" * 300
        changed = borders.with_payload(said[at], payload)
        assert borders.payload(changed) == payload
        (operation,) = scanner.asked(changed, 0.0)
        assert (operation.payload, operation.bytes_in) == (payload[:1024], len(changed))


def test_messages_between_frames_of_other_channels() -> None:
    """They pass as they come, as no message."""
    first, second = (published(key, b"x" * 30, channel=channel) for key, channel in (("a", 1), ("b", 2)))
    at = len(wire(commands.Basic.Publish(routing_key="a")))
    said = first[:at] + second[:at] + first[at:] + second[at:]
    scanner = AmqpScanner()
    scanner.asked(GREETING, 0.0)
    cutter = scanner.cutter(asked=True)
    pieces = cutter.cut(said)
    assert b"".join(piece.data for piece in pieces) == said
    assert [piece.message for piece in pieces] == [None] * 6


def test_numbers_of_confirms() -> None:
    """What was lost has none, what left twice has two, and what changed places has another."""
    book = Book((4, 5), 5)
    for leaving in (7, 6, 8, 8):
        book.leave(leaving)
    assert book.meant(6, multiple=False) == [7]
    assert book.meant(8, multiple=True) == [4, 5, 6, 8]
    assert book.meant(0, multiple=True) == [8]
    assert book.meant(77, multiple=False) == []


def test_headers_that_are_none() -> None:
    """What cannot be read ends them."""
    header = content(b"", headers={"a": "1", "b": "2"})
    at = 7 + 12
    assert headers_at(header, at) == {"a": "1", "b": "2"}
    assert headers_at(header[:-7], at) in ({"a": "1"}, {"a": "1", "b": ""})
    assert headers_at(b"\0\0", 0) == {}
    assert headers_at(b"\xe0\0\x01x\x01y\0\0\0\x09\x01kS\0\0\0\x02vw", 0) == {"k": "vw"}
    assert headers_at(b"\x20\0\0\0\0\x09\x01k?", 0) == {}
