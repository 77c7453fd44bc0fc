"""``meshdev export``: the system in another tool's format."""

import os

import click

from meshdev.cli import options
from meshdev.cli.written import write


@click.group()
def command() -> None:
    """Write the system in another tool's format."""


@command.command()
@options.file_option()
@click.option(
    "-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="May be given several times."
)
@click.option(
    "-o", "--output", default="-", metavar="FILE", help="Write it there instead of to standard output."
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def compose(*, file: tuple[str, ...], profiles: tuple[str, ...], output: str, force: bool) -> None:
    """Write a Compose file: the containers, with the addresses of those that they call.

    What runs as a process has no place in it; a profile may say what container it is instead (`-p containers`).
    """
    from meshdev.topology.compose.exporting import export
    from meshdev.topology.load import load

    project = options.here(file)
    system = load(project.file, profiles=profiles or None, environ=os.environ, overrides=project.overrides)
    made = export(system)
    write(output, made.text, force=force)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
