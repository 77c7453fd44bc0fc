"""The part of the application that lends the terminal: to the user's editor, and to the plain stream of all logs.

While it is lent nothing is drawn; pictures and log lines go on coming in.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual.app import App, SuspendNotSupported
from textual.screen import Screen

from meshdev.errors import MeshdevError, UsageError
from meshdev.tui import guest
from meshdev.tui.editor import editing
from meshdev.tui.model import Picture
from meshdev.tui.outcome import Outcome

if TYPE_CHECKING:
    import subprocess


class Lender(App[Outcome]):
    """See the module; `Dashboard` fills in what an action needs."""

    picture: Picture

    def __init__(self) -> None:
        super().__init__()
        self._lent = False
        self._windows: list[subprocess.Popen[bytes]] = []

    def say(self, text: str, *, service: str = "", level: str = "info") -> None:
        """Put a line into the ticker."""
        raise NotImplementedError

    def complain(self, error: MeshdevError, doing: str) -> None:
        """Show why something could not be done, and the way out."""
        raise NotImplementedError

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work`` beside the drawing."""
        raise NotImplementedError

    def edit(self, path: Path, line: int | None = None) -> None:
        """Open ``path`` at ``line`` (from 1) in the user's editor; one of the terminal gets it until it ends."""
        place = f"{path}:{line}" if line else str(path)
        short = f"{path.name}:{line}" if line else path.name
        how = editing(os.environ, path, line)
        if how is None:
            self.copy_to_clipboard(place)
            hint = f"set VISUAL or EDITOR (for example EDITOR=nano); copied {place}"
            self.complain(UsageError("no editor is named", hint=hint), f"open {path.name}")
            return

        async def work() -> None:
            try:
                if how.windowed:
                    self._windows = [window for window in self._windows if window.poll() is None]
                    self._windows.append(await asyncio.to_thread(guest.launch, how.argv))
                    self.say(f"opened {short} with {Path(how.argv[0]).name}")
                    return
                with self._terminal_lent():
                    code = await guest.entertain(how.argv)
            except OSError as error:
                reason = error.strerror or str(error)
                hint = "VISUAL and EDITOR say which editor is meant"
                self.complain(UsageError(f"{how.argv[0]}: {reason}", hint=hint), f"open {path.name}")
            except SuspendNotSupported:
                self.copy_to_clipboard(place)
                hint = f"copied {place}; an editor with a window would open here, for example EDITOR=code"
                refusal = UsageError(f"{how.argv[0]} needs a terminal, and this is none", hint=hint)
                self.complain(refusal, f"open {path.name}")
            else:
                self.say(
                    f"edited {short}"
                    if code == 0
                    else f"{Path(how.argv[0]).name} ended with exit code {code}"
                )

        self.begin(work)

    def edit_file(self, file: str) -> None:
        """Open a file."""
        self.edit(Path(file))

    def action_plain(self) -> None:
        """Put the plain stream of all logs into the terminal, until a key brings the dashboard back."""
        system = self.picture.system
        if system is None or self._lent:
            return

        async def work() -> None:
            environ = {**os.environ, "MESHDEV_FILE": system.file}
            try:
                with self._terminal_lent():
                    await guest.stream(Path(system.root), environ)
            except SuspendNotSupported:
                hint = "5 shows all lines here; `meshdev logs -f` prints them in a terminal"
                refusal = UsageError("the plain stream needs a terminal, and this is none", hint=hint)
                self.complain(refusal, "show the plain stream")

        self.begin(work)

    @contextmanager
    def _terminal_lent(self) -> Iterator[None]:
        """Out of the alternate screen, and nothing is drawn until the end."""
        with self.suspend():
            self._lent = True
            try:
                yield
            finally:
                self._lent = False

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not self._lent:
            super()._display(screen, renderable)
