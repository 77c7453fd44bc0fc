"""Where this project's recordings are, for commands that read them without a daemon."""

import tomllib
from typing import TYPE_CHECKING

import click

from meshdev.cli import options
from meshdev.client.project import Project
from meshdev.errors import MeshdevError, UsageError
from meshdev.storage.recordings.library import Library

if TYPE_CHECKING:
    from meshdev.recording.model import Recording


def library_of(project: Project) -> Library:
    """The project's library: where ``[recording] dir`` says, else below ``.meshdev``."""
    folder = project.paths.recordings_dir
    try:
        table = tomllib.loads(project.file.read_text("utf-8")).get("recording", {})
        named = table.get("dir") if isinstance(table, dict) else None
        if isinstance(named, str) and named:
            folder = project.root / named
    except (OSError, ValueError):  # a broken file is `check`'s business
        pass
    return Library(folder)


def with_calls(project: Project, name: str) -> "Recording":
    """A recording in which there is something. Raises StorageError, UsageError for an empty one."""
    recording = library_of(project).open(name)
    if not recording.exchanges:
        raise UsageError(
            f"nothing is recorded in {name}",
            hint="; ".join(recording.notes)
            or "no call passed while it was made; `meshdev record list` shows the others",
        )
    return recording


def complete_recording(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of recordings."""
    try:
        names = library_of(options.here()).names()
    except (MeshdevError, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]
