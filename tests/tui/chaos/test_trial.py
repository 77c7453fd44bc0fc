"""Experiments beside the dashboard: real commands, no daemon."""

from pathlib import Path

import pytest

from meshdev.errors import MeshdevError
from meshdev.tui.chaos.trial import run_trial, trials

TOPOLOGY = """
[system]
name = "small"
[services.orders]
command = "true"
calls = ["payments"]
[services.payments]
command = "true"
[experiments.no-money]
hypothesis = "Nobody notices"
steady_state = [{ edge = "orders -> payments", errors = "< 1%" }]
timeline = [{ at = "1s", kill = "payments" }]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A topology with an experiment."""
    file = tmp_path / "meshdev.toml"
    file.write_text(TOPOLOGY)
    return file


async def test_the_experiments_of_the_topology_are_read(file: Path) -> None:
    """In the order of the file."""
    (trial,) = await trials(file.parent, file)
    assert (trial.name, trial.hypothesis) == ("no-money", "Nobody notices")


async def test_one_that_cannot_run_says_why(file: Path) -> None:
    """As the command does, on its progress too."""
    told: list[str] = []
    with pytest.raises(MeshdevError, match="run"):
        await run_trial(file.parent, file, "no-money", told.append)
    assert told
