"""A question that is answered with yes or no, before something that cannot be taken back."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.tui.cells import clean, cut

WIDTH = 54
"""Cells of a line."""


class Question(ModalScreen[bool]):
    """Answers whether. ``body`` are lines of what it is about, ``about`` a remark; ``again`` is the key that asked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "Do it", show=False),
        Binding("escape,n,q", "answer(False)", "Leave it", show=False),
    ]

    DEFAULT_CSS = """
    Question {
        align: center middle;
        background: $background 60%;
        #box {
            width: 60; max-width: 96%; height: auto;
            background: $panel; padding: 1 2;
            border: round $bad;
            border-title-color: $foreground; border-title-style: bold;
        }
        Static { height: auto; }
        #about { color: $muted; margin-top: 1; }
        #hint { color: $muted; margin-top: 1; }
    }
    """

    def __init__(self, title: str, body: str, hint: str, *, about: str = "", again: str = "") -> None:
        super().__init__()
        self._title = title
        self._body = body
        self._about = about
        self._hint = hint
        if again:
            self._bindings.bind(again, "answer(True)", show=False)

    def compose(self) -> ComposeResult:
        """What it is about, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = cut(clean(self._title), WIDTH - 2)
            yield Static("\n".join(cut(clean(line), WIDTH) for line in self._body.splitlines()), markup=False)
            if self._about:
                yield Static(self._about, id="about", markup=False)
            yield Static(self._hint, id="hint", markup=False)

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 -- an action's parameter
        """Close with the answer."""
        self.dismiss(answer)
