"""Which folders must be watched so that no wanted change is missed, and what a change in one of them means.

Rules:
- Only folders that may hold wanted files are watched, one by one: what is ignored costs nothing, however large.
- A folder or file that is reached over symbolic links is watched where it really is; its changes are reported under
  the names by which it was reached. Every link on the way is watched too, so a link that is turned is noticed.
- What does not exist yet is awaited in the nearest folder that does.
"""
# Paths are text here: thousands are taken apart and compared, and ".." must not be resolved over links.
# ruff: noqa: PTH112, PTH114, PTH115, PTH118, PTH119, PTH120

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from meshdev.watch.target import Target

_HOPS_MOST = 40


@dataclass(slots=True)
class Tree:
    """The folders to watch (real path → names by which they are reached) and the files that are reached by links."""

    top: str
    """The project's folder: nothing above it is watched for its sake."""
    targets: tuple[Target, ...] = ()
    folders: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    links: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def scan(self) -> None:
        """Look at everything afresh."""
        self.folders.clear()
        self.links.clear()
        for target in self.targets:
            for root in target.roots:
                self._look(target, root, set())

    def enter(self, folder: str) -> set[str]:
        """Look at a folder that has appeared; the wanted files in it."""
        found: set[str] = set()
        for target in self.targets:
            if folder.startswith(target.roots):
                if target.descends(folder):
                    self._walk(target, folder, (), found)
            else:
                for root in target.roots:
                    if root.startswith(folder + "/"):
                        self._look(target, root, found)
        return found

    def leave(self, folder: str) -> bool:
        """Forget a folder that has gone; says whether it was watched."""
        below = folder + "/"
        gone = False
        for real, names in [*self.folders.items()]:
            kept = {name for name in names if name != folder and not name.startswith(below)}
            if kept != names:
                gone = True
                if kept:
                    self.folders[real] = kept
                else:
                    del self.folders[real]
        return gone

    def await_roots(self, folder: str) -> None:
        """What begins at or below a folder that has gone is awaited in the nearest one that is left."""
        for target in self.targets:
            for root in target.roots:
                if root == folder or root.startswith(folder + "/"):
                    self._look(target, root, set())

    def names(self, real: str) -> set[str]:
        """The names under which a change of ``real`` is known; empty when it is none of ours."""
        folder, _, name = real.rpartition("/")
        reached = self.folders.get(folder or "/", set())
        return {f"{known.rstrip('/')}/{name}" for known in reached} | self.links.get(real, set())

    def _look(self, target: Target, root: str, found: set[str]) -> None:
        """Watch where a pattern begins: a folder, a file, or what does not exist yet."""
        if os.path.isdir(root):
            self._walk(target, root, (), found)
            if root == self.top:
                return
        elif os.path.lexists(root):
            self._file(target, root, found)
        parent = os.path.dirname(root)
        while not os.path.isdir(parent):
            parent = os.path.dirname(parent)
        self.folders[os.path.realpath(parent)].add(parent)

    def _walk(self, target: Target, folder: str, above: tuple[str, ...], found: set[str]) -> None:
        real = os.path.realpath(folder)
        if real in above:
            return  # a link that leads back up
        try:
            with os.scandir(folder) as entries:
                listed = [(entry.name, entry.is_dir(), entry.is_symlink()) for entry in entries]
        except OSError:
            return  # gone meanwhile, or not ours to read
        self.folders[real].add(folder)
        for name, is_folder, is_link in listed:
            path = f"{folder}/{name}"
            if is_folder:
                if target.descends(path):
                    if is_link:
                        self._hops(path)
                    self._walk(target, path, (*above, real), found)
            elif is_link:
                self._file(target, path, found)
            elif target.wants(path):
                found.add(path)

    def _file(self, target: Target, path: str, found: set[str]) -> None:
        if target.wants(path):
            found.add(path)
            if os.path.islink(path):
                self._hops(path)

    def _hops(self, name: str) -> None:
        """Watch every link that ``name`` leads over, and what it ends at, for changes of ``name``."""
        for place in _link_places(name):
            self.links[place].add(name)

    def watched(self) -> set[str]:
        """Every real folder that must be watched now."""
        return {*self.folders, *_existing(os.path.dirname(place) for place in self.links)}


def _link_places(path: str) -> list[str]:
    """The real places of all links that ``path`` leads over (itself, those in its target …), and of its end."""
    place = os.path.realpath(os.path.dirname(path))
    ahead = [os.path.basename(path)]
    places: list[str] = []
    while ahead and len(places) < _HOPS_MOST:
        part = ahead.pop(0)
        if part == "..":
            place = os.path.dirname(place)
        elif part not in ("", "."):
            step = os.path.join(place, part)
            if os.path.islink(step):
                places.append(step)
                target = os.readlink(step)
                place = "/" if target.startswith("/") else place
                ahead[:0] = target.split("/")
            else:
                place = step
    return [*places, place]


def _existing(folders: Iterable[str]) -> set[str]:
    return {folder for folder in folders if os.path.isdir(folder)}
