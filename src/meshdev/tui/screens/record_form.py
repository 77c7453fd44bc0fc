"""The form for a recording: its name, and of what. What is offered is what the system has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, OptionList, Static

from meshdev.errors import MeshdevError
from meshdev.tui.cells import clean, cut, pad
from meshdev.tui.recordings.offers import Offer, offered, request_of, words_of, written_into
from meshdev.tui.screens.form import Form, problem

if TYPE_CHECKING:
    from meshdev.tui.recordings.desk import RecordingDesk
    from meshdev.wire.recording_views import RecordRequest

_WIDE = 40
_ROOM = 80


class RecordForm(Form):
    """See the module."""

    def __init__(self, desk: "RecordingDesk", offers: Sequence[Offer]) -> None:
        super().__init__()
        self._desk = desk
        self._all = tuple(offers)
        self._offers: list[Offer] = []

    def compose(self) -> ComposeResult:
        """Two fields, what could be written, what it comes to."""
        with Vertical(id="box") as box:
            box.border_title = "● Record"
            for name, title, hint in (("name", "Name", "by the time"), ("what", "What", "everything")):
                with Horizontal():
                    yield Label(title)
                    yield Input("", hint, compact=True, select_on_focus=False, id=name)
            yield OptionList(markup=False, id="offers")
            yield Static(id="said", markup=False)
            yield Static("Enter record   Tab other field   ↓ choose   Esc leave", id="hint", markup=False)

    def on_mount(self) -> None:
        """The keyboard is on the name; Enter records everything."""
        self.set_focus(self._called)
        self._offer()

    @property
    def _called(self) -> Input:
        return self.query_one("#name", Input)

    @property
    def _what(self) -> Input:
        return self.query_one("#what", Input)

    def field(self) -> Input:
        """Names are made up; only for the other there are offers."""
        return self._what

    @on(Input.Changed)
    def _offer(self) -> None:
        """Show what could be written, and what it comes to."""
        self._offers = offered(self._all, self._what.value)
        wide = min(_WIDE, max((len(offer.text) for offer in self._offers), default=0))
        self.show_choices([_line(offer, wide) for offer in self._offers])
        self.tell(words_of(request_of(self._called.value, self._what.value)), wrong=False)

    def choose(self, number: int) -> None:
        """One more edge or service."""
        self._what.value = written_into(self._what.value, self._offers[number].text)
        self._what.cursor_position = len(self._what.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._start(request_of(self._called.value, self._what.value))

    @work(exclusive=True)
    async def _start(self, request: "RecordRequest") -> None:
        try:
            await self._desk.start(request)
        except MeshdevError as error:
            self.tell(problem(error), wrong=True)
        else:
            self.dismiss()


def _line(offer: Offer, wide: int) -> Text:
    text = Text(" " + pad(clean(offer.text).replace("->", "→"), wide), no_wrap=True)
    text.append("  " + cut(offer.about, max(8, _ROOM - wide)), style="dim")
    return text
