"""Choosing the services whose lines are shown."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, SelectionList
from textual.widgets.selection_list import Selection

from meshdev.tui.cells import clean, cut_middle
from meshdev.tui.hues import hue

_WIDTH = 40


class ServiceChooser(ModalScreen[tuple[str, ...] | None]):
    """Answers the chosen names; none chosen, or all, is all; None when the choice was dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Show these", show=False, priority=True),
        Binding("a", "all", "All, or none", show=False),
        Binding("o", "only", "Only this one", show=False),
        Binding("escape,q", "drop", "Leave it", show=False),
    ]

    DEFAULT_CSS = """
    ServiceChooser {
        align: center middle;
        background: $background 60%;
        & > Vertical { width: 50; height: auto; max-height: 90%; background: $panel; padding: 1 2; }
        & Label { width: 1fr; color: $muted; }
        & #title { color: $foreground; text-style: bold; margin-bottom: 1; }
        & SelectionList, & SelectionList:focus {
            background: $panel; border: none; padding: 0; height: auto; max-height: 24;
            scrollbar-size-vertical: 1;
            & > .option-list--option-highlighted { background: $cursor; text-style: bold; }
            & > .selection-list--button { color: $panel; background: $panel; }
            & > .selection-list--button-highlighted { color: $cursor; background: $cursor; }
            & > .selection-list--button-selected { color: $accent; background: $panel; }
            & > .selection-list--button-selected-highlighted { color: $accent; background: $cursor; }
        }
        & #keys { margin-top: 1; }
    }
    """

    def __init__(self, names: Sequence[str], chosen: Sequence[str], *, dark: bool) -> None:
        super().__init__()
        self._names = tuple(names)
        self._chosen = frozenset(chosen)
        self._dark = dark

    def compose(self) -> ComposeResult:
        """A list with marks."""
        with Vertical():
            yield Label("Whose lines", id="title")
            yield SelectionList[str](
                *(
                    Selection(
                        Text(cut_middle(clean(name), _WIDTH), hue(number, dark=self._dark)),
                        name,
                        not self._chosen or name in self._chosen,
                    )
                    for number, name in enumerate(self._names)
                )
            )
            yield Label("Space mark   o only this   a all", id="keys")
            yield Label("Enter show   Esc leave it")

    @property
    def _list(self) -> SelectionList[str]:
        return self.query_one(SelectionList)

    def action_take(self) -> None:
        """Show the marked ones."""
        chosen = set(self._list.selected)
        everything = not chosen or len(chosen) == len(self._names)
        self.dismiss(() if everything else tuple(name for name in self._names if name in chosen))

    def action_only(self) -> None:
        """Show the one under the cursor."""
        at = self._list.highlighted
        if at is not None:
            self.dismiss((self._names[at],))

    def action_all(self) -> None:
        """Mark all, or none when all are."""
        if len(self._list.selected) == len(self._names):
            self._list.deselect_all()
        else:
            self._list.select_all()

    def action_drop(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
