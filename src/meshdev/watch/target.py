"""One watch of one service, ready to be asked about paths.

Rules: a path is wanted when a pattern of the watch means it and nothing excludes it; the watch's own ``ignore`` always
excludes, the other rules (`ignore`) spare what a pattern names in its leading parts. Paths are absolute, as the user
sees them (links not resolved).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from meshdev.topology.model import Watch
from meshdev.watch.ignore import FOLDERS, GitIgnore, is_temporary
from meshdev.watch.patterns import Pattern, parse


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A service's watch with its patterns and exclusions."""

    service: str
    watch: Watch
    base: str
    patterns: tuple[Pattern, ...]
    roots: tuple[str, ...]
    """Where each pattern begins: its leading parts, absolute."""
    own_ignore: GitIgnoreSpec | None
    gitignore: GitIgnore | None
    exempt: tuple[int, ...]
    """How many parts below the repository's root each pattern names."""

    def wants(self, path: str) -> bool:
        """Whether a change of the file at ``path`` is to be reported."""
        if not path.startswith(self.roots):
            return False
        parts = self._parts(path)
        return any(
            pattern.wants(parts) and not self._excluded(index, pattern, parts, path, folder=False)
            for index, pattern in enumerate(self.patterns)
        )

    def wanted(self, path: str) -> bool:
        """Whether ``path``, which is no more, may have been wanted: whatever it was, nothing excludes it."""
        if not path.startswith(self.roots):
            return False
        parts = self._parts(path)
        return any(
            pattern.wants(parts)
            and not any(self._excluded(index, pattern, parts, path, folder=way) for way in (False, True))
            for index, pattern in enumerate(self.patterns)
        )

    def descends(self, folder: str) -> bool:
        """Whether the folder, or one on the way to a pattern's beginning, is to be watched."""
        parts = self._parts(folder)
        return any(
            pattern.reaches(parts) and not self._excluded(index, pattern, parts, folder, folder=True)
            for index, pattern in enumerate(self.patterns)
        )

    def _parts(self, path: str) -> tuple[str, ...]:
        relative = (
            path[len(self.base) + 1 :]
            if path.startswith(self.base + "/")
            else os.path.relpath(path, self.base)
        )
        return tuple(part for part in relative.split("/") if part and part != ".")

    def _excluded(
        self, index: int, pattern: Pattern, parts: tuple[str, ...], path: str, *, folder: bool
    ) -> bool:
        if self.own_ignore is not None and self.own_ignore.match_file(
            "/".join(parts) + ("/" if folder else "")
        ):
            return True
        free = parts[len(pattern.fixed) :]
        if not free:
            return False
        if not FOLDERS.isdisjoint(free) or (not folder and is_temporary(parts[-1])):
            return True
        return self.gitignore is not None and self.gitignore.ignores(
            Path(path), folder=folder, exempt=self.exempt[index]
        )


def make_target(service: str, watch: Watch, gitignore_of: Callable[[Path], GitIgnore | None]) -> Target:
    """Prepare a watch; ``gitignore_of`` gives the rules of the repository that a folder belongs to."""
    base = os.path.abspath(watch.base)  # noqa: PTH100 — links must not be resolved, only dots
    patterns = tuple(pattern for text in watch.paths for pattern in parse(text))
    roots = tuple(os.path.normpath("/".join((base, *pattern.fixed))) for pattern in patterns)
    gitignore = gitignore_of(Path(base))
    return Target(
        service,
        watch,
        base,
        patterns,
        roots,
        GitIgnoreSpec.from_lines(watch.ignore) if watch.ignore else None,
        gitignore,
        tuple(_depth(gitignore.root, root) if gitignore else 0 for root in roots),
    )


def _depth(top: Path, root: str) -> int:
    """How many parts of ``root`` lie below ``top``; 0 when it lies elsewhere."""
    path = Path(root)
    return len(path.relative_to(top).parts) if path.is_relative_to(top) else 0
