"""``meshdev restart``: replace services by fresh incarnations."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control


@click.command()
@options.services_argument(required=True)
@click.option("--no-wait", is_flag=True, help="Return at once instead of when they are ready.")
@options.timeout_option()
def command(*, services: tuple[str, ...], no_wait: bool, timeout: float) -> None:
    """Replace services by fresh incarnations, and wait until those are ready."""
    from meshdev.cli import goal
    from meshdev.client.mirror import Mirror

    control = Control(options.here())
    before = goal.generations(Mirror.of(control.send(calls.snapshot())), services)
    control.send(calls.restart(list(services)))
    if no_wait:
        return
    from meshdev.cli import waiting

    names = frozenset(services)
    waiting.until_ready(control, names, title="restarting", timeout=timeout, newer_than=before)
    for name in services:
        click.echo(f"{name} is ready")
