"""``meshdev start``: want services up."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control


@click.command()
@options.services_argument(required=True)
@click.option("--no-wait", is_flag=True, help="Return at once instead of when they are ready.")
@options.timeout_option()
def command(*, services: tuple[str, ...], no_wait: bool, timeout: float) -> None:
    """Start services and what they depend on, and wait until they are ready."""
    control = Control(options.here())
    control.send(calls.start(list(services)))
    if no_wait:
        return
    from meshdev.cli import waiting

    waiting.until_ready(control, frozenset(services), title="starting", timeout=timeout)
    for name in services:
        click.echo(f"{name} is ready")
