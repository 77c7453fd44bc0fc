"""Out of what a recording is made: meshdev's version, and the repository's revision."""

import subprocess
from pathlib import Path

from meshdev import __version__
from meshdev.recording.model import Provenance

_PATIENCE = 5.0


def provenance(system: str, root: Path) -> Provenance:
    """As of now; blocks while git looks."""
    revision = _git(root, "rev-parse", "HEAD")
    dirty = bool(revision) and bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    return Provenance(__version__, system, revision, dirty)


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
