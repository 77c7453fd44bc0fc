"""``meshdev attach``, also called ``meshdev dashboard``: show the running system."""

import click

from meshdev.cli import in_browser, options
from meshdev.client.control import Control


@click.command()
@click.option("--plain", is_flag=True, help="Interleaved lines instead of the dashboard.")
@in_browser.options()
def command(*, plain: bool, browser: in_browser.InBrowser | None) -> int:
    """Show the running system; Ctrl-C (or leaving the dashboard) lets it run."""
    from meshdev.cli import face
    from meshdev.cli.signals import Interrupts

    if plain and browser:
        raise click.UsageError("--web shows the dashboard, --plain does not")
    control = Control(options.here())
    control.check_version()
    with Interrupts() as interrupts:
        return face.show(control, interrupts, owned=False, plain=plain, browser=browser)
