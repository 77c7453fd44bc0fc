"""How the mesh's benchmarks read what others print, and what their tables say."""

from pathlib import Path

import pytest
from benchmarks.mesh import load, page
from benchmarks.mesh.costs import parse_schedstat
from benchmarks.mesh.endurance.base import Finding
from benchmarks.mesh.endurance.gigabyte import blocks
from benchmarks.mesh.endurance.kept import as_text, keep
from benchmarks.mesh.proxies.base import free_ports
from benchmarks.mesh.tables.requests import Requests
from benchmarks.report import Results


def results() -> Results:
    """Two rounds: the machine was twice as slow in the second, for both alike."""
    found = Results("mesh-requests", when="2026-01-01")
    for factor in (1.0, 2.0):
        found.add("HAProxy", {"cpu-repeat16": 20.0 * factor})
        found.add("meshdev", {"cpu-repeat16": 22.0 * factor})
    return found


def test_the_report_of_wrk_is_read() -> None:
    """The line that our script prints, wherever it stands."""
    text = (
        "Running 2s test\n"
        'REPORT {"requests": 100, "microseconds": 2000000, "bytes": 5, "p50": 7, "p99": 9, "failed": 0}\n'
    )
    seen = load.parse(text)
    assert (seen.requests, seen.rate, seen.p99) == (100, 50.0, 9)


def test_wrk_without_a_report_is_an_error() -> None:
    """It failed, and said something else."""
    with pytest.raises(ValueError, match="no report"):
        load.parse("unable to connect")


def test_cpu_time_is_the_first_number_of_schedstat() -> None:
    """The others are waiting and turns."""
    assert parse_schedstat("48969742 145689719 173\n") == 48969742


def test_ratios_are_taken_within_a_round() -> None:
    """What slows the machine down in one round slows both."""
    assert page.ratio(results(), "meshdev", "cpu-repeat16") == pytest.approx(1.1)
    assert page.ratio(results(), "meshdev", "absent") is None


def test_a_table_says_medians_ranges_and_ratios() -> None:
    """The reference has no ratio to itself, and what was not measured is a dash."""
    text = page.table(Requests(), results())
    assert "| **meshdev** | 33 (22–44) ×1.10 | – |" in text  # noqa: RUF001 -- typography
    assert "| HAProxy | 30 (20–40) | – |" in text  # noqa: RUF001 -- typography


def test_the_part_is_replaced_in_the_page(tmp_path: Path) -> None:
    """What stands before it stays, however often it is written."""
    written = tmp_path / "benchmarks.md"
    written.write_text("# Benchmarks\n\nothers\n")
    for number in range(2):
        page.put_in(written, f"{page.BEGIN}\nmine {number}\n")
    assert written.read_text() == f"# Benchmarks\n\nothers\n\n{page.BEGIN}\nmine 1\n"


def test_free_ports_differ() -> None:
    """Each is another."""
    assert len(set(free_ports(20))) == 20


def test_a_finding_keeps_what_held_apart_from_what_broke() -> None:
    """So that a script can fail by it."""
    finding = Finding()
    finding.check(True, "this")  # noqa: FBT003 -- the fact itself
    finding.check(False, "that")  # noqa: FBT003 -- the fact itself
    assert (finding.told, finding.broken) == (["this"], ["that"])


def test_no_two_blocks_of_the_large_body_are_alike() -> None:
    """Bytes that came twice or in another order would be noticed."""
    found = {block for _, block in zip(range(50), blocks(), strict=False)}
    assert len(found) == 50
    assert {len(block) for block in found} == {1 << 20}


def test_the_last_finding_of_each_trial_is_kept(tmp_path: Path) -> None:
    """One that is tried again replaces its own, and the page says which did not hold."""
    assert as_text(tmp_path) == ""
    keep(tmp_path, "slow", Finding(broken=["grew"]))
    keep(tmp_path, "killed", Finding(broken=["late"]))
    keep(tmp_path, "slow", Finding(told=["flat"]))
    text = as_text(tmp_path)
    assert "- *slow*: held" in text
    assert "- *killed*: **did not hold**" in text
    assert "grew" not in text
