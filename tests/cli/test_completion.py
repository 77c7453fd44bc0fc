"""Completion: the scripts, and what they ask for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from meshdev.cli.options import names_in_file
from support_cli import MESHDEV, Cli, stand_in
from support_control import service
from support_recordings import saved

FILE = '[system]\nname = "x"\n[services.orders]\n  [services.carts.edges.orders]\n[databases.orders]\n[services.pay]\n'


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_what_the_shell_accepts(cli: Cli, shell: str) -> None:
    """Each script calls back into meshdev; a shell that is here reads it without complaint."""
    script = cli("completion", shell).out
    assert "_MESHDEV_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def _complete(cli: Cli, line: str) -> list[str]:
    words = line.split(" ")
    environ = {
        **os.environ,
        "_MESHDEV_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = subprocess.run(
        MESHDEV, env=environ, capture_output=True, text=True, check=False, cwd=cli.project.root
    )
    return [reply.partition(",")[2] for reply in ran.stdout.splitlines() if reply]


def test_commands_are_completed(cli: Cli) -> None:
    """From the table."""
    assert _complete(cli, "meshdev sta") == ["status", "start"]


def test_services_are_completed_from_the_daemon(cli: Cli) -> None:
    """The running system knows its services."""
    with stand_in(cli, service("orders"), service("order-history"), service("carts")):
        assert _complete(cli, "meshdev restart ord") == ["orders", "order-history"]
        assert _complete(cli, "meshdev scale ca") == ["carts="]


def test_who_may_play_a_service_is_completed(cli: Cli) -> None:
    """The recordings that there are, one after the other, and the other words."""
    cli.project.file.write_text(FILE)
    for name in ("base", "checkout"):
        saved(cli.project.root / ".meshdev" / "recordings", name, ())
    assert _complete(cli, "meshdev swap or") == ["orders"]
    assert _complete(cli, "meshdev swap orders --with recording:ch") == ["recording:checkout"]
    assert _complete(cli, "meshdev swap orders --with recording:base,") == ["recording:base,checkout"]
    assert _complete(cli, "meshdev swap orders --with p") == ["process"]
    assert _complete(cli, "meshdev swap orders --with c") == ["container"]


def test_services_are_completed_from_the_file(cli: Cli) -> None:
    """Without a daemon, the headers of the file are good enough."""
    cli.project.file.write_text(FILE)
    assert _complete(cli, "meshdev up ") == ["orders", "databases.orders", "pay"]


def test_no_project_completes_nothing(cli: Cli) -> None:
    """A completion never complains."""
    cli.project.file.unlink()
    assert _complete(cli, "meshdev up ") == []


def test_names_in_an_unreadable_file(tmp_path: Path) -> None:
    """Nor does a file that cannot be read."""
    (tmp_path / "x").write_bytes(b"\xff\xfe[services.a]")
    assert (names_in_file(tmp_path / "x"), names_in_file(tmp_path / "none")) == ([], [])
