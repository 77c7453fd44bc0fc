"""What became worse, and what is only what was asked for."""

import pytest

from meshdev.chaos.blast import blast_of, worse
from meshdev.chaos.samples import signals_of
from support_experiments import sample, samples, steady

BEFORE, MEANWHILE = (0.0, 5.0), (5.0, 10.0)
BACK = "front -> back"


def test_trouble_spreads_from_the_struck_edge() -> None:
    """The struck edge is worse as asked for; who is hurt is the service that others call over another edge."""
    calls = [
        *steady(0, 5),
        *steady(5, 10, ms=400),
        *steady(0, 5, edge=BACK),
        *steady(5, 10, edge=BACK, ms=390),
    ]
    blast = blast_of(samples(calls), BEFORE, MEANWHILE, [BACK])
    assert (blast.radius, blast.services, blast.struck) == (1, ("front",), (BACK,))
    assert [(harm.edge, harm.why, harm.struck) for harm in blast.edges] == [
        (BACK, "latency", True),
        ("outside -> front", "latency", False),
    ]
    assert [(harm.edge, harm.route) for harm in blast.routes] == [
        (BACK, "GET /"),
        ("outside -> front", "GET /"),
    ]


def test_one_route_among_good_ones() -> None:
    """A route that fails is found even if the edge as a whole bears it."""
    many = [sample(at / 100, route="GET /a") for at in range(1000)]
    few = [sample(5 + at, route="POST /b", failed=True) for at in range(4)]
    blast = blast_of(samples([*many, *few]), BEFORE, MEANWHILE)
    assert [(harm.route, harm.why) for harm in blast.routes] == [("POST /b", "errors")]
    assert blast.services == ("front",)


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ((10, False, 50), (10, False, 50), ""),
        ((10, False, 50), (55, False, 50), ""),  # five times as long, but 45 ms are nothing
        ((200, False, 50), (270, False, 50), ""),  # 70 ms, but not half as long again
        ((10, False, 50), (100, False, 50), "latency"),
        ((10, False, 50), (10, True, 50), "errors"),
        ((10, True, 50), (10, True, 50), ""),
        ((10, False, 50), (100, True, 50), "errors and latency"),
        ((10, False, 50), (10, False, 0), "silence"),
        ((10, False, 2), (10, False, 0), ""),
    ],
)
def test_worse(was: tuple[float, bool, int], now: tuple[float, bool, int], why: str) -> None:
    """Thresholds, on both sides."""
    old, new = (
        signals_of([sample(at / 100, ms=ms, failed=failed) for at in range(count)], 5)
        for ms, failed, count in (was, now)
    )
    assert worse(old, new) == why


def test_causes_of_failures() -> None:
    """Hit by a fault, in the trace of one that was, turned away on a struck edge, or of its own."""
    hit = sample(1, edge=BACK, failed=True, struck=True, trace="t1")
    above = sample(1, failed=True, trace="t1")
    alone = sample(2, failed=True, trace="t2")
    nameless = sample(3, failed=True)
    found = samples([hit, above, alone, nameless])
    assert [found.cause(it) for it in (hit, above, alone, nameless)] == [
        "injected",
        "knock-on",
        "organic",
        "organic",
    ]


def test_who_is_not_called_any_more_is_not_hurt() -> None:
    """Its callers have not got so far."""
    calls = [*steady(0, 10, edge="outside -> front"), *steady(0, 5, edge=BACK)]
    blast = blast_of(samples(calls), BEFORE, MEANWHILE)
    assert blast.services == ()
    assert [harm.why for harm in blast.edges] == ["silence", ""]
