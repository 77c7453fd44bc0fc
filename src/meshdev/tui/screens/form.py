"""A form in a dialog: fields, a list of what could be written in the one at hand, and what the whole comes to.

Down goes from the field into the list, up from its first line back; Enter there writes the line into the field.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshdev.errors import MeshdevError
from meshdev.tui.cells import clean

_PROBLEM_LINES = 3


class Form(ModalScreen[None]):
    """Base of the forms: a screen has its fields, one `OptionList`, and a line with the id ``said``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "turn(-1)", "Field before", show=False, priority=True),
        Binding("escape", "leave", "Leave it", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    Form {
        align: center middle;
        background: $background 60%;
        #box {
            width: 92; max-width: 98%; height: auto; max-height: 96%;
            background: $panel; padding: 0 1;
            border: round $bad;
            border-title-color: $foreground; border-title-style: bold;
        }
        Horizontal { height: 1; }
        Label { width: 7; color: $muted; }
        .later { margin-left: 2; width: 8; }
        Input, Input:focus { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
        Input:focus { background: $cursor; }
        .short, .short:focus { width: 13; }
        OptionList, OptionList:focus {
            height: 9; border: none; padding: 0; margin: 1 0; background: $panel; background-tint: $panel 0%;
            scrollbar-size-vertical: 1;
        }
        OptionList > .option-list--option-highlighted { background: $panel; color: $foreground; text-style: none; }
        OptionList:focus > .option-list--option-highlighted { background: $cursor; text-style: bold; }
        #said { height: auto; max-height: 3; min-height: 1; }
        #said.-wrong { color: $bad; }
        #hint { height: 1; color: $muted; }
    }
    """

    def field(self) -> Input:
        """The field that the list is for."""
        raise NotImplementedError

    def choose(self, number: int) -> None:
        """Write that line of the list into the field."""
        raise NotImplementedError

    @property
    def choices(self) -> OptionList:
        """The list."""
        return self.query_one(OptionList)

    def show_choices(self, lines: Sequence[Text]) -> None:
        """What could be written."""
        self.choices.clear_options()
        self.choices.add_options([Option(line) for line in lines])
        self.choices.highlighted = 0 if lines else None

    def tell(self, text: str, *, wrong: bool) -> None:
        """What it comes to, or why it cannot be."""
        said = self.query_one("#said", Static)
        said.set_class(wrong, "-wrong")
        said.update("\n".join(clean(line) for line in text.splitlines()))

    def on_key(self, event: events.Key) -> None:
        """Down goes into the list, up from its first line back."""
        if event.key == "down" and self.focused is self.field() and self.choices.option_count:
            event.stop()
            event.prevent_default()
            self.set_focus(self.choices)
            self.choices.highlighted = 0
        elif event.key == "up" and self.focused is self.choices and not self.choices.highlighted:
            event.stop()
            event.prevent_default()
            self.set_focus(self.field())

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.choose(event.option_index)
        self.set_focus(self.field())

    def action_turn(self, by: int) -> None:
        """To the next field."""
        fields = list(self.query(Input))
        at = fields.index(self.focused if isinstance(self.focused, Input) else self.field())
        self.set_focus(fields[(at + by) % len(fields)])

    def action_leave(self) -> None:
        """From the list back to the field, from there out."""
        if self.focused is self.choices:
            self.set_focus(self.field())
        else:
            self.dismiss()


def problem(error: MeshdevError) -> str:
    """Why it cannot be, in as many lines as there is room for."""
    lines = [*error.message.splitlines(), *error.hint.splitlines()]
    return "✕ " + "\n  ".join(lines[:_PROBLEM_LINES])
