"""``meshdev attach``: show the running system."""

import click

from meshdev.cli import options
from meshdev.client.control import Control


@click.command()
@click.option("--plain", is_flag=True, help="Interleaved lines instead of the dashboard.")
def command(*, plain: bool) -> int:
    """Show the running system; Ctrl-C (or leaving the dashboard) lets it run."""
    from meshdev.cli import face
    from meshdev.cli.signals import Interrupts

    control = Control(options.here())
    control.check_version()
    with Interrupts() as interrupts:
        return face.show(control, interrupts, owned=False, plain=plain)
