"""A replay under way, and its report by route and field. It goes on when this is closed."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.tui.cells import clean, cut, wrap_words
from meshdev.tui.recordings.report_lines import report_lines
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView

if TYPE_CHECKING:
    from meshdev.tui.recordings.desk import RecordingDesk, ReplayRun

_BAR = 30


class ReplayReport(ModalScreen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "End it", show=False),
        Binding("escape,q", "dismiss", "Close", show=False),
    ]

    DEFAULT_CSS = """
    ReplayReport {
        align: center middle;
        background: $background 60%;
        #box {
            width: 110; max-width: 98%; height: 80%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        SpanView { height: 1fr; background: $panel; padding: 0; }
        #hint { height: 1; color: $muted; }
    }
    """

    def __init__(self, desk: "RecordingDesk") -> None:
        super().__init__()
        self._desk = desk

    def compose(self) -> ComposeResult:
        """How far it is, then the report."""
        with Vertical(id="box") as box:
            box.border_title = "Replay"
            yield SpanView()
            yield Static("↑↓ scroll   x end it   Esc close (it goes on)", id="hint", markup=False)

    def on_mount(self) -> None:
        """Look again and again."""
        self.query_one(SpanView).focus()
        self.set_interval(0.2, self.show)
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Draw what is known."""
        run, view = self._desk.run, self.query_one(SpanView)
        if run is not None:
            self.query_one("#box", Vertical).border_title = cut(f"Replay: {clean(run.title)}", 60)
            view.show_lines(run_lines(run, view.room))

    def action_stop(self) -> None:
        """End the one that is under way."""
        self._desk.end_replay()


def run_lines(run: "ReplayRun", width: int) -> list[list[Span]]:
    """A bar while it is under way, the reports of all services when it is over."""
    if run.trouble:
        return [[Span(part, Tone.BAD)] for part in wrap_words(f"✕ {clean(run.trouble)}", width)]
    if run.running:
        full = int(_BAR * run.done / run.of) if run.of else 0
        bar = [Span("━" * full, Tone.ACCENT), Span("─" * (_BAR - full), Tone.FAINT)]
        to = f"  {clean(run.service)}" if run.service else ""
        return [
            [Span("◐ ", Tone.BUSY), *bar, Span(f"  {run.done}/{run.of}", Tone.STRONG), Span(to, Tone.MUTED)]
        ]
    lines: list[list[Span]] = []
    for service, outcome in run.outcomes:
        lines += [[]] if lines else []
        lines += report_lines(service, outcome, width)
    return lines
