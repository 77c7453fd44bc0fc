"""``meshdev env``: the environment that a service gets."""

import os
import shlex

import click
import msgspec

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control


@click.command()
@options.service_argument()
@click.option("--diff", is_flag=True, help="Only what differs from this shell's environment.")
@options.json_option()
def command(*, service: str, diff: bool, as_json: bool) -> None:
    """Print the environment that a service's next incarnation gets, secrets included.

    Quoted for a shell, so that `set -a; eval "$(meshdev env orders)"` takes it over.
    """
    view = Control(options.here()).send(calls.env(service))
    shown = dict(sorted(view.environment.items()))
    if diff:
        shown = {name: value for name, value in shown.items() if os.environ.get(name) != value}
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(view, environment=shown))))
        return
    for name, value in shown.items():
        click.echo(f"{name}={shlex.quote(value)}")
