"""The form for a fault: where, what, how long. What is offered comes from the catalogue, what is wrong is told at once.

Each field is a line of text as on the command line; below stands what could be written in the one that has the
keyboard, and below that what the whole comes to, or why it cannot be.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, OptionList, Static

from meshdev.errors import MeshdevError
from meshdev.kernel.quantity import format_duration
from meshdev.traffic.faults.describe import words
from meshdev.traffic.faults.reading import read_toggle
from meshdev.traffic.faults.target import written
from meshdev.tui.cells import clean, cut, pad
from meshdev.tui.chaos.cells import arrow
from meshdev.tui.chaos.desk import ChaosDesk
from meshdev.tui.chaos.offers import (
    DIRECTIONS,
    MATCHES,
    WORDS,
    Offer,
    offered_faults,
    offered_targets,
    word_at,
)
from meshdev.tui.chaos.quick import Typed
from meshdev.tui.screens.form import Form, problem

_ROWS: Final = (
    (("target", "Where", 0),),
    (("faults", "What", 0),),
    (("duration", "For", 12), ("percentage", "Share", 12), ("ramp", "Ramp", 12)),
    (("match", "Only", 0),),
    (("direction", "Way", 12), ("seed", "Seed", 12), ("name", "Name", 0)),
)
_HINTS: Final = {
    "target": "orders -> payments, * -> payments, payments, team:billing, a,b | c",
    "faults": "latency=300ms±50ms status=503@10%",
    "duration": "until ended",
    "percentage": "100%",
    "match": "method=POST path=/charges/*",
}
_WIDE = 26


class FaultForm(Form):
    """See the module. ``typed`` is what the fields begin with."""

    def __init__(self, desk: ChaosDesk, typed: Typed, targets: Sequence[Offer]) -> None:
        super().__init__()
        self._desk = desk
        self._typed = typed
        self._targets = targets
        self._field = "faults" if typed.target else "target"
        self._offers: list[Offer] = []
        self._refusal = ""

    def compose(self) -> ComposeResult:
        """Fields, what could be written, what it comes to."""
        with Vertical(id="box") as box:
            box.border_title = "⚡ Add a fault"
            for row in _ROWS:
                with Horizontal():
                    for number, (name, title, width) in enumerate(row):
                        yield Label(title, classes="later" if number else "")
                        value = getattr(self._typed, name)
                        field = Input(
                            value, _HINTS.get(name, ""), compact=True, select_on_focus=False, id=name
                        )
                        field.set_class(bool(width), "short")
                        yield field
            yield OptionList(markup=False, id="offers")
            yield Static(id="said", markup=False)
            yield Static("Enter add   Tab next field   ↓ choose   Esc leave", id="hint", markup=False)

    async def on_mount(self) -> None:
        """The keyboard is where something is still to be said."""
        field = self.field()
        self.set_focus(field)
        field.cursor_position = len(field.value)
        self._offer()
        self._say()
        self.run_worker(self._learn())

    async def _learn(self) -> None:
        try:
            await self._desk.catalogue()
        except MeshdevError as error:
            self._refuse(error)
        self._offer()

    # --- what stands there --------------------------------------------------------------------------

    @property
    def typed(self) -> Typed:
        """What the fields say."""
        return replace(self._typed, **{field.id or "": field.value for field in self.query(Input)})

    def field(self) -> Input:
        """The one that had the keyboard last."""
        return self.query_one(f"#{self._field}", Input)

    def _offer(self) -> None:
        """Show what could be written in the field."""
        field = self.field()
        match self._field:
            case "target":
                self._offers = offered_targets(self._targets, field.value)
            case "faults":
                self._offers = offered_faults(self._desk.kinds, field.value, field.cursor_position)
            case "direction":
                self._offers = list(DIRECTIONS)
            case "match":
                self._offers = list(MATCHES)
            case other:
                self._offers = [Offer("", WORDS[other], "")]
        wide = min(_WIDE, max((len(offer.shown) for offer in self._offers), default=0))
        room = max(20, self.choices.size.width - 2 or 80)
        self.show_choices([_line(offer, wide, room) for offer in self._offers])

    def _say(self) -> None:
        """What it comes to, or why it cannot be."""
        said, wrong = self._refusal, bool(self._refusal)
        if not said and not self.typed.target.strip():
            said = "Where?"
        elif not said:
            try:
                toggle = read_toggle("fault", self.typed.table())
            except MeshdevError as error:
                said, wrong = problem(error), True
            else:
                ends = (
                    f", for {format_duration(toggle.duration)}"
                    if toggle.duration
                    else ", until somebody ends it"
                )
                said = f"⚡ {'; '.join(map(words, toggle.specs))} at {arrow(written(toggle.target))}{ends}"
        self.tell(said, wrong=wrong)

    def _refuse(self, error: MeshdevError) -> None:
        self._refusal = problem(error)
        self._say()

    # --- typing -----------------------------------------------------------------------------------

    @on(Input.Changed)
    def _changed(self) -> None:
        self._refusal = ""
        self._offer()
        self._say()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Another field, other offers."""
        if isinstance(event.widget, Input) and event.widget.id and event.widget.id != self._field:
            self._field = event.widget.id
            self._offer()

    def choose(self, number: int) -> None:
        """A target or a way as a whole, of anything else the word at the cursor."""
        offer = self._offers[number]
        field = self.field()
        if offer.text and self._field in {"target", "direction"}:
            field.value = offer.text
            field.cursor_position = len(offer.text)
        elif offer.text:
            begin, end = word_at(field.value, field.cursor_position)
            field.value = field.value[:begin] + offer.text + field.value[end:]
            place = begin + len(offer.text)
            field.cursor_position = (
                place - len(offer.text.partition("@")[2]) - 1 if "=@" in offer.text else place
            )

    # --- adding -----------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _submitted(self) -> None:
        typed = self.typed
        if not typed.target.strip():
            self.set_focus(self.query_one("#target", Input))
            return

        async def work() -> None:
            try:
                await self._desk.add(typed)
            except MeshdevError as error:
                self._refuse(error)
            else:
                self.dismiss()

        self.run_worker(work(), exclusive=True)


def _line(offer: Offer, wide: int, room: int) -> Text:
    if not offer.about:
        return Text(cut(offer.shown, room))
    text = Text(" " + pad(offer.shown, wide), no_wrap=True)
    text.append("  " + cut(clean(offer.about), max(8, room - wide - 3)), style="dim")
    return text
