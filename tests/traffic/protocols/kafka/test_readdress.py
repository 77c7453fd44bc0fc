"""The broker's address becomes the edge's: in every version, in any cut, and nothing else changes."""

from collections.abc import Callable, Iterable
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from meshdev.traffic.protocols.kafka.apis import api_of
from meshdev.traffic.protocols.kafka.endpoints import Address
from meshdev.traffic.protocols.kafka.readdress import MOST_REMEMBERED, Advertised, Readdress
from support_kafka_messages import CLASSES, message, versions
from support_scanning import byte_by_byte

EDGE = Address("127.0.0.1", 40_404)
METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER = 3, 10, 60
CASES = [
    (key, version) for key in (METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER) for version in versions(key)
]


def readdress(advertised: Advertised | None = None, upstream: int = 9092) -> Readdress:
    """One connection's."""
    return Readdress(EDGE, lambda: upstream, advertised or Advertised())


def through(it: Readdress, asked: bytes, answered: bytes, cut: Callable[[bytes], Iterable[bytes]]) -> bytes:
    """What the caller gets."""
    for data in cut(asked):
        it.asked(data)
    return b"".join(it.answered(data) for data in cut(answered))


def whole(data: bytes) -> list[bytes]:
    """Not cut."""
    return [data]


def brokers_of(key: int, version: int, data: bytes) -> list[Any]:
    """The brokers of an answer, as kafka-python reads it."""
    answer = CLASSES[key, False].decode(data, version=version, header=True, framed=True)
    match key:
        case 10 if version < 4:
            return [answer]
        case 10:
            return list(answer.coordinators)
        case _:
            return list(answer.brokers)


def addresses(key: int, version: int, data: bytes) -> list[tuple[str, int]]:
    """Their addresses."""
    return [(it.host, it.port) for it in brokers_of(key, version, data)]


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize(("key", "version"), CASES)
def test_the_only_broker_is_at_the_edge(
    key: int, version: int, cut: Callable[[bytes], Iterable[bytes]]
) -> None:
    """Of any answer; what stands beside the addresses is as it was, and so are the answers before and behind it."""
    random = Random(f"{key} {version}")
    for _ in range(10):
        advertised = Advertised()
        it = readdress(advertised)
        answer = message(key, version, random, asked=False, correlation=8).data
        before = brokers_of(key, version, answer)
        advertised.ours = (
            (before[0].node_id if key != DESCRIBE_CLUSTER else before[0].broker_id) if before else None
        )
        other = message(12, 0, random, asked=False, correlation=9).data
        asked = message(12, 0, random, asked=True, correlation=9).data
        asked += message(key, version, random, asked=True, correlation=8).data
        out = through(it, asked, other + answer, cut)
        assert out.startswith(other)
        got = out[len(other) :]
        ours = advertised.ours
        nodes = [it.broker_id if key == DESCRIBE_CLUSTER else it.node_id for it in before]
        expected = [
            EDGE if node == ours else (it.host, it.port) for node, it in zip(nodes, before, strict=True)
        ]
        assert addresses(key, version, got) == expected
        for node, was in zip(nodes, before, strict=True):
            if node == ours:
                back = Readdress(Address(was.host, was.port), lambda: 0, Fixed(node))
                assert through(back, asked, out, cut) == other + answer


class Fixed(Advertised):
    """It is known which broker is ours, whatever is said."""

    def __init__(self, node: int) -> None:
        super().__init__()
        self.ours = node

    def learn(self, brokers: dict[int, Address], upstream: int) -> None:
        """Nothing."""


def cluster(*brokers: tuple[int, str, int]) -> tuple[bytes, bytes]:
    """A Metadata request and its answer with these brokers."""
    random = Random(1)
    told = [_broker(*one) for one in brokers]
    return (
        message(METADATA, 1, random, asked=True).data,
        message(METADATA, 1, random, asked=False, brokers=told, topics=[]).data,
    )


def _broker(node: int, host: str, port: int) -> Any:
    return CLASSES[METADATA, False].MetadataResponseBroker(
        node_id=node, host=host, port=port, rack=None, version=1
    )


def test_of_several_brokers_the_one_behind_the_edge_is_at_the_edge() -> None:
    """By the port at which it was reached; the others are counted, and keep their addresses."""
    advertised = Advertised()
    out = through(
        readdress(advertised, 9093), *cluster((1, "a", 9092), (2, "b", 9093), (3, "c", 9094)), whole
    )
    assert addresses(METADATA, 1, out) == [("a", 9092), EDGE, ("c", 9094)]
    assert advertised.others == 2


def test_brokers_of_which_none_is_known_to_be_ours_keep_their_addresses() -> None:
    """And so they are all others."""
    advertised = Advertised()
    asked, answered = cluster((1, "a", 9092), (2, "b", 9092 + 1))
    assert through(readdress(advertised, 1234), asked, answered, whole) == answered
    assert advertised.others == 2


def met(node: int, told: Address) -> Address | None:
    """Brokers but for the third are met elsewhere."""
    return Address(f"met-{told.host}", 100 + node) if node != 3 else None


def test_brokers_that_are_met_elsewhere() -> None:
    """They are there; where the edge leads to any of them, so is the one behind it."""
    asked, answered = cluster((1, "a", 9092), (2, "b", 9093), (3, "c", 9094))
    for upstream, first in ((9092, EDGE), (0, ("met-a", 101))):
        advertised = Advertised()
        it = Readdress(EDGE, lambda upstream=upstream: upstream, advertised, met)  # type: ignore[misc]
        out = through(it, asked, answered, byte_by_byte)
        assert addresses(METADATA, 1, out) == [first, ("met-b", 102), ("c", 9094)]
        assert advertised.past == {3}


@pytest.mark.parametrize(
    ("key", "version"),
    [(0, version) for version in range(10, 14)] + [(1, version) for version in range(16, 19)],
)
def test_leaders_that_an_answer_tells(key: int, version: int) -> None:
    """They are where they are met; with a cluster of one nobody looks."""
    random = Random(version)
    told = [
        SimpleNamespace(node_id=node, host="h" * node, port=9, rack=None, tags=set(), unknown_tags=None)
        for node in (1, 2, 3, 4)
    ]
    asked = message(key, version, random, asked=True, correlation=8).data
    made = CLASSES[key, False]
    answer = made.decode(
        message(key, version, random, asked=False, correlation=8).data,
        version=version,
        header=True,
        framed=True,
    )
    answer.node_endpoints = told
    answer.tags = {"node_endpoints"}
    answered = bytes(answer.encode(header=True, framed=True))
    advertised = Advertised()
    assert through(readdress(advertised), asked, answered, byte_by_byte) == answered
    advertised.nodes = {node: Address("x", 9) for node in (1, 2, 3)}
    advertised.ours = 1
    out = through(Readdress(EDGE, lambda: 9, advertised, met), asked, answered, byte_by_byte)
    again = made.decode(out, version=version, header=True, framed=True)
    found = [(it.node_id, it.host, it.port) for it in again.node_endpoints]
    assert found == [(1, *EDGE), (2, "met-hh", 102), (3, "hhh", 9), (4, "hhhh", 9)]
    again.node_endpoints = told
    assert bytes(again.encode(header=True, framed=True)) == answered


def test_an_answer_in_an_unknown_version_passes_as_it_is() -> None:
    """And one that makes no sense."""
    asked, answered = cluster((1, "a", 9092))
    newer = asked[:6] + (api_of(METADATA).known + 1).to_bytes(2, "big") + asked[8:]
    assert through(readdress(), newer, answered, whole) == answered
    broken = len(answered[4:12]).to_bytes(4, "big") + answered[4:12]
    assert through(readdress(), asked, broken, byte_by_byte) == broken


def test_what_is_no_kafka_passes_as_it_is() -> None:
    """For good."""
    it = readdress()
    assert through(it, b"\xff" * 20, b"\x00" * 7, whole) == b"\x00" * 7
    assert it.answered(b"abc") == b"abc"


def test_requests_that_nobody_answers_are_not_kept_for_ever() -> None:
    """Beyond some everything passes as it is."""
    it = readdress()
    for n in range(MOST_REMEMBERED + 1):
        it.asked(message(METADATA, 1, Random(0), asked=True, correlation=n).data)
    assert it.answered(b"\x00\x00") == b"\x00\x00"


def test_half_an_answer_is_let_go() -> None:
    """When its end will not come."""
    it = readdress()
    asked, answered = cluster((1, "a", 9092))
    it.asked(asked)
    assert it.answered(answered[:-1]) == b""
    assert it.rest() == answered[:-1]
    assert it.rest() == b""
