"""Which recordings there are, and how old they are: a glance at the folder, for `check` and for suggestions.

A recording is a folder with a ``recording.json`` in it. What is in it is the business of others.
"""

import json
from pathlib import Path

_HEAD = "recording.json"


def recordings_in(folder: Path) -> list[str]:
    """The names of the recordings in ``folder``, sorted."""
    try:
        return sorted(entry.name for entry in folder.iterdir() if (entry / _HEAD).is_file())
    except OSError:
        return []


def recorded_at(folder: Path, name: str) -> float | None:
    """When a recording was made (epoch seconds): its end, or else its beginning; None when it does not tell."""
    try:
        head = json.loads((folder / name / _HEAD).read_bytes())
    except (OSError, ValueError):
        return None
    told = (head.get("ended") or head.get("created")) if isinstance(head, dict) else None
    return float(told) if isinstance(told, int | float) and told > 0 else None
