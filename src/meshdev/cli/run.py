"""``meshdev run``: a one-off command in a service's environment."""

import click

from meshdev.cli import one_off, options
from meshdev.client.control import Control


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@options.service_argument()
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
def command(*, service: str, argv: tuple[str, ...]) -> None:
    """Run a one-off command with a service's environment, in its folder: `meshdev run orders -- pytest`.

    Terminal, signals and exit code are the command's own. A container's command runs in it.
    """
    words = list(argv[1:] if argv[0] == "--" else argv)
    if not words:
        raise click.UsageError("no command after --")
    view = one_off.view_of(Control(options.here()), service)
    if view.container:
        one_off.become_in_container(words, view)
    one_off.become(words, view, one_off.environment(view))
