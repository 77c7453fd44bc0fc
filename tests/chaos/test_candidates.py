"""What an exploration tries, and in which order."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.chaos.candidates import Edge, candidates, explorable
from meshdev.chaos.findings import Finding, ranked
from meshdev.traffic.faults.reading import read_toggle

EDGES = [
    Edge("a", "b", http=True),
    Edge("b", "cache", http=False),
    Edge("b", "databases.db", http=False, sql=True),
]


@given(st.integers(0, 1000), st.permutations(EDGES))
def test_the_seed_decides_the_order(seed: int, edges: list[Edge]) -> None:
    """The same seed, the same order, however the edges were told; singles come before pairs, none twice."""
    order = list(candidates(edges, seed))
    assert order == list(candidates(EDGES, seed))
    sizes = [len(it.actions) for it in order]
    assert sizes == sorted(sizes)
    assert len({frozenset(action.words for action in it.actions) for it in order}) == len(order) == 7 + 16


def test_seeds_differ() -> None:
    """Otherwise there would be no point in them."""
    assert len({tuple(it.words for it in candidates(EDGES, seed)) for seed in range(5)}) > 1


def test_all_are_faults_of_the_catalogue() -> None:
    """Each can be read as what would stand in a topology."""
    for candidate in candidates(EDGES, 1):
        for action in candidate.actions:
            assert read_toggle("x", action.table or {}).specs


def test_calls_from_outside_are_looked_at_not_struck() -> None:
    """They are where harm shows."""
    assert explorable([Edge("outside", "a", http=True), *EDGES]) == EDGES


def test_the_worst_comes_first() -> None:
    """By services hurt, then a broken steady state, then errors, then slowness."""
    found = [
        finding("d"),
        finding("c", error_share=0.1),
        finding("b", broke=["x"]),
        finding("a", radius=2),
        finding("e", slowdown_ms=100),
    ]
    assert [it.faults for it in ranked(found)] == ["a", "b", "c", "e", "d"]


def finding(
    faults: str,
    *,
    radius: int = 1,
    broke: list[str] | None = None,
    error_share: float = 0.0,
    slowdown_ms: float = 0.0,
) -> Finding:
    """One."""
    return Finding(
        faults=faults,
        edges=[],
        radius=radius,
        services=[],
        broke=broke or [],
        error_share=error_share,
        slowdown_ms=slowdown_ms,
        recovery=0.0,
        hits=1,
        harm=[],
    )
