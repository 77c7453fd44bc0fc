"""``meshdev record``: traffic becomes something that can be kept, read, replayed and tested against.

One file a few commands that belong together, imported when one of them is asked for.
"""

from importlib import import_module
from typing import Any

import click

_COMMANDS = {
    "start": ("live", "Record from now on."),
    "stop": ("live", "Close a recording."),
    "save-last": ("live", "Save what passed in the last minutes."),
    "list": ("shelf", "List the recordings."),
    "show": ("shelf", "Show the calls of a recording, or one of them whole."),
    "rm": ("shelf", "Remove recordings."),
    "export": ("exchange", "Write a recording as HAR, VCR.py, WireMock, Hoverfly, Pact, OpenAPI or pytest."),
    "import": ("exchange", "Make a recording out of HAR, VCR.py, WireMock or Hoverfly."),
    "verify": ("verify", "Tell whether a recording is still true of the live services."),
}

_FUNCTIONS = {"list": "list_", "import": "import_"}  # Python has these words for itself


class _Lazy(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """All names, in the order of a day's work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's
        """The command of that name, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"meshdev.cli.record.{_COMMANDS[cmd_name][0]}")
        found: Any = getattr(module, _FUNCTIONS.get(cmd_name) or cmd_name.replace("-", "_"))
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """The list in ``--help``, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Lazy)
def command() -> None:
    """Record traffic: `meshdev record start checkout`, click through the system, `meshdev record stop checkout`.

    Secrets are taken out before anything is written (docs/recording.md).
    """
