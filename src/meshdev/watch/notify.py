"""Who tells us that something in a folder has changed: the operating system, or looking again and again.

Rules (found in watchfiles 1.3):
- `RustNotify` cannot take more folders later and holds the interpreter while it is made (about 60 µs a folder), so
  folders are given to it in shards, and new folders become a shard of their own.
- With ``ignore_permission_denied`` it also swallows "out of inotify watches": never set that.
- ``watch(debounce=0, step=1, timeout=1)`` returns after a millisecond with what has come, so one thread can ask all
  shards in turn, at its own pace.
"""

import os
from collections.abc import Callable, Iterable
from typing import Protocol

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

ADDED, MODIFIED, DELETED = 1, 2, 3
"""Kinds of change, as watchfiles numbers them."""

Event = tuple[int, str]
"""What happened (`ADDED` …) and the real path to which it happened."""

_SHARD = 250
_SHARDS_MOST = 16


class LimitReachedError(Exception):
    """The operating system lets us watch no more folders; the text says which limit."""


class Notifier(Protocol):
    """Tells of changes directly inside folders."""

    def add(self, folders: Iterable[str]) -> None:
        """Watch these folders too. Raises LimitReachedError."""

    def poll(self) -> set[Event]:
        """What has changed since the last time; waits a few milliseconds at most."""

    def close(self) -> None:
        """Let go of everything."""


class NativeNotifier:
    """By inotify, FSEvents …, through watchfiles."""

    def __init__(self) -> None:
        self._shards: list[RustNotify] = []
        self._folders: set[str] = set()

    def add(self, folders: Iterable[str]) -> None:
        """Watch these folders too; those that are gone already are left out."""
        wanted = sorted(folders)
        self._folders.update(wanted)
        if len(self._shards) >= _SHARDS_MOST:
            wanted = sorted(folder for folder in self._folders if os.access(folder, os.R_OK))
            self._folders = set(wanted)
            self._replace(_made(wanted, max(_SHARD, 2 * len(wanted) // _SHARDS_MOST)))
        else:
            self._shards += _made(wanted, _SHARD)

    def poll(self) -> set[Event]:
        """What has changed since the last time."""
        events: set[Event] = set()
        for shard in self._shards:
            got = shard.watch(0, 1, 1, None)
            if not isinstance(got, str):
                events |= got
        return events

    def close(self) -> None:
        """Let go of everything."""
        self._replace([])

    def _replace(self, shards: list[RustNotify]) -> None:
        old, self._shards = self._shards, shards
        for shard in old:
            shard.close()


class PollingNotifier:
    """By looking at every file of every folder, once in ``interval`` seconds; for where nothing else works."""

    def __init__(self, now: Callable[[], float], interval: float = 1.0) -> None:
        self._now = now
        self._interval = interval
        self._next = 0.0
        self._known: dict[str, dict[str, tuple[int, int, int]]] = {}

    def add(self, folders: Iterable[str]) -> None:
        """Watch these folders too."""
        for folder in folders:
            self._known[folder] = _listing(folder)

    def poll(self) -> set[Event]:
        """What has changed since the last time, when it is time to look."""
        if self._now() < self._next:
            return set()
        began = self._now()
        events: set[Event] = set()
        for folder, before in self._known.items():
            after = self._known[folder] = _listing(folder)
            for name in before.keys() | after.keys():
                was, now = before.get(name), after.get(name)
                if was != now:
                    kind = ADDED if was is None else DELETED if now is None else MODIFIED
                    events.add((kind, f"{folder.rstrip('/')}/{name}"))
        # However many files there are, looking at them takes a twentieth of the time at most.
        took = self._now() - began
        self._next = began + max(self._interval, 20 * took)
        return events

    def close(self) -> None:
        """Let go of everything."""
        self._known.clear()


def _made(folders: list[str], size: int) -> list[RustNotify]:
    shards: list[RustNotify] = []
    try:
        for start in range(0, len(folders), size):
            shard = _make(folders[start : start + size])
            if shard is not None:
                shards.append(shard)
    except LimitReachedError:
        for shard in shards:
            shard.close()
        raise
    return shards


def _make(folders: list[str]) -> RustNotify | None:
    while folders:
        try:
            return RustNotify(folders, False, False, 300, False, False)  # noqa: FBT003 — its signature
        except (FileNotFoundError, PermissionError):
            readable = [folder for folder in folders if os.access(folder, os.R_OK | os.X_OK)]
            folders = readable if len(readable) < len(folders) else folders[1:]
        except (OSError, WatchfilesRustInternalError) as error:
            raise LimitReachedError(str(error)) from error
    return None


def _listing(folder: str) -> dict[str, tuple[int, int, int]]:
    listing: dict[str, tuple[int, int, int]] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stat = entry.stat(follow_symlinks=False)
                # A folder's own time changes with what is in it, and that is seen there.
                listing[entry.name] = (
                    (0, 0, stat.st_ino) if entry.is_dir() else (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                )
    except OSError:
        pass
    return listing
