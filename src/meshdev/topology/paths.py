"""Paths as a topology file writes them: relative to its folder, ``~`` for the home folder."""

import os
from pathlib import Path


def absolute(folder: Path, text: str) -> Path:
    """``text`` from ``folder`` on; whatever cannot be a path stays a path at which there is nothing."""
    try:
        return (folder / Path(text).expanduser()).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL byte, a loop of links, no home folder
        return folder / text


def placed(folder: Path, text: str) -> str:
    """``text`` from ``folder`` on, with the links that it leads over: what is mounted is what was named."""
    try:
        return os.path.normpath(folder / Path(text).expanduser())
    except RuntimeError:  # no home folder
        return os.path.normpath(folder / text)


def shown_as(file: Path, root: Path) -> str:
    """How problems name ``file``: relative to the project's folder where it lies within."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
