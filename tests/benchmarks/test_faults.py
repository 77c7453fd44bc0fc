"""What the benchmarks of faults say, and where they write it."""

from pathlib import Path

import pytest
from benchmarks.faults import command
from benchmarks.faults.accuracy import wilson
from benchmarks.faults.streams import Tally
from benchmarks.faults.toggling import Toggled


def test_the_interval_of_a_share() -> None:
    """Wilson's, from a textbook's example; it stays within 0 and 1."""
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    low, high = wilson(0, 50)
    assert low == pytest.approx(0.0, abs=1e-9)
    assert 0.0 < high < 0.1


def test_a_storm_in_rows() -> None:
    """What is wrong is counted and shown."""
    tally = Tally(bytes=2_000_000, requests=9, injected=4, wrong=["stream 1: 3 of 4 bytes"])
    times = ([0.001, 0.001], [0.002, 0.002])
    rows = command.toggled(Toggled([0.01] * 200, tally, times, times))
    assert rows[0][2] == "p50 10.0 ms, p99 10.0 ms"
    assert rows[1][2] == "2 MB, 9 answers (4 of them injected): 1 wrong: stream 1: 3 of 4 bytes"


def test_the_part_takes_its_place_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the mesh's part, which stays, however often it is written."""
    kept = tmp_path / "faults.json"
    kept.write_text('{"accuracy": {"rows": [["a", "50 ms", "51 ms"]], "when": "2026-01-01", "load": 1.5}}')
    monkeypatch.setattr(command, "RESULTS", kept)
    page = tmp_path / "page.md"
    page.write_text(f"# Benchmarks\n\ntext\n\n{command.FOLLOWS}\nmore\n")
    for _ in range(2):
        command.put_in(page)
    text = page.read_text()
    assert text.startswith("# Benchmarks\n\ntext\n\n# Faults\n")
    assert text.endswith(f"\n\n{command.FOLLOWS}\nmore\n")
    assert text.count("| a | 50 ms | 51 ms |") == 1
