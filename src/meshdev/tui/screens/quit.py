"""The question at the end: stop the system, or leave it running?"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshdev.tui.outcome import Outcome

CANCEL = "cancel"


class QuitScreen(ModalScreen[Outcome | None]):
    """Answers the wish, or None. ``owner``: this terminal started the system, so to stop is what lies first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "answer('stop')", "Stop", show=False),
        Binding("l", "answer('leave')", "Leave", show=False),
        Binding("escape,c,q", "answer('cancel')", "Cancel", show=False),
        Binding("j", "app.simulate_key('down')", "Down", show=False),
        Binding("k", "app.simulate_key('up')", "Up", show=False),
    ]

    DEFAULT_CSS = """
    QuitScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 56; max-width: 96%; height: auto;
            background: $panel; padding: 1 2;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        #about { height: auto; color: $muted; margin-bottom: 1; }
        OptionList, OptionList:focus {
            height: auto; border: none; padding: 0; background: $panel; background-tint: $panel 0%;
        }
        OptionList:focus > .option-list--option-highlighted {
            background: $cursor; color: $foreground; text-style: bold;
        }
    }
    """

    def __init__(self, *, owner: bool, running: int, reachable: bool = True) -> None:
        super().__init__()
        self._owner = owner
        self._live = running
        self._reachable = reachable

    def compose(self) -> ComposeResult:
        """A sentence and three choices."""
        stop = Option(_row("s", "Stop the system"), id="stop")
        leave = Option(_row("l", "Leave it running"), id="leave")
        cancel = Option(_row("Esc", "Stay here"), id=CANCEL)
        choices = [stop, leave, cancel] if self._owner else [leave, stop, cancel]
        with Vertical(id="box") as box:
            box.border_title = "Quit"
            yield Static(self._about(), id="about", markup=False)
            yield OptionList(*choices, markup=False)

    def _about(self) -> str:
        if not self._reachable:
            return "The daemon does not answer now. `meshdev attach` comes back here, `meshdev down` ends everything."
        what = "1 service is" if self._live == 1 else f"{self._live} services are"
        return f"{what} running. `meshdev attach` comes back here."

    def on_mount(self) -> None:
        """The keyboard is on the choices."""
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        choices.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.action_answer(event.option_id or CANCEL)

    def action_answer(self, answer: str) -> None:
        """Close with the answer."""
        self.dismiss(None if answer == CANCEL else Outcome(answer))


def _row(key: str, text: str) -> str:
    return f" {key:<4} {text}"
