"""Where this project's recordings are, for commands that read them without a daemon."""

import tomllib

import click

from meshdev.cli import options
from meshdev.client.project import Project
from meshdev.errors import MeshdevError
from meshdev.storage.recordings.library import Library


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


def complete_recording(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of recordings."""
    try:
        names = library_of(options.here()).names()
    except (MeshdevError, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]
