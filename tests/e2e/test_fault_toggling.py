"""Faults are switched under load: no byte is lost or changed, nothing hangs, each is in force at once."""

from pathlib import Path
from statistics import median, quantiles

import pytest
from benchmarks.faults.system import running
from benchmarks.faults.toggling import toggle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TIMES = 100
"""1,000 are `python -m benchmarks faults`."""


async def test_a_hundred_switches_at_random(tmp_path: Path) -> None:
    """Streams and bodies are compared with what was sent; latency afterwards is what it was."""
    with running(tmp_path / "system") as system:
        found = await toggle(system, TIMES, 1, samples=60)
    assert found.tally.wrong == []
    assert found.tally.requests > found.tally.injected > 0
    assert len(found.switches) == TIMES
    assert quantiles(found.switches, n=100)[49] < 0.1  # p99 is for a machine that is not shared
    for before, after in zip(found.before, found.after, strict=True):
        assert median(after) < median(before) * 3 + 0.003
