"""``meshdev init``: look at a folder and write a first topology file for it."""

import os
from pathlib import Path

import click

from meshdev.errors import StorageError, UsageError

_FILE = "meshdev.toml"


@click.command()
@click.argument("folder", default=".", metavar="[FOLDER]")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.option("--stdout", is_flag=True, help="Print the file instead of writing it.")
def command(*, folder: str, force: bool, stdout: bool) -> None:
    """Write a first meshdev.toml for FOLDER (here).

    It is made from its Compose file if it has one (`meshdev import` tells more), else from the Procfile, package.json
    and pyproject.toml files in it.
    """
    from meshdev.client.project import compose_files
    from meshdev.topology.draft import draft

    place = Path(folder).resolve()
    if not place.is_dir():
        raise UsageError(f"there is no folder {place}")
    file = place / _FILE
    if composed := compose_files(place):
        from meshdev.cli.importing import import_project

        import_project(composed, "-" if stdout else str(file), force=force)
        return
    made = draft(place)
    if stdout:
        click.echo(made.text, nl=False)
        return
    _write(file, made.text, force=force)
    click.echo(f"wrote {os.path.relpath(file)}")
    for line in made.found or ("found no Procfile, package.json or pyproject.toml that starts something",):
        click.echo(f"  {line}")
    for note in made.notes:
        click.echo(f"  {note}")
    click.echo(
        "next: `meshdev check`, then `meshdev up`"
        if made.found
        else "next: add a service, see the example in it"
    )


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="`--force` overwrites it") from error
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror or error}") from error
