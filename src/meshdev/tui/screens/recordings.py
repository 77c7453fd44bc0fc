"""The recordings of the project: what each is, and what can be done with it."""

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.errors import MeshdevError
from meshdev.tui.recordings.shelf import COLUMNS, rows_of
from meshdev.tui.widgets.live_table import LiveTable

if TYPE_CHECKING:
    from meshdev.tui.recordings.desk import RecordingDesk

_NONE = "There is no recording yet.\nR in Traffic makes one; K saves the last five minutes after the fact."
_LEAVE = "Esc close"
_HINTS = ("Enter calls", "v verify", "p replay", "e export", "s play a service", "d remove", "R stop", _LEAVE)
_TICK = 0.5


class RecordingsPanel(ModalScreen[str | None]):
    """Answers the name of the one to open, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify", show=False),
        Binding("p", "replay", "Replay", show=False),
        Binding("e", "export", "Export", show=False),
        Binding("s", "stand_in", "Play a service", show=False),
        Binding("d,delete", "remove", "Remove", show=False),
        Binding("R", "stop", "Stop recording", show=False),
        Binding("escape,q,B", "dismiss", "Close", show=False),
    ]

    DEFAULT_CSS = """
    RecordingsPanel {
        align: center middle;
        background: $background 60%;
        #box {
            width: 120; max-width: 98%; height: 80%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        LiveTable { height: 1fr; background: $panel; }
        #hint { height: auto; color: $muted; }
    }
    """

    def __init__(self, desk: "RecordingDesk", at: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._at = at
        self._trouble = "Reading the recordings …"

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="box") as box:
            box.border_title = "Recordings"
            yield LiveTable(COLUMNS)
            yield Static(_LEAVE, id="hint", markup=False)

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one(LiveTable)

    def on_mount(self) -> None:
        """Read what there is, and look again: one may be under way."""
        self.table.focus()
        self._show()
        self.learn()
        self.set_interval(_TICK, self._look)

    def on_screen_resume(self) -> None:
        """Back from a dialog: something may have changed."""
        self.learn()

    @work(exclusive=True, group="learn")
    async def learn(self) -> None:
        """Read the recordings anew."""
        try:
            await self._desk.refresh()
            self._trouble = ""
        except MeshdevError as error:
            self._trouble = f"✕ {error.message}\n{error.hint}"
        self._show()
        if self._at:
            self.table.move_to(self._at)
            self._at = ""

    def _look(self) -> None:
        known = {one.meta.name for one in self._desk.summaries if one.exchanges is None}
        if known != {view.name for view in self._desk.active}:
            self.learn()
        self._show()

    def _show(self) -> None:
        rows = rows_of(self._desk.summaries, self._desk.active)
        self.table.show_rows(rows, empty=self._trouble or _NONE)
        self.query_one("#hint", Static).update("   ".join(_HINTS) if rows else _LEAVE)

    @property
    def _chosen_name(self) -> str:
        return self.table.cursor or ""

    @on(LiveTable.Chosen)
    def _chosen(self, event: LiveTable.Chosen) -> None:
        self.dismiss(event.key)

    def action_verify(self) -> None:
        """Is it still true?"""
        if self._chosen_name:
            self._desk.replay(self._chosen_name)

    def action_replay(self) -> None:
        """Send its requests to a live service."""
        if self._chosen_name:
            self._desk.ask_replay(self._chosen_name)

    def action_export(self) -> None:
        """Write it in another format."""
        if self._chosen_name:
            self._desk.ask_format(self._chosen_name)

    def action_stand_in(self) -> None:
        """Have it play a service."""
        if self._chosen_name:
            self._desk.ask_stand_in(self._chosen_name)

    def action_remove(self) -> None:
        """Ask, then remove it."""
        if self._chosen_name:
            self._desk.ask_removal(self._chosen_name, self.learn)

    def action_stop(self) -> None:
        """Close the one under the cursor, if it is under way."""
        if any(view.name == self._chosen_name for view in self._desk.active):
            self._desk.stop(self._chosen_name)
