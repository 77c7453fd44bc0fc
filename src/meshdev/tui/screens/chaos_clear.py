"""The question before all faults end."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.tui import units
from meshdev.tui.cells import clean, cut
from meshdev.tui.chaos.acting import are_on
from meshdev.tui.chaos.cells import arrow
from meshdev.wire.fault_views import FaultView

_SHOWN = 8
_WIDTH = 54


class ClearScreen(ModalScreen[bool]):
    """Answers whether."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y,X", "answer(True)", "End them", show=False),
        Binding("escape,n,q", "answer(False)", "Leave them", show=False),
    ]

    DEFAULT_CSS = """
    ClearScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 60; max-width: 96%; height: auto;
            background: $panel; padding: 1 2;
            border: round $bad;
            border-title-color: $foreground; border-title-style: bold;
        }
        Static { height: auto; }
        #about { color: $muted; margin: 1 0; }
    }
    """

    def __init__(self, faults: Sequence[FaultView]) -> None:
        super().__init__()
        self._faults = tuple(faults)

    def compose(self) -> ComposeResult:
        """Which, and what that means."""
        on = are_on(self._faults)
        added = sum(fault.origin != "topology" for fault in self._faults)
        names = [f"⚡ {clean(fault.name)}  {clean(arrow(fault.target))}" for fault in on[:_SHOWN]]
        names += [f"and {len(on) - _SHOWN} more"] if len(on) > _SHOWN else []
        leases = sum(bool(fault.lease) for fault in on)
        about = f"{added} that {'was' if added == 1 else 'were'} added will be forgotten. " if added else ""
        about += f"{leases} {'is' if leases == 1 else 'are'} held by a test or script." if leases else ""
        with Vertical(id="box") as box:
            box.border_title = f"End {units.plural(len(on), 'fault')}?"
            yield Static("\n".join(cut(name, _WIDTH) for name in names), markup=False)
            if about:
                yield Static(about, id="about", markup=False)
            yield Static("Enter end all   Esc leave them", id="hint", markup=False)

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 -- an action's parameter
        """Close with the answer."""
        self.dismiss(answer)
