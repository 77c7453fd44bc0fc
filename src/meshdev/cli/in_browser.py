"""``--web``: the dashboard in a browser instead of this terminal, which then only serves it.

The system belongs to whom it belongs without ``--web`` too: Ctrl-C ends one that this command started, and leaves one
that it found running. A tab that is left or closed changes nothing.
"""

import contextlib
import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from meshdev.cli import terminal
from meshdev.client.control import Control
from meshdev.errors import UsageError
from meshdev.tui.outcome import Outcome

if TYPE_CHECKING:
    from meshdev.cli.signals import Interrupts
    from meshdev.web.door import Door

F = TypeVar("F", bound=Callable[..., Any])
HOST = "127.0.0.1"
_NEEDED = ("aiohttp", "textual_serve")


@dataclass(frozen=True, slots=True)
class InBrowser:
    """An open door, and whether a browser is opened for it."""

    door: "Door"
    opens: bool


def options() -> Callable[[F], F]:
    """``--web`` and what belongs to it; the command gets ``browser``: None without ``--web``, else an open door."""

    def decorate(command: F) -> F:
        @click.option("--web", is_flag=True, help="The dashboard in a browser instead of this terminal.")
        @click.option("--host", metavar="HOST", help=f"With --web: listen there (else {HOST}).")
        @click.option(
            "--port",
            type=click.IntRange(0, 65535),
            metavar="PORT",
            help="With --web: listen there (else a free one).",
        )
        @click.option("--no-browser", is_flag=True, help="With --web: print the address only.")
        @functools.wraps(command)
        def with_browser(
            *args: Any, web: bool, host: str | None, port: int | None, no_browser: bool, **kwargs: Any
        ) -> Any:
            if not web:
                if host is not None or port is not None or no_browser:
                    raise click.UsageError("--host, --port and --no-browser belong to --web")
                return command(*args, browser=None, **kwargs)
            _refuse_without_extra()
            from meshdev.web.door import opened

            with opened(host or HOST, port or 0) as door:
                return command(*args, browser=InBrowser(door, not no_browser), **kwargs)

        return with_browser  # type: ignore[return-value]  # the same command with four options more

    return decorate


def show(control: Control, interrupts: "Interrupts", browser: InBrowser, *, owned: bool) -> int:
    """Serve the dashboard until the system is down or this is interrupted; the exit code."""
    from meshdev.cli import face

    def serve() -> Outcome:
        import asyncio

        from meshdev.web.server import serve

        asyncio.run(serve(control.project, browser.door, functools.partial(_announce, browser, owned=owned)))
        return Outcome.STOP

    return face.visit(control, interrupts, serve, owned=owned)


def _announce(browser: InBrowser, system: str, *, owned: bool) -> None:
    door = browser.door
    click.echo(f"{system} in your browser: {click.style(door.url, fg='cyan', bold=True)}")
    if door.exposed:
        terminal.warning_line(
            "other machines reach this address, without encryption; whoever has it controls the system"
        )
    click.echo(f"  Ctrl-C ends this{' and stops the system' if owned else '; the system goes on'}")
    if not browser.opens:
        return
    from meshdev.tui.browser import can_browse

    if can_browse(os.environ, sys.platform):
        import webbrowser

        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(door.url)


def _refuse_without_extra() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            "--web needs what meshdev installs only when asked to (textual-serve, aiohttp)",
            hint=f"{sys.executable} -m pip install 'meshdev[web]'",
        )
