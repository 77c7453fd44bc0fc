"""Showing a wait: on a terminal a block that redraws itself, elsewhere a line whenever something changes.

Written to stderr, so that what a command prints for programs stays clean. Whoever is still waited for is named, with
the reason and for how long.
"""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from meshdev.cli import terminal
from meshdev.cli.narrate import Line
from meshdev.cli.states import age

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

_MOST = 12  # services named at once
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Progress:
    """``with Progress("starting shop") as progress: … progress.update(done, total, pending)``."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = time.monotonic()
        self._since: dict[str, float] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and terminal.colour_on(sys.stderr):
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            self._live = Live(console=console, transient=True, auto_refresh=False)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)
            self._live = None

    def tell(self, line: Line) -> None:
        """What has happened, unless the block shows it anyway."""
        if self._live is None or not line.passing:
            self.say(str(line), line.colour)

    def say(self, text: str, colour: str = "") -> None:
        """A line that stays."""
        styled = click.style(text, fg=colour) if colour else text
        if self._live is None:
            click.echo(styled, err=True)
        else:
            from rich.text import Text

            self._live.console.print(Text.from_ansi(styled), soft_wrap=True)

    def update(self, done: int, total: int, pending: Mapping[str, str]) -> None:
        """Draw who is still waited for."""
        now = time.monotonic()
        self._since = {name: self._since.get(name, now) for name in pending}
        if self._live is not None:
            self._live.update(self._drawing(now, f"{done}/{total}", pending), refresh=True)

    def _drawing(self, now: float, count: str, pending: Mapping[str, str]) -> "Text":
        from rich.text import Text

        frame = _FRAMES[int(now * 10) % len(_FRAMES)]
        text = Text()
        text.append(f"{frame} ", "cyan")
        text.append(f"{self._title} {count}", "bold")
        text.append(f"  {age(now - self._begun)}", "dim")
        width = max(map(len, pending), default=0)
        for name, reason in list(pending.items())[:_MOST]:
            text.append(f"\n  {name.ljust(width)}  ", "yellow")
            text.append(reason)
            text.append(f"  {age(now - self._since[name])}", "dim")
        if len(pending) > _MOST:
            text.append(f"\n  … and {len(pending) - _MOST} more", "dim")
        text.no_wrap = True
        text.overflow = "ellipsis"
        return text
