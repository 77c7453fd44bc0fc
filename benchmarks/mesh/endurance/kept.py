"""The last finding of each trial, for the page: a trial that is run again replaces its own only."""

import json
import os
import time
from pathlib import Path
from typing import Any

from benchmarks.mesh.endurance.base import Finding

NAME = "mesh-endurance.json"


def keep(folder: Path, trial: str, finding: Finding) -> None:
    """For `as_text`."""
    folder.mkdir(parents=True, exist_ok=True)
    found = _load(folder)
    found[trial] = {
        "when": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
        "broken": finding.broken,
        "told": finding.told,
    }
    (folder / NAME).write_text(json.dumps(found, indent=1), "utf-8")


def as_text(folder: Path) -> str:
    """A Markdown list of what held and what did not; empty when nothing was tried."""
    lines: list[str] = []
    for trial, found in _load(folder).items():
        verdict = "**did not hold**" if found["broken"] else "held"
        lines.append(f"- *{trial}*: {verdict} ({found['when']}, load average {found['load']:.1f})")
        lines += [f"  - **broken:** {text}" for text in found["broken"]]
        lines += [f"  - {text}" for text in found["told"]]
    return "\n".join(lines) + "\n" if lines else ""


def _load(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return content
