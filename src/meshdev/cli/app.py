"""The command group; each command lives in a file of its own and is imported when it is asked for."""

import click

from meshdev import __version__


@click.group()
@click.version_option(__version__, prog_name="meshdev")
def main() -> None:
    """One terminal for a whole microservice system on a laptop."""
