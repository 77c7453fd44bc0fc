"""The dashboard's application: takes pictures in, hands each to the screen in front, runs what the user asks for.

`launch.run` is what the commands call. Rules: one picture per tick, drawn in one batch; an action never blocks a key.
"""

import asyncio
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from meshdev.errors import MeshdevError, StorageError
from meshdev.tui import stages
from meshdev.tui.actions import Actions
from meshdev.tui.backend import Backend
from meshdev.tui.browser import can_browse
from meshdev.tui.chaos.desk import ChaosDesk
from meshdev.tui.keys import APP_KEYS, KEYBOARD_ACTIONS, bindings
from meshdev.tui.model import Happening, Link, Picture, blockers
from meshdev.tui.outcome import Outcome
from meshdev.tui.palette import Commands
from meshdev.tui.recordings.desk import RecordingDesk
from meshdev.tui.screens.base import Frame
from meshdev.tui.screens.help import HelpScreen
from meshdev.tui.screens.quit import QuitScreen
from meshdev.tui.screens.stopping import MOST, StoppingScreen
from meshdev.tui.themes import DARK, LIGHT, OWN, derived, wanted_theme
from meshdev.tui.traffic_feed import TrafficFeed
from meshdev.tui.visits import Visits

if TYPE_CHECKING:
    from textual.timer import Timer

TICK = 0.1
"""Seconds between two pictures at least."""


class Dashboard(Visits):
    """See the module.

    ``clock`` gives epoch seconds; ``owner``: this terminal started the system; ``settle`` is called soon after a screen
    was drawn for the first time.
    """

    TITLE = "meshdev"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {Commands}
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        mode: stages.made(kind) for mode, kind in stages.KINDS.items()
    }
    DEFAULT_MODE = "services"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(APP_KEYS)]

    CSS = """
    Toast { background: $panel; }
    ToastRack { margin-bottom: 2; }
    Tooltip { display: none; }
    CommandPalette {
        background: $background 60%;
        #--container { margin: 2 4; max-width: 90; }
        #--input, #--input.--list-visible { background: $panel; border: none; height: 3; padding: 0 1; }
        #--input SearchIcon { display: none; }
        CommandList, CommandList:focus { background: $panel; border: none; }
    }
    """

    class Pictured(Message):
        """A newer picture is there."""

        def __init__(self, picture: Picture) -> None:
            super().__init__()
            self.picture = picture

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, Dashboard.Pictured)

    def __init__(
        self,
        backend: Backend,
        *,
        owner: bool,
        clock: Callable[[], float] = time.time,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.backend = backend
        self.owner = owner
        self.now = clock
        self.settle = settle
        self.picture = Picture()
        self.said: Happening | None = None
        self.act = Actions(self, backend)
        self.chaos = ChaosDesk(self, backend)
        self.recordings = RecordingDesk(self, backend)
        self.traffic = TrafficFeed(backend)
        self.defect = ""
        self.failure: MeshdevError | None = None
        self._urgency = 0
        self._drawn_at = 0.0
        self._next: Picture | None = None
        self._draw_timer: Timer | None = None
        for theme in OWN:
            self.register_theme(theme)
        wanted = wanted_theme(os.environ)
        self.theme = wanted if wanted in self.available_themes else DARK

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables, with our own for themes that lack them."""
        variables = super().get_css_variables()
        return {**derived(variables), **variables}

    def on_mount(self) -> None:
        """Begin to follow the system, and to let ages grow."""
        self.set_interval(1.0, self._draw)
        self._follow()

    # --- pictures ---------------------------------------------------------------------------------

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        try:
            async for picture in self.backend.follow():
                self.post_message(self.Pictured(picture))
        except MeshdevError as error:
            self.failure = error
            self.exit(Outcome.STOP if self._urgency else Outcome.LEAVE)
        else:
            self.exit(Outcome.STOP)  # it has gone down in order

    @on(Pictured)
    def _pictured(self, event: Pictured) -> None:
        self._next = event.picture
        wait = self._drawn_at + TICK - time.monotonic()
        if wait <= 0:
            self._draw()
        elif self._draw_timer is None:
            self._draw_timer = self.set_timer(wait, self._draw)

    def _draw(self) -> None:
        """Hand the newest picture to the screen in front."""
        if self._draw_timer is not None:
            self._draw_timer.stop()
            self._draw_timer = None
        if not self.is_running:
            return  # it is closing: screens lose their parts one by one
        self._drawn_at = time.monotonic()
        if self._next is not None:
            self.picture, self._next = self._next, None
        self.chaos.look(self.picture, self.now())
        system = self.picture.system
        if system is not None and system.shutting_down is not None and not self._stopping:
            self._urgency = max(self._urgency, system.shutting_down)
            self._show_stopping()
        with self.batch_update():
            for screen in self.screen_stack:
                if isinstance(screen, Frame) and screen.is_mounted:
                    screen.show(self.picture, self.now())
        if self._stopping is not None and self._stopping.is_mounted:
            self._stopping.show(self.picture, self.now(), self._urgency)

    # --- what actions need ------------------------------------------------------------------------

    def say(self, text: str, *, service: str = "", level: str = "info") -> None:
        """Put a line into the ticker."""
        self.said = Happening(self.now(), service, text, level)
        for screen in self.screen_stack:
            if isinstance(screen, Frame) and screen.is_mounted:
                screen.show_frame(self.picture, self.now())

    def complain(self, error: MeshdevError, doing: str) -> None:
        """Show why something could not be done, and the way out."""
        text = f"{error.message}\n{error.hint}" if error.hint else error.message
        self.say(f"could not {doing}: {error.message}", level="error")
        self.notify(text, title=f"Could not {doing}", severity="error", timeout=12, markup=False)

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work`` beside the drawing."""
        self.run_worker(work(), group="actions")

    def copy(self, text: str, what: str) -> None:
        """Copy to the terminal's clipboard (OSC 52)."""
        self.copy_to_clipboard(text)
        self.say(f"copied {what or text}")

    def browse(self, address: str) -> None:
        """Open an address in the browser; where there is none, copy it. In a browser: in another tab of it."""
        url = address if "://" in address else f"http://{address}"
        if self.is_web or can_browse(os.environ, sys.platform):
            self.open_url(url)
            self.say(f"opened {url}")
        else:
            self.copy_to_clipboard(url)
            self.say(f"no browser here; copied {url}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a dialog, in the palette, and while something is typed, keys are not the application's."""
        del parameters
        if action not in KEYBOARD_ACTIONS:
            return True
        return isinstance(self.screen, Frame) and not isinstance(self.focused, Input)

    # --- leaving ----------------------------------------------------------------------------------

    @property
    def _stopping(self) -> StoppingScreen | None:
        return next((screen for screen in self.screen_stack if isinstance(screen, StoppingScreen)), None)

    def action_leave(self) -> None:
        """Ask what is to become of the system."""
        if not isinstance(self.screen, QuitScreen | StoppingScreen):
            running = len(blockers(self.picture.services))
            reachable = self.picture.link is not Link.LOST
            self.push_screen(QuitScreen(owner=self.owner, running=running, reachable=reachable), self._left)

    def action_interrupt(self) -> None:
        """Ctrl-C: ask; the second time stop; then press harder each time. With text selected: copy it."""
        if self._stopping is not None:
            self._urgency = min(MOST, self._urgency + 1)
            self.act.shutdown(self._urgency)
            self._stopping.show(self.picture, self.now(), self._urgency)
        elif isinstance(self.screen, QuitScreen):
            self.screen.action_answer(Outcome.STOP)
        elif selected := self.screen.get_selected_text():
            self.copy(selected, "the selection")
            self.screen.clear_selection()
        else:
            self.action_leave()

    def _left(self, outcome: Outcome | None) -> None:
        if outcome is Outcome.STOP:
            self.stop_system()
        elif outcome is not None:
            self.exit(outcome)

    def stop_system(self) -> None:
        """Stop everything and show who blocks; the application ends with the daemon."""
        if self.picture.link is not Link.CONNECTED:
            self.exit(Outcome.STOP)  # nobody to ask here; the command knows other ways
            return
        self._urgency = 1
        self.act.shutdown(1)
        self._show_stopping()

    def _show_stopping(self) -> None:
        screen = StoppingScreen(self._urgency)
        self.push_screen(screen)
        self.call_after_refresh(self._draw)

    def action_abandon(self) -> None:
        """Don't wait for the end of the stop."""
        self.exit(Outcome.STOP)

    # --- help, theme ------------------------------------------------------------------------------

    def save_picture(self) -> None:
        """Write the screen as it is to an SVG file in the project's folder, and say where."""
        system = self.picture.system
        folder = Path(system.root) / ".meshdev" if system is not None else Path()
        file = folder / f"dashboard-{datetime.fromtimestamp(self.now()).astimezone():%Y%m%d-%H%M%S}.svg"
        picture = self.export_screenshot(title=system.name if system is not None else None)

        async def work() -> None:
            try:
                await asyncio.to_thread(file.write_text, picture, "utf-8")
            except OSError as error:
                refusal = StorageError(f"{file}: {error.strerror or error}")
                self.complain(refusal, "write the picture")
            else:
                self.copy(str(file), "its path")
                self.say(f"picture in {file} (path copied)")

        self.begin(work)

    def action_help(self) -> None:
        """Show all keys."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.current_mode))

    def action_notes(self) -> None:
        """Show what the topology file says without effect."""
        from meshdev.tui.screens.notes import NotesScreen  # noqa: PLC0415 -- not before it is needed

        system = self.picture.system
        if system is not None and system.notes:
            self.push_screen(NotesScreen(system))
        else:
            self.say("the topology file says nothing without effect")

    def action_toggle_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT if self.current_theme.dark else DARK

    # --- defects ----------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Textual's way to die: keep the traceback for the report instead of printing it."""
        self.defect = traceback.format_exc()
        self._close_messages_no_wait()
