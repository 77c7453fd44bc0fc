"""``meshdev shell``: an interactive shell in a service's environment."""

import os
import sys

import click

from meshdev.cli import one_off, options
from meshdev.client.control import Control


@click.command()
@options.service_argument()
def command(*, service: str) -> None:
    """Open a shell ($SHELL) with a service's environment, in its folder; `exit` leaves it.

    For a container it is the container's own /bin/sh.
    """
    view = one_off.view_of(Control(options.here()), service)
    if view.container:
        one_off.become_in_container(["/bin/sh"], view)
    environ = one_off.environment(view)
    shell = os.environ.get("SHELL") or "/bin/sh"
    environ["MESHDEV_SHELL"] = service  # for the prompt of those who like to see it
    if sys.stdin.isatty():
        click.echo(f"{shell} as {service} in {view.working_dir}; `exit` leaves it", err=True)
    one_off.become([shell], view, environ)
