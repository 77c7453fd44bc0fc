"""Recognising protocols by their first bytes, however few there are."""

import struct
from random import Random

import pytest

from meshdev.traffic.protocols.first_bytes import kafka_caller, mongodb_caller, redis_caller
from meshdev.traffic.protocols.signatures import Verdict
from support_kafka_messages import message
from support_redis import command


def test_a_redis_command_is_recognised_and_never_denied_before() -> None:
    """At its word's first letter."""
    said = command("HELLO", 3)
    at = said.index(b"HELLO") + 1
    assert [redis_caller(said[:end]) for end in range(len(said) + 1)] == [
        Verdict.YES if end >= at else Verdict.OPEN for end in range(len(said) + 1)
    ]


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n", b"*0\r\n", b"*1\r\n:", b"*12345", b"\x16\x03", b"*1\r\n$1\r\n1", b"**"]
)
def test_what_is_no_redis_command(said: bytes) -> None:
    """Others' beginnings, and nonsense."""
    assert redis_caller(said) is Verdict.NO


@pytest.mark.parametrize(("key", "version"), [(18, 0), (18, 3), (3, 1), (17, 1)])
def test_a_kafka_client_is_recognised_and_never_denied_before(key: int, version: int) -> None:
    """At its own name's length."""
    said = message(key, version, Random(0), asked=True).data
    assert [kafka_caller(said[:end]) for end in range(20)] == [
        Verdict.YES if end >= 14 else Verdict.OPEN for end in range(20)
    ]


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"\0" * 20, message(12, 4, Random(0), asked=True).data],
)
def test_what_is_no_kafka_client(said: bytes) -> None:
    """Others' beginnings, and requests with which nobody begins."""
    assert kafka_caller(said) is Verdict.NO


@pytest.mark.parametrize("operation", [2004, 2013])
def test_a_mongodb_client_is_recognised_and_never_denied_before(operation: int) -> None:
    """At the operation of its greeting."""
    said = struct.pack("<iiii", 300, 1, 0, operation) + b"x" * 284
    assert [mongodb_caller(said[:end]) for end in range(20)] == [
        Verdict.YES if end >= 16 else Verdict.OPEN for end in range(20)
    ]


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"\0" * 20, struct.pack("<iiii", 300, 1, 7, 2013)]
)
def test_what_is_no_mongodb_client(said: bytes) -> None:
    """Others' beginnings, and answers."""
    assert mongodb_caller(said) is Verdict.NO
