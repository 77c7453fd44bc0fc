"""``meshdev stop``: want services down."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control


@click.command()
@options.services_argument(required=True)
@click.option("--no-wait", is_flag=True, help="Return at once instead of when they are down.")
@options.timeout_option()
def command(*, services: tuple[str, ...], no_wait: bool, timeout: float) -> None:
    """Stop services, and wait until nothing of them is left."""
    control = Control(options.here())
    control.send(calls.stop(list(services)))
    if no_wait:
        return
    from meshdev.cli import waiting

    waiting.until_down(control, frozenset(services), title="stopping", timeout=timeout)
    for name in services:
        click.echo(f"{name} is stopped")
