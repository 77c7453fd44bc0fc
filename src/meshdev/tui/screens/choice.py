"""A few things to choose one from."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshdev.tui.cells import clean, cut, pad

_MOST_NAME = 24
_WIDTH = 64


class Choice(ModalScreen[str | None]):
    """Answers the name that was chosen, or None; ``options`` are (name, what it is)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Leave it", show=False)]

    DEFAULT_CSS = """
    Choice {
        align: center middle;
        background: $background 60%;
        #box {
            width: 70; max-width: 98%; height: auto; max-height: 90%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        OptionList, OptionList:focus {
            height: auto; max-height: 16; border: none; padding: 0; margin: 1 0;
            background: $panel; background-tint: $panel 0%; scrollbar-size-vertical: 1;
        }
        OptionList:focus > .option-list--option-highlighted { background: $cursor; color: $foreground; }
        #hint { height: 1; color: $muted; }
    }
    """

    def __init__(self, title: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._options = tuple(options)

    def compose(self) -> ComposeResult:
        """The list."""
        wide = min(_MOST_NAME, max((len(name) for name, _ in self._options), default=0))
        with Vertical(id="box") as box:
            box.border_title = clean(self._title)
            yield OptionList(
                *(Option(_line(name, about, wide)) for name, about in self._options), markup=False
            )
            yield Static("Enter choose   Esc leave it", id="hint", markup=False)

    def on_mount(self) -> None:
        """Begin with the first."""
        found = self.query_one(OptionList)
        found.focus()
        found.highlighted = 0 if self._options else None

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


def _line(name: str, about: str, wide: int) -> Text:
    text = Text(" " + pad(clean(name), wide), no_wrap=True)
    text.append("  " + cut(clean(about), _WIDTH - wide), style="dim")
    return text
