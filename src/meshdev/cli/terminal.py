"""How commands speak: colours only where they are wanted, errors as one red line with the way out.

Colours: ``NO_COLOR`` (any value) wins over ``FORCE_COLOR`` (anything but 0), which wins over the terminal's own
answer; ``TERM=dumb`` has none.
"""

import contextlib
import os
import select
from collections.abc import Mapping
from typing import TextIO

import click

from meshdev.errors import MeshdevError, TopologyError


def colour_wanted(environ: Mapping[str, str]) -> bool | None:
    """True, False, or None: as each stream can."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return False if environ.get("TERM") == "dumb" else None


def colour_on(stream: object) -> bool:
    """Whether text for ``stream`` is coloured, decided once and for the whole command."""
    wanted = colour_wanted(os.environ)
    if wanted is not None:
        return wanted
    isatty = getattr(stream, "isatty", lambda: False)
    return bool(isatty())


def unicode_on(stream: object) -> bool:
    """Whether ``stream`` can show more than ASCII."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        "●│…".encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def error_line(message: str) -> None:
    """``error: message`` on stderr, the word in red."""
    click.echo(click.style("error:", fg="red", bold=True) + f" {message}", err=True, color=_err_colour())


def warning_line(message: str) -> None:
    """``warning: message`` on stderr, the word in yellow."""
    click.echo(click.style("warning:", fg="yellow", bold=True) + f" {message}", err=True, color=_err_colour())


def print_error(error: MeshdevError) -> None:
    """An error of ours: what happened, where, what to do next; all of a topology's findings, one under the other."""
    if isinstance(error, TopologyError) and error.problems:
        count = len(error.problems)
        error_line(f"{count} problem{'s' if count > 1 else ''} in the topology")
        click.echo(str(error), err=True)
        return
    error_line(f"{error.where}: {error.message}" if error.where else error.message)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)


def reader_gone(stream: TextIO) -> bool:
    """Whether nobody reads this pipe any more, found out without writing to it."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError):  # not a descriptor at all
        return False


def silence(*streams: TextIO) -> None:
    """Nobody takes this output any more: let what is still buffered go nowhere instead of failing at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with contextlib.suppress(OSError, ValueError):
            if not stream.isatty():
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _err_colour() -> bool | None:
    return colour_wanted(os.environ)
