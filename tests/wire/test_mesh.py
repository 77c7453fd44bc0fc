"""Every mesh message comes back as it was sent; what is not a message is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.wire.frames import FrameReader
from meshdev.wire.mesh import (
    Ack,
    CircuitBreaker,
    EdgeCounters,
    EdgeEntry,
    EdgeKey,
    EdgePolicy,
    Hello,
    Listen,
    Ping,
    Policy,
    Pong,
    Telemetry,
    ToDaemon,
    ToWorker,
    Trouble,
    Upstream,
    WireError,
    decode_to_daemon,
    decode_to_worker,
    encode,
)

EDGE = EdgeEntry(
    7,
    EdgeKey("orders", "payments", "http"),
    EdgePolicy((Upstream("127.0.0.1", 41000, "payments-0@3"),), protocol="http", hold=2.5, hold_most=3),
)


GUARDED = EdgeEntry(
    8,
    EdgeKey("orders", "stock"),
    EdgePolicy(
        timeout=2.0,
        retry_attempts=2,
        retry_on=("5xx", "reset"),
        circuit_breaker=CircuitBreaker(consecutive_errors=5),
        balance="hash:x-user",
        denied="zero_trust",
    ),
)


@pytest.mark.parametrize("message", [Listen(7), Policy(3, (EDGE, GUARDED)), Policy(4, ()), Ping()])
def test_what_the_daemon_says_arrives(message: ToWorker) -> None:
    """Daemon to worker, there and back."""
    [body] = FrameReader().feed(encode(message))
    assert decode_to_worker(body) == message


@pytest.mark.parametrize(
    "message",
    [
        Hello(pid=12, loop="uvloop"),
        Ack(3),
        Telemetry((EdgeCounters(7, 3, 2, 1, 0, 1000, 2000, {"refused": 1}),), dropped=2),
        Telemetry((EdgeCounters(7, acts={"retry": 2}, circuit="open"),)),
        Trouble("cannot", 7),
        Pong(),
    ],
)
def test_what_a_worker_says_arrives(message: ToDaemon) -> None:
    """Worker to daemon, there and back."""
    [body] = FrameReader().feed(encode(message))
    assert decode_to_daemon(body) == message


def test_a_newer_peer_may_add_fields() -> None:
    """Fields at the end that we do not know are ignored, as the protocol promises."""
    body = msgspec.msgpack.encode(["ack", 3, "something new"])
    assert decode_to_daemon(body) == Ack(3)


@given(st.binary(max_size=64))
def test_anything_else_is_refused_with_one_error(body: bytes) -> None:
    """Whatever bytes come, the only exception is WireError."""
    for decode in (decode_to_worker, decode_to_daemon):
        try:
            decode(body)
        except WireError:
            continue


def test_an_edge_reads_like_a_sentence() -> None:
    """People meet edges in messages."""
    assert str(EDGE.key) == "orders -> payments:http"
    assert str(EDGE.policy.upstreams[0]) == "payments-0@3 at 127.0.0.1:41000"
