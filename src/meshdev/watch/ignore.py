"""What never counts as a change: editors' and tools' own files, version control, what ``.gitignore`` names.

Rules:
- Editors' temporary files are never a change, whatever the patterns say, unless a pattern names that very file.
- Folders of tools (`.git`, `node_modules`, `.venv`, `__pycache__` …) are not entered, unless a pattern names them in
  its leading parts (``node_modules/shared/**``).
- ``.gitignore`` files count as git reads them: nested, negated, from the repository's root down to the file, with
  ``.git/info/exclude``; what is ignored stays ignored below. Leading parts that a pattern names are exempt.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", ".bzr", "CVS",
        ".meshdev", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox",
        ".venv", "venv", ".eggs", "node_modules", ".pnpm-store", ".yarn", ".idea", ".vscode", ".fleet", ".vs",
        ".gradle", ".terraform", ".direnv", ".cache", ".DS_Store",
    }
)  # fmt: skip
"""Folders that are not entered."""

_TEMPORARY = re.compile(
    r".*~"  # backups: emacs, vim, gedit, kate
    r"|\.#.*|#.*#"  # emacs: lock, auto-save
    r"|\.?.*\.sw[a-z]|\.sw[a-z]"  # vim: swap
    r"|4913"  # vim: may I write here?
    r"|.*___jb_(?:tmp|old|bak)___"  # JetBrains: safe write
    r"|\.goutputstream-.*"  # glib: gedit, xed
    r"|\.~lock\..*#|\.fuse_hidden.*|\.nfs[0-9a-f]+"
    r"|.*\.(?:pyc|pyo|pyd\.tmp|tmp|temp|crswap|kate-swp|orig\.tmp|part|partial)"
    r"|.*\.tmp\.[\w.-]+|.*\.[0-9]+\.tmp|\.tmp.*"  # atomic writes: x.py.tmp.1234 (VS Code, npm), .tmpAbC
    r"|\.DS_Store|Thumbs\.db|desktop\.ini|\.directory"
    r"|\.git(?:ignore|attributes|modules)"  # they change what counts, but nothing that runs
)


_Rule = tuple[int, int]
"""Which rule: how deep its ``.gitignore`` lies on the path, and its line there."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is some program's passing thing."""
    return _TEMPORARY.fullmatch(name) is not None


def repository_root(folder: Path) -> Path | None:
    """The folder that holds ``.git`` (a folder, or a file in worktrees and submodules); None outside of git."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)


@dataclass(slots=True)
class GitIgnore:
    """The ``.gitignore`` rules of one repository; files are read once, until `forget`."""

    root: Path
    _specs: dict[Path, GitIgnoreSpec | None] = field(default_factory=dict)
    _folders: dict[tuple[str, ...], _Rule | None] = field(default_factory=dict)

    def forget(self) -> None:
        """A ``.gitignore`` has changed: read them again."""
        self._specs.clear()
        self._folders.clear()

    def ignores(self, path: Path, *, folder: bool, exempt: int = 0) -> bool:
        """Whether git ignores ``path``, apart from rules that ignore its first ``exempt`` parts below the root."""
        try:
            parts = path.relative_to(self.root).parts
        except ValueError:
            return False
        waived = {self._folder_rule(parts[:count]) for count in range(1, exempt + 1)}
        for count in range(exempt + 1, len(parts) + 1):
            last = count == len(parts) and not folder
            rule = self._rule(parts, "/".join(parts)) if last else self._folder_rule(parts[:count])
            if rule is not None and rule not in waived:
                return True
        return False

    def _folder_rule(self, parts: tuple[str, ...]) -> _Rule | None:
        if parts not in self._folders:
            self._folders[parts] = self._rule(parts, "/".join(parts) + "/")
        return self._folders[parts]

    def _rule(self, parts: tuple[str, ...], text: str) -> _Rule | None:
        """The rule by which this one path is ignored, without asking about its parents; None when it is not."""
        below = 0
        rule: _Rule | None = None
        for depth, part in enumerate(parts):
            spec = self._spec(self.root.joinpath(*parts[:depth]))
            if spec is not None:
                found = _last_match(spec, text[below:])
                if found is not None:
                    rule = (depth, found) if spec.patterns[found].include else None
            below += len(part) + 1
        return rule

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            files = [folder / ".gitignore"]
            if folder == self.root:
                files.insert(0, folder / ".git" / "info" / "exclude")
            lines = [line for file in files for line in _lines(file)]
            self._specs[folder] = GitIgnoreSpec.from_lines(lines) if lines else None
        return self._specs[folder]


def _last_match(spec: GitIgnoreSpec, text: str) -> int | None:
    """The last rule that means this very path.

    `GitIgnoreSpec.check_file` won't do: there a rule means what lies below a folder too, so that ``!y/`` would spare
    ``y/x`` from a rule ``x/``, which git doesn't. The group ``ps_d`` is the slash after what the rule matched.
    """
    for index in range(len(spec.patterns) - 1, -1, -1):
        pattern = spec.patterns[index]
        if pattern.include is None:
            continue
        found = pattern.match_file(text)
        if found is None:
            continue
        if "ps_d" in found.match.re.groupindex:
            means_this = found.match.end("ps_d") in (-1, len(text))
        else:
            means_this = found.match.end() < len(text) or not text.endswith(
                "/"
            )  # ``x/**`` is not ``x/`` itself
        if means_this:
            return index
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
