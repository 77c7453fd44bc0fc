"""Whether git is at work in a repository: a branch switch is one change, however many files it writes.

Rules: git holds ``index.lock`` while it changes the working tree, and ``HEAD`` moves with the branch. Both lie in the
git folder, which in worktrees and submodules is named by a file ``.git``.
"""

from dataclasses import dataclass
from pathlib import Path

_SIGNS = frozenset({"index.lock", "HEAD", "HEAD.lock", "ORIG_HEAD"})


@dataclass(frozen=True, slots=True)
class Repositories:
    """The git folders of the repositories that are watched; real paths."""

    folders: frozenset[str]

    def speaks(self, path: str) -> bool:
        """Whether a change at ``path`` (real) says that git is at work."""
        folder, _, name = path.rpartition("/")
        return name in _SIGNS and folder in self.folders

    def locked(self) -> bool:
        """Whether git holds the lock of one of them now."""
        return any(Path(folder, "index.lock").exists() for folder in self.folders)


def git_folder(root: Path) -> str | None:
    """The git folder of the repository at ``root``; None when there is none to be found."""
    entry = root / ".git"
    if entry.is_file():
        name, _, value = entry.read_text("utf-8", "replace").partition(":")
        if name.strip() != "gitdir":
            return None
        entry = root / value.strip()
    return str(entry.resolve()) if entry.is_dir() else None
