"""One daemon per project: a flock on ``daemon.lock``, which also says who holds it.

The kernel drops the lock when its holder dies, so a stale file is no obstacle and no pid has to be trusted. The file
is never removed (a waiter might hold the old inode); a free lock is simply taken over.
"""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from meshdev.errors import DaemonError, StorageError

_TRIES = 5
_PAUSE = 0.02


class LockInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock; ``started`` is seconds since the epoch."""

    pid: int
    uid: int
    started: float
    run_id: str
    socket: str


class ProjectLock:
    """Held for the life of the daemon; raises DaemonError when another one holds it, StorageError."""

    def __init__(self, path: Path, info: LockInfo) -> None:
        self._path = path
        self._info = info
        self._fd = -1

    def __enter__(self) -> Self:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            message = f"{self._path} belongs to another user: {error.strerror}"
            hint = "use a copy of the project of your own, or ask them to run `meshdev down`"
            raise DaemonError(message, hint=hint) from error
        except OSError as error:
            raise _refused(self._path, error) from error
        if not self._take():
            holder = read_lock(self._path)
            os.close(self._fd)
            self._fd = -1
            who = f" (pid {holder.pid}, uid {holder.uid})" if holder else ""
            message = f"another meshdev daemon runs this project{who}"
            raise DaemonError(message, hint="`meshdev attach` shows it, `meshdev down` stops it")
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, msgspec.json.encode(self._info) + b"\n", 0)
        except OSError as error:
            os.close(self._fd)
            raise _refused(self._path, error) from error
        return self

    def _take(self) -> bool:
        """Clients that look whether somebody holds the lock hold it themselves for an instant: try again then."""
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
            else:
                return True
        return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
        self._fd = -1


def _refused(path: Path, error: OSError) -> StorageError:
    hint = "meshdev keeps its lock there; free some space, or remove what is in its place"
    return StorageError(f"cannot write {path}: {error.strerror}", hint=hint)


def read_lock(path: Path) -> LockInfo | None:
    """Who wrote the lock file last, or None when nobody did or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LockInfo)
    except (OSError, msgspec.MsgspecError):
        return None
