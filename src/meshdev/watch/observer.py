"""What has changed, for whom: turns events of the operating system into wanted files. Used by one thread at a time.

Rules: a folder that appears is watched before it is read, so what is written into it meanwhile is seen; what it
already holds has changed. A folder that goes has changed as a whole. A link or a ``.gitignore`` that changes means
looking at everything afresh. When the system's limit for watches is reached, the rest of the time is spent polling.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from meshdev.topology.model import Watch
from meshdev.watch.ignore import GitIgnore, repository_root
from meshdev.watch.notify import (
    ADDED,
    DELETED,
    LimitReachedError,
    NativeNotifier,
    Notifier,
    PollingNotifier,
)
from meshdev.watch.repository import Repositories, git_folder
from meshdev.watch.target import Target, make_target
from meshdev.watch.tree import Tree

_WAY_OUT = (
    "the system allows no more file watches; files are polled once a second instead. "
    "Way out: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024 "
    "(in /etc/sysctl.d/ to keep it), or watch fewer folders"
)


@dataclass(slots=True)
class Sighting:
    """What one look has brought: wanted files for each target; when git was at work, whether it holds its lock."""

    files: dict[Target, set[str]] = field(default_factory=dict)
    repository_locked: bool | None = None

    def add(self, target: Target, path: str) -> None:
        """A file that a target wants has changed."""
        self.files.setdefault(target, set()).add(path)


class Observer:
    """Watches what the targets need. ``now`` is monotonic seconds, ``warn`` is told once when watches run out."""

    def __init__(
        self, top: Path, *, now: Callable[[], float], warn: Callable[[str], None], polling: bool
    ) -> None:
        self._tree = Tree(os.path.abspath(top))  # noqa: PTH100 — links must not be resolved, only dots
        self._now = now
        self._warn = warn
        self._polling = polling
        self._notifier: Notifier = PollingNotifier(now) if polling else NativeNotifier()
        self._watched: set[str] = set()
        self._gitignores: dict[Path, GitIgnore] = {}
        self._repositories = Repositories(frozenset())

    @property
    def polling(self) -> bool:
        """Whether files are looked at again and again, because the system cannot tell."""
        return self._polling

    def close(self) -> None:
        """Watch nothing any more."""
        self._notifier.close()

    def apply(self, watches: Mapping[str, Sequence[Watch]]) -> None:
        """From now on these watches are in force."""
        self._gitignores.clear()
        self._tree.targets = tuple(
            make_target(service, watch, self._gitignore_of)
            for service, wanted in watches.items()
            for watch in wanted
        )
        folders = (git_folder(root) for root in self._gitignores)
        self._repositories = Repositories(frozenset(folder for folder in folders if folder))
        self._rescan()

    def look(self) -> Sighting:
        """What has changed since the last look; takes a few milliseconds when nothing has."""
        sighting = Sighting()
        events = self._notifier.poll()
        if not events:
            return sighting
        afresh = False
        deleted = sorted((event for event in events if event[0] == DELETED), reverse=True)
        # What was deleted and came again must end as what is there. Deep ones go first and come last.
        for kind, real in [*deleted, *sorted(events.difference(deleted), key=itemgetter(1))]:
            if self._repositories.speaks(real):
                sighting.repository_locked = self._repositories.locked()
            # A watched folder tells of its own end, even where nobody watches its parent.
            itself = self._tree.folders.get(real, set()) if kind == DELETED else set()
            for path in self._tree.names(real) | itself:
                afresh |= self._changed(kind, real, path, sighting)
        if afresh:
            self._rescan()
        return sighting

    def _changed(self, kind: int, real: str, path: str, sighting: Sighting) -> bool:
        """One name of one changed thing; says whether everything must be looked at afresh."""
        if kind != DELETED and os.path.isdir(path):  # noqa: PTH112 — text is what we have
            if kind == ADDED:
                self._entered(real, path, sighting)
        else:
            for target in self._tree.targets:
                if target.wanted(path) if kind == DELETED else target.wants(path):
                    sighting.add(target, path)
        if kind == DELETED:
            self._left(real, path, sighting)
        if path.endswith("/.gitignore"):
            for gitignore in self._gitignores.values():
                gitignore.forget()
            return True
        return os.path.islink(path)  # noqa: PTH114 — text is what we have

    def _entered(self, real: str, folder: str, sighting: Sighting) -> None:
        self._unwatch(real)
        found: set[str] = set()
        while True:
            found |= self._tree.enter(folder)
            if not self._watch_new():
                break
        for target in self._tree.targets:
            for path in found:
                if target.wants(path):
                    sighting.add(target, path)

    def _left(self, real: str, folder: str, sighting: Sighting) -> None:
        if self._tree.leave(folder):
            for target in self._tree.targets:
                known = any(file.startswith(folder + "/") for file in sighting.files.get(target, ()))
                if not known and target.descends(folder) and folder.startswith(target.roots):
                    sighting.add(target, folder)
        self._unwatch(real)
        self._tree.await_roots(folder)
        self._watch_new()

    def _unwatch(self, real: str) -> None:
        """What is at ``real`` now is another thing than what was watched there."""
        below = real + "/"
        self._watched = {
            folder for folder in self._watched if folder != real and not folder.startswith(below)
        }

    def _rescan(self) -> None:
        self._tree.scan()
        self._watch_new()

    def _watch_new(self) -> bool:
        """Watch the folders that are not watched yet; says whether there were any."""
        some = False
        while new := (self._tree.watched() | self._repositories.folders) - self._watched:
            some = True
            self._watched |= new
            self._add(new)
            for folder in new:
                if not os.path.isdir(folder):  # noqa: PTH112 — text is what we have
                    self._vanished(folder)
        return some

    def _add(self, folders: set[str]) -> None:
        try:
            self._notifier.add(folders)
        except LimitReachedError:
            self._notifier.close()
            self._notifier = PollingNotifier(self._now)
            self._notifier.add(self._watched)
            self._polling = True
            self._warn(_WAY_OUT)

    def _vanished(self, real: str) -> None:
        """A folder went before it could be watched, so nobody will tell of its end."""
        for name in [*self._tree.folders.get(real, ())]:
            self._tree.leave(name)
            self._tree.await_roots(name)
        self._repositories = Repositories(self._repositories.folders - {real})
        self._watched.discard(real)

    def _gitignore_of(self, folder: Path) -> GitIgnore | None:
        root = repository_root(folder)
        return None if root is None else self._gitignores.setdefault(root, GitIgnore(root))
