"""The control socket's place and modes."""

import socket
import stat
from pathlib import Path

import pytest

from meshdev.daemon.control_socket import open_control_socket
from meshdev.errors import DaemonError


def mode(path: Path) -> int:
    """The permission bits of ``path``."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_only_the_owner_can_reach_the_socket(tmp_path: Path) -> None:
    """The socket is 0600 in directories that are 0700, also when they were there with wider modes."""
    wide = tmp_path / "meshdev-0"
    wide.mkdir(mode=0o755)
    path = wide / "key" / "control.sock"

    with open_control_socket(path):
        assert [mode(path), mode(path.parent), mode(wide)] == [0o600, 0o700, 0o700]


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """A socket that a dead daemon left behind is no obstacle."""
    path = tmp_path / "run" / "key" / "control.sock"
    open_control_socket(path).close()

    with open_control_socket(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_directory_that_is_something_else_is_refused(tmp_path: Path) -> None:
    """A symlink (another user's trap in /tmp) is never followed."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "theirs")

    with pytest.raises(DaemonError, match="is not a directory of yours"):
        open_control_socket(tmp_path / "run" / "key" / "control.sock")
