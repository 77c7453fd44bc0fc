"""The command line: a table of commands, each in a file of its own that is imported when it is asked for.

``meshdev --help`` imports none of them. The exit code is the truth: 0 what was asked for is so; 1 a service failed or
was not ready in time; 2 the command or the topology is wrong; 3 no daemon, or not one that can be trusted; 4 the disk
refuses; 5 and 6 are `meshdev chaos`'; 70 a defect of meshdev; 130 interrupted; 141 the reader of our output has gone
(``meshdev logs | head``).
"""

import errno
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from meshdev import __version__
from meshdev.cli import terminal
from meshdev.errors import MeshdevError, StorageError

DEFECT = 70
INTERRUPTED = 130
READER_GONE = 141
_OUTPUT_REFUSED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

# name: one line of help, in the order of a day's work. The module meshdev.cli.NAME (or `_MODULES`) exposes `command`.
COMMANDS = {
    "up": "Start the system (or apply a changed file) and show it.",
    "down": "Stop the system and wait until nothing of it is left.",
    "attach": "Show the running system; leaving it lets it run.",
    "dashboard": "The same as attach.",
    "status": "List the services and how they are.",
    "logs": "Show the logs of services, of this run or the last one.",
    "start": "Start services and what they depend on.",
    "stop": "Stop services.",
    "restart": "Replace services by fresh incarnations.",
    "scale": "Set the number of replicas of services.",
    "swap": "Have a recording, or what runs elsewhere, play a service.",
    "why": "Explain why a service is where it is.",
    "env": "Print the environment that a service gets.",
    "run": "Run a one-off command in a service's environment.",
    "shell": "Open a shell in a service's environment.",
    "events": "Show what happens, as it happens.",
    "edges": "List the edges and what they carry.",
    "traffic": "Show single calls over the edges.",
    "topics": "List the brokers' topics: who publishes, who subscribes, the last messages.",
    "publish": "Publish a message on a broker: typed, from a file, or the last one again.",
    "record": "Record traffic, keep what passed, show and manage recordings.",
    "replay": "Send recorded requests to a service again: compare its answers, or make load of them.",
    "test-alone": "Test one service, with everything that it calls played out of a recording.",
    "fault": "Inject faults on edges and into services, see what they do, end them.",
    "chaos": "Try hypotheses about the running system: load, faults, a verdict.",
    "top": "Show what the instances and meshdev itself use of the machine.",
    "metrics": "Print everything that is measured, as Prometheus reads it.",
    "check": "Check the topology file.",
    "plan": "Show what `up` would do.",
    "graph": "Draw the system, declared or as it runs: text, Mermaid, DOT, JSON.",
    "import": "Write a topology file from a Compose project.",
    "export": "Write the system in another tool's format: compose.",
    "schema": "Print the JSON Schema of the topology file.",
    "init": "Write a first topology file for this folder.",
    "doctor": "Tell what this machine offers and lacks.",
    "completion": "Print the completion script of a shell.",
    "version": "Print the versions of this command and of the daemon.",
}

_MODULES = {"test-alone": "alone", "import": "importing"}  # no module can be called so


class LazyGroup(click.Group):
    """Knows its commands by `COMMANDS` and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"meshdev.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with; an unknown one is told with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no command is called {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """The list in ``--help``, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that has gone is met before click ends the process for it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            terminal.silence(sys.stdout, sys.stderr)
            raise click.exceptions.Exit(READER_GONE) from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command has --help. Manual: docs/cli.md",
)
@click.version_option(__version__, prog_name="meshdev")
@click.option(
    "-f",
    "--file",
    multiple=True,
    metavar="FILE",
    help="The topology file, for whichever command follows (else MESHDEV_FILE, else the nearest meshdev.toml or "
    "Compose file). Compose files may be several.",
)
@click.pass_context
def group(ctx: click.Context, file: tuple[str, ...]) -> None:  # noqa: ARG001 -- `options.here` takes the file from the context
    """One terminal for a whole microservice system on a laptop."""
    ctx.color = terminal.colour_wanted(os.environ)


def run(args: list[str]) -> int:
    """Run one command line; the exit code."""
    try:
        result = group.main(args=args, prog_name="meshdev", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:  # told in one place, each kind in its way
        if _debugging() and not isinstance(error, click.ClickException | BrokenPipeError):
            raise
        return _told(error)
    return result if isinstance(result, int) else 0


def main() -> NoReturn:
    """The entry point of the ``meshdev`` command."""
    sys.exit(run(sys.argv[1:]))


def _told(error: Exception) -> int:
    """Tell what happened on stderr; the exit code."""
    match error:
        case click.ClickException():
            return _refused(error)
        case MeshdevError():
            terminal.print_error(error)
            return error.exit_code
        case BrokenPipeError():
            terminal.silence(sys.stdout, sys.stderr)
            return READER_GONE
        case OSError() if error.errno in _OUTPUT_REFUSED:
            terminal.silence(sys.stdout)
            terminal.error_line(f"the output cannot be written: {error.strerror}")
            return StorageError.exit_code
        case _:
            terminal.error_line(f"a defect of meshdev: {type(error).__name__}: {error}")
            click.echo("  MESHDEV_DEBUG=1 shows where; please report it", err=True)
            return DEFECT


def _refused(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        click.echo(error.ctx.get_help())
        return 0
    usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
    terminal.error_line(error.format_message())
    if usage and error.ctx is not None:  # type: ignore[attr-defined]  # a UsageError, as just checked
        click.echo(f"  {usage}\n  `{error.ctx.command_path} --help` tells more", err=True)  # type: ignore[attr-defined]
    return error.exit_code


def _debugging() -> bool:
    return os.environ.get("MESHDEV_DEBUG", "") not in ("", "0")
