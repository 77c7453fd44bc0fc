"""The runs that a project keeps: each run of the daemon has a folder, the oldest go when there are too many.

Rules: the newest ``keep`` stay, by the time at which they were begun to be written; the one that is running always
stays. A run that cannot be removed is left for the next time.
"""

import os
import shutil
from pathlib import Path

KEEP = 5


def prune_runs(runs_dir: Path, current: str = "", keep: int = KEEP) -> list[str]:
    """Remove all but the newest ``keep`` runs, ``current`` among them; the names of those that went.

    Takes as long as the disk needs: not for an event loop's own thread.
    """
    others: list[tuple[float, str]] = []
    try:
        with os.scandir(runs_dir) as entries:
            others += [
                (entry.stat(follow_symlinks=False).st_mtime, entry.name)
                for entry in entries
                if entry.name != current and entry.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    others.sort(reverse=True)
    gone: list[str] = []
    for _, name in others[max(keep - (1 if current else 0), 0) :]:
        shutil.rmtree(runs_dir / name, ignore_errors=True)
        if not (runs_dir / name).exists():
            gone.append(name)
    return gone
