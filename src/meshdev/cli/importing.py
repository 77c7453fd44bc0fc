"""``meshdev import``: a Compose project as a topology file, with comments on what could not be carried over."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from meshdev.cli.written import many, write
from meshdev.errors import UsageError

_FILE = "meshdev.toml"


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "-o", "--output", default=_FILE, show_default=True, metavar="FILE", help='Where to; "-" prints it.'
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def command(*, files: tuple[str, ...], output: str, force: bool) -> None:
    """Write a meshdev.toml from Compose files (else from compose.yaml or docker-compose.yml and its override here).

    Several FILEs lie over each other, as with `docker compose -f`. References such as ${TAG:-latest} stay references.
    What has no meaning in meshdev stands as a comment where it was, with its file and line.
    """
    from meshdev.client.project import compose_files

    named = [Path(name).resolve() for name in files] or compose_files(Path.cwd())
    if not named:
        raise UsageError("there is no Compose file here", hint="`meshdev import path/to/compose.yml`")
    missing = next((file for file in named if not file.is_file()), None)
    if missing is not None:
        raise UsageError(f"{missing}: no such file")
    import_project(named, output, force=force)


def import_project(files: Sequence[Path], output: str, *, force: bool) -> None:
    """Write what the Compose ``files`` say to ``output``, and tell what they say in vain."""
    from meshdev.topology.compose.reading import notes_of, read_compose
    from meshdev.topology.compose.writing import as_toml
    from meshdev.topology.load import load

    load(files[0], overrides=files[1:], environ=os.environ)  # raises what is wrong with it
    printed = output == "-"
    folder = files[0].parent if printed else Path(output).resolve().parent
    reading = read_compose(files, environ=os.environ, references=folder == files[0].parent, folder=folder)
    notes = notes_of(reading)
    write(output, as_toml(reading), force=force)
    for note in notes:
        click.echo(str(note), err=printed)
    services = len(reading.sheet.tree.get("services", {}))
    edges = len({(edge.caller, edge.callee) for edge in reading.inferred})
    counts = (many(services, "service"), f"{many(edges, 'edge')} inferred", many(len(notes), "note"))
    click.echo(", ".join(counts), err=printed)
    if not printed:
        click.echo("next: `meshdev check`, then `meshdev up`")
