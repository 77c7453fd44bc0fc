"""Old runs."""

import os
from pathlib import Path

from meshdev.storage.runs import prune_runs


def make(runs: Path, name: str, begun: int) -> None:
    """A run with a log."""
    log = runs / name / "logs" / "orders"
    log.mkdir(parents=True)
    (log / "000001.log").write_text("x\n")
    os.utime(runs / name, (begun, begun))


def test_the_newest_runs_stay(tmp_path: Path) -> None:
    """By when they began, not by name; what is no run is left alone."""
    for name, begun in (("b", 1), ("a", 2), ("d", 3), ("c", 4)):
        make(tmp_path, name, begun)
    (tmp_path / "notes.txt").write_text("mine")
    assert sorted(prune_runs(tmp_path, keep=2)) == ["a", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "d", "notes.txt"]


def test_the_current_run_stays_however_old(tmp_path: Path) -> None:
    """The running daemon's own run is never removed, and counts."""
    for name, begun in (("now", 1), ("a", 2), ("b", 3), ("c", 4)):
        make(tmp_path, name, begun)
    prune_runs(tmp_path, "now", keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "now"]
    prune_runs(tmp_path, "now", keep=0)
    assert [path.name for path in tmp_path.iterdir()] == ["now"]


def test_no_runs_yet(tmp_path: Path) -> None:
    """A project that never ran has nothing to prune."""
    assert prune_runs(tmp_path / "runs") == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link among the runs never costs anybody their files."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "precious")
    prune_runs(tmp_path / "runs", keep=0)
    assert (tmp_path / "precious" / "file").exists()
