"""Which faults do something on which protocols."""

import pytest

from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.kinds import Layer
from meshdev.traffic.faults.reach import in_vain, reaches
from meshdev.traffic.protocols.table import PROTOCOLS


@pytest.mark.parametrize(
    ("kind", "protocol", "does"),
    [
        ("latency", "postgres", True),
        ("status", "http", True),
        ("status", "grpc", True),
        ("status", "postgres", False),
        ("grpc-status", "grpc", True),
        ("grpc-status", "http", True),
        ("grpc-status", "redis", False),
        ("drop", "nats", True),
        ("drop", "amqp", True),
        ("drop", "mqtt", True),
        ("drop", "kafka", True),
        ("drop", "redis", True),
        ("drop", "mongodb", False),
        ("drop", "postgres", False),
        ("delay", "http", True),
        ("delay", "grpc", True),
        ("delay", "nats", True),
        ("delay", "mysql", True),
        ("delay", "mongodb", False),
        ("sql-error", "postgres", True),
        ("sql-error", "nats", False),
        ("drop", "http", False),
        ("drop", "carrier-pigeon", False),
    ],
)
def test_a_fault_acts_on_its_protocols(kind: str, protocol: str, does: object) -> None:
    """And says why where it does not."""
    assert reaches(CATALOGUE[kind], protocol) is does
    assert (in_vain(CATALOGUE[kind], "a -> b", protocol) == "") is does


def test_nothing_is_said_of_what_is_not_known_yet() -> None:
    """A plain TCP edge is guessed when somebody connects."""
    assert all(reaches(kind, protocol) for kind in CATALOGUE.values() for protocol in ("", "tcp"))


def test_bytes_are_everywhere() -> None:
    """Whatever is spoken."""
    assert all(
        reaches(kind, protocol)
        for kind in CATALOGUE.values()
        if kind.layer in {Layer.BYTES, Layer.NAME, Layer.INSTANCE}
        for protocol in PROTOCOLS
    )


def test_the_reason_is_said_in_words() -> None:
    """What it acts on, and what is spoken."""
    said = in_vain(CATALOGUE["grpc-status"], "orders -> databases.shop", "postgres")
    assert said == (
        "grpc-status acts on calls of gRPC and HTTP/2, and orders -> databases.shop speaks postgres: "
        "it does nothing there"
    )
