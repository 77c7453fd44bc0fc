"""The control socket: a Unix socket that only its owner can reach."""

import os
import socket
import stat
from pathlib import Path

from meshdev.errors import DaemonError


def open_control_socket(path: Path) -> socket.socket:
    """Bind ``path`` (mode 0600 in a directory of mode 0700). The caller holds the project's lock.

    So whatever socket lies there is stale and is replaced. Raises DaemonError when the directory is another
    user's or is open to others and cannot be closed.
    """
    _own_directory(path.parent.parent)
    _own_directory(path.parent)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)  # noqa: FBT003 -- the socket module's own signature
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(64)
    return listener


def _own_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        message = f"{directory} is not a directory of yours (owner uid {found.st_uid})"
        raise DaemonError(
            message, hint="remove it, or set XDG_RUNTIME_DIR to a directory that only you can write"
        )
    if found.st_mode & 0o077:
        directory.chmod(0o700)
