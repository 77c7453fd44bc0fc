"""Requests are spread as the policy says, whatever comes and goes."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.balancer import Balance, Balancer, balancer


@dataclass(eq=False)
class Instance:
    """A candidate."""

    name: str
    in_flight: int = 0
    since: float = 0.0


def names(it: Balancer, instances: list[Instance], count: int, *, now: float = 1000.0) -> list[str]:
    """Whom ``count`` requests in a row go to; draws are spread evenly."""
    chosen = [it.choose(instances, now=now, draw=step / count) for step in range(count)]
    return [instance.name for instance in chosen if instance is not None]


@pytest.mark.parametrize(
    ("written", "kind", "header"),
    [
        ("round-robin", Balance.ROUND_ROBIN, b""),
        ("least-request", Balance.LEAST_REQUEST, b""),
        ("random", Balance.RANDOM, b""),
        ("hash:X-User", Balance.HASH, b"x-user"),
        ("something newer", Balance.ROUND_ROBIN, b""),
    ],
)
def test_what_the_policy_says(written: str, kind: Balance, header: bytes) -> None:
    """The words of the topology file."""
    it = balancer(written)
    assert (it.kind, it.header) == (kind, header)


def test_round_robin_takes_turns() -> None:
    """Also when an instance is gone in between."""
    a, b, c = Instance("a"), Instance("b"), Instance("c")
    it = balancer("round-robin")
    assert names(it, [a, b, c], 4) == ["a", "b", "c", "a"]
    assert sorted(names(it, [a, c], 4)) == ["a", "a", "c", "c"]


def test_least_request_prefers_the_idle_one_and_spreads_among_equals() -> None:
    """Requests under way decide; equals take turns."""
    a, b, c = Instance("a", 3), Instance("b", 1), Instance("c", 1)
    counts = Counter(names(balancer("least-request"), [a, b, c], 30))
    assert counts["a"] == 0
    assert min(counts["b"], counts["c"]) >= 10


def test_random_follows_the_draw() -> None:
    """Evenly spread draws choose evenly."""
    instances = [Instance(name) for name in "abcd"]
    assert Counter(names(balancer("random"), instances, 40)) == dict.fromkeys("abcd", 10)


def test_a_new_instance_starts_slowly() -> None:
    """Its share grows with its age, in every kind that may spread."""
    old, new = Instance("old", since=0.0), Instance("new", since=100.0)
    for kind in ("round-robin", "random"):
        for age, share in ((0.0, 1 / 11), (5.0, 1 / 3), (10.0, 1 / 2)):
            count = Counter(names(balancer(kind, 10.0), [old, new], 1100, now=100.0 + age))["new"]
            assert abs(count / 1100 - share) < 0.005, (kind, age)
    it = balancer("least-request", 10.0)
    assert set(names(it, [old, new], 10, now=100.0)) == {"old"}
    old.in_flight = 20
    assert set(names(it, [old, new], 10, now=100.0)) == {"new"}


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=40), st.integers(0, 4))
def test_a_hash_moves_only_what_it_must(keys: list[bytes], gone: int) -> None:
    """When an instance leaves, the keys of all others stay where they were."""
    instances = [Instance(f"orders-{number}") for number in range(5)]
    it = balancer("hash:x-user", slow_start=10.0)
    for key in keys:
        first = it.choose(instances, now=0.0, draw=0.0, key=key)
        rest = [instance for instance in instances if instance is not instances[gone]]
        then = it.choose(rest, now=0.0, draw=0.0, key=key)
        assert first is then or first is instances[gone]


def test_a_hash_without_its_header_takes_turns() -> None:
    """Nothing to go by."""
    instances = [Instance("a"), Instance("b")]
    assert names(balancer("hash:x-user"), instances, 4) == ["a", "b", "a", "b"]


@given(
    st.sampled_from(["round-robin", "least-request", "random", "hash:h"]),
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 20)), max_size=5),
    st.floats(0, 1, exclude_max=True),
    st.sets(st.integers(0, 4)),
    st.one_of(st.none(), st.binary(max_size=4)),
)
def test_a_choice_is_a_candidate(
    kind: str, loads: list[tuple[int, float]], draw: float, avoided: set[int], key: bytes | None
) -> None:
    """One is chosen if there is one, and one that is to be avoided only when all are."""
    instances = [Instance(str(index), load, since) for index, (load, since) in enumerate(loads)]
    avoid = [instance for index, instance in enumerate(instances) if index in avoided]
    it = balancer(kind, 5.0)
    for _ in range(3):
        chosen = it.choose(instances, now=10.0, draw=draw, key=key, avoid=avoid)
        assert (chosen in instances) == bool(instances)
        assert chosen not in avoid or len(avoid) == len(instances)
