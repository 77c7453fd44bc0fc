"""The question before a recording is removed."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.tui import units
from meshdev.tui.cells import clean, cut

if TYPE_CHECKING:
    from meshdev.storage.recordings import Summary

_WIDTH = 52


class RecordingRemoval(ModalScreen[bool]):
    """Answers whether."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y,d", "answer(True)", "Remove it", show=False),
        Binding("escape,n,q", "answer(False)", "Keep it", show=False),
    ]

    DEFAULT_CSS = """
    RecordingRemoval {
        align: center middle;
        background: $background 60%;
        #box {
            width: 60; max-width: 96%; height: auto;
            background: $panel; padding: 1 2;
            border: round $bad;
            border-title-color: $foreground; border-title-style: bold;
        }
        Static { height: auto; }
        #hint { color: $muted; margin-top: 1; }
    }
    """

    def __init__(self, name: str, summary: "Summary | None") -> None:
        super().__init__()
        self._recording = name
        self._summary = summary

    def compose(self) -> ComposeResult:
        """Which, and what that means."""
        about = "It is gone for good."
        if self._summary is not None and self._summary.exchanges is not None:
            size = units.size(self._summary.bytes)
            about = f"{units.plural(self._summary.exchanges, 'call')}, {size}B, are gone for good."
        with Vertical(id="box") as box:
            box.border_title = cut(f"Remove {clean(self._recording)}?", _WIDTH)
            yield Static(about, markup=False)
            yield Static("Enter remove it   Esc keep it", id="hint", markup=False)

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 -- an action's parameter
        """Close with the answer."""
        self.dismiss(answer)
