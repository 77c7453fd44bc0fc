"""The system goes down: who is still there and for how long, and a way to press harder."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from meshdev.tui import units
from meshdev.tui.cells import clean, pad
from meshdev.tui.model import Link, Picture, blockers
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView

MOST = 3
"""The most urgent way to stop."""

_SHOWN = 10
_URGENCY = {
    1: "Every service has been asked to end.",
    2: "The grace has been cut short.",
    3: "What is left is being killed.",
}
_NEXT = {1: "ctrl+c  hurry", 2: "ctrl+c  kill what is left", 3: ""}


class StoppingScreen(ModalScreen[None]):
    """Shows progress until the application ends. Pressing harder is the application's business."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,x,enter", "app.interrupt", "Press harder", show=False),
        Binding("escape", "app.abandon", "Don't wait", show=False),
    ]

    DEFAULT_CSS = """
    StoppingScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 86; max-width: 96%; height: auto;
            background: $panel; padding: 1 2;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
        }
        #urgency { height: auto; color: $foreground; margin-bottom: 1; }
        SpanView { height: auto; max-height: 12; background: $panel; padding: 0; }
        #hint { height: 1; color: $muted; margin-top: 1; }
    }
    """

    def __init__(self, urgency: int) -> None:
        super().__init__()
        self.urgency = urgency

    def compose(self) -> ComposeResult:
        """What was asked for, who blocks, what can be done."""
        with Vertical(id="box") as box:
            box.border_title = "Stopping the system"
            yield Static(id="urgency", markup=False)
            yield SpanView(id="blockers")
            yield Static(id="hint", markup=False)

    def show(self, picture: Picture, now: float, urgency: int) -> None:
        """Draw the progress."""
        self.urgency = urgency
        self.query_one("#urgency", Static).update(_URGENCY[urgency])
        left = blockers(picture.services)
        lines = []
        for service, state in left[:_SHOWN]:
            pids = [str(instance.pid) for instance in service.instances if instance.pid is not None]
            pid = f"pid {' '.join(pids[:3])}" if pids else ""
            lines.append(
                [
                    Span(f"{state.shape} ", state.tone),
                    Span(pad(clean(service.name), 26), Tone.STRONG),
                    Span(pad(units.age(now - service.since), 6, right=True), Tone.MUTED),
                    Span(f"  {pid}  {clean(service.why)}", Tone.MUTED),
                ]
            )
        if len(left) > _SHOWN:
            lines.append([Span(f"  and {len(left) - _SHOWN} more", Tone.MUTED)])
        if not left:
            last = "The daemon is ending." if picture.link is Link.CONNECTED else "The daemon has ended."
            lines.append([Span("✓ ", Tone.OK), Span(f"No service is left. {last}", Tone.TEXT)])
        self.query_one("#blockers", SpanView).show_lines(lines)
        hint = "   ".join(part for part in (_NEXT[urgency], "Esc  don't wait for the end") if part)
        self.query_one("#hint", Static).update(hint)
