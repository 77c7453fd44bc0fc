"""``[faults.NAME]`` beside the system that it is for: hosts out of it."""

from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.load import load
from meshdev.topology.model import System

SYSTEM = """
[services.seen]
command = "true"
proxy_env = true
[services.unseen]
command = "true"
"""


def read(folder: Path, edge: str) -> System:
    """A system with a fault on ``edge``."""
    (folder / "meshdev.toml").write_text(f'{SYSTEM}[faults.x]\nedge = "{edge}"\nlatency = "1s"\n', "utf-8")
    return load(folder / "meshdev.toml", environ={"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize("edge", ["seen -> api.example", "* -> *.example", "seen -> api.example:8080"])
def test_a_host_out_of_the_system_may_have_faults(tmp_path: Path, edge: str) -> None:
    """Where a name proxy sees the calls."""
    assert not read(tmp_path, edge).warnings


def test_calls_that_nobody_sees_are_warned_of(tmp_path: Path) -> None:
    """Its caller goes there directly."""
    [warning] = read(tmp_path, "unseen -> api.example").warnings
    assert warning.message == "faults.x.edge: unseen has no name proxy that leads to api.example"
    assert warning.hint == "services.unseen: proxy_env = true"


@pytest.mark.parametrize("edge", ["seen -> api", "seen -> brokers.api"])
def test_what_is_no_host_must_be_a_node(tmp_path: Path, edge: str) -> None:
    """A slip of the pen is no host."""
    with pytest.raises(TopologyError, match="there is no service"):
        read(tmp_path, edge)
