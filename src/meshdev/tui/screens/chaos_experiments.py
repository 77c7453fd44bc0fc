"""Experiments: choose one, watch it, read its verdict. It goes on when this is closed."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshdev.errors import MeshdevError
from meshdev.kernel.quantity import format_duration
from meshdev.tui.cells import clean, pad, wrap_words
from meshdev.tui.chaos.desk import ChaosDesk
from meshdev.tui.chaos.trial import Trial, Verdict
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 24


class ExperimentsScreen(ModalScreen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "End it", show=False),
        Binding("escape,q,E", "dismiss", "Close", show=False),
    ]

    DEFAULT_CSS = """
    ExperimentsScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 100; max-width: 98%; height: 80%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        OptionList, OptionList:focus {
            height: auto; max-height: 40%; border: none; padding: 0; margin-bottom: 1;
            background: $panel; background-tint: $panel 0%;
        }
        OptionList:focus > .option-list--option-highlighted { background: $cursor; color: $foreground; }
        SpanView { height: 1fr; background: $panel; padding: 0; }
        #hint { height: 1; color: $muted; }
    }
    """

    def __init__(self, desk: ChaosDesk) -> None:
        super().__init__()
        self._desk = desk
        self._trials: Sequence[Trial] = ()
        self._trouble = ""

    def compose(self) -> ComposeResult:
        """The list, and what there is to say about the one under the cursor, or the one that runs."""
        with Vertical(id="box") as box:
            box.border_title = "Experiments"
            yield OptionList(markup=False)
            yield SpanView(empty="Reading the topology file …", to_end=True)
            yield Static("Enter run   x end it   Esc close (it goes on)", id="hint", markup=False)

    def on_mount(self) -> None:
        """Ask which there are."""
        self.query_one(OptionList).focus()
        self.run_worker(self._learn())
        self.set_interval(0.2, self.show)

    async def _learn(self) -> None:
        try:
            self._trials = await self._desk.experiments()
        except MeshdevError as error:
            self._trouble = error.message
        options = [
            Option(
                Text.assemble(
                    (pad(clean(trial.name), _WIDTH), "bold"),
                    f" about {format_duration(round(trial.seconds))}",
                )
            )
            for trial in self._trials
        ]
        self.query_one(OptionList).add_options(options)
        if options:
            self.query_one(OptionList).highlighted = 0
        elif not self._trouble:
            self._trouble = "There is no experiment: [experiments.NAME] in the topology file names one."
        self.show()

    @property
    def _trial(self) -> Trial | None:
        at = self.query_one(OptionList).highlighted
        return self._trials[at] if at is not None and at < len(self._trials) else None

    @on(OptionList.OptionHighlighted)
    def show(self) -> None:
        """Draw what is known."""
        view, trial, run = self.query_one(SpanView), self._trial, self._desk.trial
        lines: list[list[Span]] = []
        if self._trouble:
            lines = [[Span(part, Tone.BAD)] for part in wrap_words(clean(self._trouble), view.room)]
        elif run is not None and (run.running or trial is None or run.name == trial.name):
            lines = _head(run.name, "runs" if run.running else "")
            lines += [[Span(part)] for line in run.lines for part in wrap_words(clean(line), view.room)]
            lines += _verdict(run.verdict, view.room) if run.verdict is not None else []
        elif trial is not None:
            lines = _about(trial, view.room)
        view.show_lines(lines)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        if self._trial is not None:
            self._desk.run_trial(self._trial.name)

    def action_stop(self) -> None:
        """End the one that runs; it undoes what it did."""
        self._desk.end_trial()


def _head(name: str, word: str) -> list[list[Span]]:
    return [[Span(clean(name), Tone.STRONG), Span(f"  ◐ {word}" if word else "", Tone.BUSY)]]


def _about(trial: Trial, width: int) -> list[list[Span]]:
    rows = [("", trial.hypothesis)]
    rows += [("steady", text) for text in trial.steady_state]
    rows += [("load", trial.load)] if trial.load else []
    rows += [("then", text) for text in trial.timeline]
    lines = _head(trial.name, "")
    for label, text in rows:
        parts = wrap_words(clean(text), max(8, width - 8))
        lines += [
            [Span(pad("" if number else label, 8), Tone.MUTED), Span(part)]
            for number, part in enumerate(parts)
        ]
    return lines


def _verdict(verdict: Verdict, width: int) -> list[list[Span]]:
    shape, tone = ("✓", Tone.OK) if verdict.holds else ("✕", Tone.ALERT)
    lines: list[list[Span]] = [[], [Span(f"{shape} {clean(verdict.verdict)}", tone)]]
    lines += [[Span(part)] for part in wrap_words(clean(verdict.summary), width)]
    if verdict.broke is not None:
        lines.append([Span(f"broke after {verdict.broke:.1f} s", Tone.WARN)])
    if verdict.recovery is not None:
        lines.append([Span(f"recovered within {verdict.recovery:.1f} s", Tone.MUTED)])
    return lines
