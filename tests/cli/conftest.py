"""What the tests of the command line share."""

from collections.abc import Iterator

import pytest

from support_cli import Cli, cli_here


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Runs command lines in a project without a daemon."""
    with cli_here(monkeypatch, capsys) as cli:
        yield cli
