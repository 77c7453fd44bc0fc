"""The guard against blocking calls (`support_blocking`) bites."""

from pathlib import Path

import pytest
from blockbuster import BlockingError

from meshdev.topology.load import load


async def test_a_blocking_call_below_meshdevs_code_is_found(tmp_path: Path) -> None:
    """Reading a file within the loop is an error, as it would be in the daemon."""
    file = tmp_path / "meshdev.toml"
    file.write_text('[services.a]\ncommand = "true"\n')

    with pytest.raises(BlockingError):
        load(file, environ={})


def test_code_without_a_loop_may_block(tmp_path: Path) -> None:
    """The same call elsewhere is no error."""
    file = tmp_path / "meshdev.toml"
    file.write_text('[services.a]\ncommand = "true"\n')

    assert "a" in load(file, environ={}).services
