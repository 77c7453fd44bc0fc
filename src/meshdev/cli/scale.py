"""``meshdev scale``: set the number of replicas."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.errors import UsageError


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [f"{name}=" for name in options.complete_service(ctx, param, incomplete)]


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="SERVICE=N...", shell_complete=_complete)
@click.option("--no-wait", is_flag=True, help="Return at once instead of when they are ready.")
@options.timeout_option()
def command(*, targets: tuple[str, ...], no_wait: bool, timeout: float) -> None:
    """Set the number of replicas of services: `meshdev scale orders=3 payments=2`."""
    wanted = dict(map(parse, targets))
    control = Control(options.here())
    for name, replicas in wanted.items():
        control.send(calls.scale(name, replicas))
    if no_wait:
        return
    from meshdev.cli import waiting

    names = frozenset(name for name, replicas in wanted.items() if replicas)
    if names:
        waiting.until_ready(control, names, title="scaling", timeout=timeout)
    for name, replicas in wanted.items():
        click.echo(f"{name} has {replicas} replica{'' if replicas == 1 else 's'}")


def parse(target: str) -> tuple[str, int]:
    """``orders=3`` as a pair; raises UsageError."""
    name, equals, number = target.rpartition("=")
    if not equals or not name or not number.isascii() or not number.isdigit():
        raise UsageError(f"{target!r}: accepted is SERVICE=N", hint="such as `meshdev scale orders=3`")
    return name, int(number)
