"""``meshdev fault import``: Istio's fault injection as a topology file has it."""

from pathlib import Path

import click

from meshdev.errors import UsageError


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a new file, to be included; else print."
)
def import_(*, files: tuple[Path, ...], output: Path | None) -> None:
    """Translate the faults of Istio's VirtualServices (YAML) into [faults.NAME].

    What cannot be translated is told line by line.
    """
    from meshdev.endpoints.istio.toml import as_toml
    from meshdev.endpoints.istio.translation import Translation, translate

    found = Translation()
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from error
        try:
            found = translate(text, found)
        except UsageError as error:
            raise UsageError(f"{file}: {error.message}") from error
        for note in found.notes:
            click.echo(f"{file}:{note.line}: {note.text}", err=True)
    if not found.faults:
        raise UsageError(
            "there is no fault that can be translated", hint="a VirtualService with spec.http[].fault"
        )
    toml = as_toml(found.faults)
    if output is None:
        click.echo(toml, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as target:
            target.write(toml)
    except FileExistsError as error:
        raise UsageError(
            f"{output} is there already", hint="another name, or no -o to have it printed"
        ) from error
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    many = "one fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
    click.echo(f'{many} in {output}; have it read by include = ["{output}"]')
