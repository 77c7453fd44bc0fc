"""How a message is published by hand, in each protocol: what is said, and what the answers mean."""

import pytest

from meshdev.traffic.protocols.publishing import (
    PUBLISHERS,
    Dialogue,
    Outgoing,
    RefusedError,
    mqtt,
    nats,
    redis,
)


def held(dialogue: Dialogue, *answers: bytes) -> list[bytes]:
    """Everything that is said, when the broker answers so; raises RefusedError."""
    said = [next(dialogue)]
    for answer in answers:
        try:
            said.append(dialogue.send(answer))
        except StopIteration:
            return said
    raise AssertionError("the dialogue is not over")


def test_nats_is_taken_with_the_pong() -> None:
    """However its words are cut; headers make it an HPUB."""
    said = held(nats(Outgoing("order.placed", b"{}", {"a": "b"})), b"INFO {", b"}\r\n", b"PON", b"G\r\n")
    [message] = [line for line in said if line]
    assert b"HPUB order.placed 18 20\r\nNATS/1.0\r\na: b\r\n\r\n{}\r\nPING\r\n" in message
    plain = held(nats(Outgoing("t", b"xyz")), b"INFO {}\r\n", b"PONG\r\n")
    assert b"PUB t 3\r\nxyz\r\n" in plain[1]


def test_redis_is_taken_with_a_number() -> None:
    """As many as that got it."""
    assert (
        held(redis(Outgoing("news", b"\r\n")), b":", b"0\r\n")[0]
        == b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$2\r\n\r\n\r\n"
    )


def test_mqtt_is_taken_with_the_acknowledgement() -> None:
    """Lengths beyond 127 take more bytes."""
    said = held(mqtt(Outgoing("a/b", b"x" * 200)), b"\x20\x02\x00\x00", b"\x40\x02", b"\x00\x01")
    assert said[1] == b"\x32\xcf\x01\x00\x03a/b\x00\x01" + b"x" * 200


@pytest.mark.parametrize(
    ("dialogue", "answers", "why"),
    [
        (
            nats(Outgoing("t", b"")),
            [b"INFO {}\r\n", b"-ERR 'Authorization Violation'\r\n"],
            "Authorization Violation",
        ),
        (nats(Outgoing("a b", b"")), [], "no blanks"),
        (
            redis(Outgoing("t", b"")),
            [b"-NOAUTH Authentication required.\r\n"],
            "NOAUTH Authentication required.",
        ),
        (nats(Outgoing("t", b"", {"a": "b\r\nc: d"})), [], "one line"),
        (redis(Outgoing("t", b"", {"a": "b"})), [], "no headers"),
        (redis(Outgoing("t", b"", key="k")), [], "no keys"),
        (nats(Outgoing("t", b"", key="k")), [], "no keys"),
        (mqtt(Outgoing("t", b"", {"a": "b"})), [], "no headers"),
        (mqtt(Outgoing("a/#", b"")), [], "wildcards"),
        (mqtt(Outgoing("a" * 65_536, b"")), [], "at most 65535 bytes"),
        (mqtt(Outgoing("a", b"")), [b"\x20\x02\x00\x05"], "20020005"),
        (mqtt(Outgoing("a", b"")), [b"\x20\x02\x00\x00", b"\xe0\x00\x00\x00"], "e0000000"),
    ],
)
def test_a_refusal_says_why(dialogue: Dialogue, answers: list[bytes], why: str) -> None:
    """In the broker's words."""
    with pytest.raises(RefusedError, match=why):
        held(dialogue, *answers)


def test_the_table_names_protocols() -> None:
    """As the topology does."""
    assert set(PUBLISHERS) == {"amqp", "kafka", "mqtt", "nats", "redis"}
