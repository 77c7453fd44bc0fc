"""The line that a filter or a search is typed into; every change counts at once, Enter keeps it, Escape drops it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class Prompt(Horizontal):
    """Hidden until `ask`. Posts `Edited` with each change and `Closed` at the end."""

    DEFAULT_CSS = """
    Prompt {
        height: 1;
        background: $panel;
        display: none;
        & Label { width: auto; padding: 0 1; color: $accent; text-style: bold; }
        & Input, & Input:focus { width: 1fr; border: none; height: 1; padding: 0; background: $panel; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "Drop", show=False)]

    class Edited(Message):
        """What is typed has changed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Closed(Message):
        """Typing has ended; ``kept`` says whether what was typed stays in force."""

        def __init__(self, purpose: str, *, kept: bool) -> None:
            super().__init__()
            self.purpose = purpose
            self.kept = kept

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._purpose = ""

    @property
    def purpose(self) -> str:
        """What it was opened for."""
        return self._purpose

    def compose(self) -> ComposeResult:
        """A sign and a field."""
        yield Label("/")
        yield Input(compact=True, select_on_focus=False)

    def ask(self, purpose: str, sign: str, text: str, hint: str) -> None:
        """Open for ``purpose``, beginning with ``text``."""
        self._purpose = purpose
        self.query_one(Label).update(sign)
        field = self.query_one(Input)
        field.placeholder = hint
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        # At once, not with the next refresh: what is typed next is meant for the field.
        self.display = True
        self.screen.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on."""
        event.stop()
        self.post_message(self.Edited(self._purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self._close(kept=bool(event.value))

    def action_drop(self) -> None:
        """Drop it."""
        self._close(kept=False)

    def _close(self, *, kept: bool) -> None:
        self.display = False
        self.post_message(self.Closed(self._purpose, kept=kept))
