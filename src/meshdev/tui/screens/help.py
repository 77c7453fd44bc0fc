"""``?``: every key, and what the shapes mean. Made from the tables, so it can't be wrong."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshdev.tui import states
from meshdev.tui.cells import pad
from meshdev.tui.keys import APP_KEYS, PLACES, Key
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView

_STATES = (
    (states.HEALTHY, "serves; `running` when it has no probe"),
    (states.UNHEALTHY, "runs, but its probe fails"),
    (states.STARTING, "on its way up"),
    (states.WAITING, "waits for others; the why column says for whom"),
    (states.BACKOFF, "ended, will be started again"),
    (states.STOPPING, "on its way down"),
    (states.STOPPED, "stopped on purpose"),
    (states.DONE, "finished its work"),
    (states.GAVE_UP, "failed; stays down until you start it"),
)


class HelpScreen(ModalScreen[None]):
    """Closes with Escape, ``?`` or ``q``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", show=False),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        #box {
            width: 76; max-width: 96%; height: auto; max-height: 92%;
            background: $panel; padding: 0 1;
            border: round $primary;
            border-title-color: $foreground; border-title-style: bold;
            border-subtitle-color: $muted;
        }
        SpanView { height: auto; max-height: 100%; background: $panel; }
    }
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def compose(self) -> ComposeResult:
        """One long list."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            yield SpanView()

    def on_mount(self) -> None:
        """Fill it."""
        view = self.query_one(SpanView)
        view.show_lines(help_lines(self._mode))
        view.focus()


def help_lines(mode: str) -> list[list[Span]]:
    """The keys of the screen in front, those that work everywhere, the shapes, then the other screens' keys."""
    here = [group for place in PLACES if place.mode == mode for group in place.groups]
    others = [group for place in PLACES if place.mode != mode for group in place.groups if group not in here]
    lines = [line for group in (*here, APP_KEYS) for line in _group(group)]
    lines.append([Span("States", Tone.TITLE)])
    for state, meaning in _STATES:
        lines.append([Span(pad(str(state), 13), state.tone), Span(meaning, Tone.TEXT)])
    lines.append([])
    return [*lines, *(line for group in others for line in _group(group))][:-1]


def _group(keys: Sequence[Key]) -> list[list[Span]]:
    if not keys:
        return []
    return [[Span(keys[0].group, Tone.TITLE)], *(_key(key) for key in keys), []]


def _key(key: Key) -> list[Span]:
    return [Span(pad(key.written, 8), Tone.KEY), Span(key.text, Tone.TEXT)]
