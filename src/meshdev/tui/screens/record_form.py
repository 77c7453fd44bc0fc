"""The form for a recording: its name, and of what. What is offered is what the system has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from meshdev.errors import MeshdevError
from meshdev.tui.cells import clean, cut, pad
from meshdev.tui.recordings.offers import Offer, offered, request_of, words_of, written_into

if TYPE_CHECKING:
    from meshdev.tui.recordings.desk import RecordingDesk
    from meshdev.wire.recording_views import RecordRequest

_WIDE = 40
_ROOM = 80
_PROBLEM_LINES = 3


class RecordForm(ModalScreen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "turn", "Other field", show=False, priority=True),
        Binding("escape", "leave", "Leave it", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    RecordForm {
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
        Input, Input:focus { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
        Input:focus { background: $cursor; }
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

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @on(Input.Changed)
    def _offer(self) -> None:
        """Show what could be written, and what it comes to."""
        self._offers = offered(self._all, self._what.value)
        wide = min(_WIDE, max((len(offer.text) for offer in self._offers), default=0))
        self._list.clear_options()
        self._list.add_options([Option(_line(offer, wide)) for offer in self._offers])
        self._list.highlighted = 0 if self._offers else None
        self._say(words_of(request_of(self._called.value, self._what.value)), wrong=False)

    def _say(self, text: str, *, wrong: bool) -> None:
        said = self.query_one("#said", Static)
        said.set_class(wrong, "-wrong")
        said.update("\n".join(clean(line) for line in text.splitlines()))

    def on_key(self, event: events.Key) -> None:
        """Down goes into the list, up from its first line back."""
        if event.key == "down" and isinstance(self.focused, Input) and self._offers:
            event.stop()
            event.prevent_default()
            self.set_focus(self._list)
            self._list.highlighted = 0
        elif event.key == "up" and self.focused is self._list and not self._list.highlighted:
            event.stop()
            event.prevent_default()
            self.set_focus(self._what)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        """Write what was chosen."""
        self._what.value = written_into(self._what.value, self._offers[event.option_index].text)
        self._what.cursor_position = len(self._what.value)
        self.set_focus(self._what)

    def action_turn(self) -> None:
        """To the other field."""
        self.set_focus(self._what if self.focused is self._called else self._called)

    def action_leave(self) -> None:
        """From the list back to the field, from there out."""
        if self.focused is self._list:
            self.set_focus(self._what)
        else:
            self.dismiss()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._start(request_of(self._called.value, self._what.value))

    @work(exclusive=True)
    async def _start(self, request: "RecordRequest") -> None:
        try:
            await self._desk.start(request)
        except MeshdevError as error:
            lines = [*error.message.splitlines(), *error.hint.splitlines()]
            self._say("✕ " + "\n  ".join(lines[:_PROBLEM_LINES]), wrong=True)
        else:
            self.dismiss()


def _line(offer: Offer, wide: int) -> Text:
    text = Text(" " + pad(clean(offer.text).replace("->", "→"), wide), no_wrap=True)
    text.append("  " + cut(offer.about, max(8, _ROOM - wide)), style="dim")
    return text
