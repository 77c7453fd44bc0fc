"""``meshdev schema``: the JSON Schema of the topology file, for completion and checks in editors."""

from pathlib import Path

import click

from meshdev.errors import StorageError


@click.command()
@click.option("-o", "--output", metavar="FILE", help="Write it there instead of to standard output.")
def command(*, output: str | None) -> None:
    """Print the JSON Schema of the topology file.

    Editors find it by a first line `#:schema ./.meshdev/schema.json` after `meshdev schema -o .meshdev/schema.json`.
    """
    from meshdev.topology.schema import as_text

    text = as_text()
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    file = Path(output)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror or error}") from error
    click.echo(f"wrote {file}")
