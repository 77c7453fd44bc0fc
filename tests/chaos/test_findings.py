"""What an exploration tells."""

import click

from meshdev.chaos.findings import Exploration, Finding, finding_lines


def finding(faults: str, *, radius: int = 0, hits: int = 5, recovery: float | None = 0.5) -> Finding:
    """One that breaks the steady state if it hurts anybody."""
    return Finding(
        faults=faults,
        edges=["a -> b"],
        radius=radius,
        services=["a"] * radius,
        broke=["outside -> a: errors ≤ 1 %"] if radius else [],
        error_share=0.5,
        slowdown_ms=20.0,
        recovery=recovery,
        hits=hits,
        harm=[],
    )


def test_lines() -> None:
    """What hurt with its rank, what was borne, what hit nothing, and how far it got."""
    found = Exploration(
        system="shop",
        seed=7,
        budget=60.0,
        took=58.0,
        tried=4,
        possible=98,
        findings=[
            finding("a -> b slow", radius=1),
            finding("b -> c slow", radius=1, recovery=None),
            finding("c -> d slow"),
            finding("d -> e slow", hits=0),
        ],
        order=[],
        notes=["it was interrupted"],
    )
    assert click.unstyle("\n".join(finding_lines(found))).splitlines() == [
        "shop: tried 4 of 98, seed 7, 58 s",
        "  1. a -> b slow: hurts 1 (a)",
        "     at worst 50 % errors, 20 ms slower, 5 hits; was back after 0.5 s",
        "     breaks outside -> a: errors ≤ 1 %",
        "  2. b -> c slow: hurts 1 (a)",
        "     at worst 50 % errors, 20 ms slower, 5 hits; was not back in time",
        "     breaks outside -> a: errors ≤ 1 %",
        "  borne without harm: c -> d slow",
        "  hit nothing: d -> e slow",
        "note: it was interrupted",
    ]
