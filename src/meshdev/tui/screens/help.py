"""``?``: every key, and what the shapes mean. Made from the tables, so it can't be wrong."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from meshdev.tui import states
from meshdev.tui.cells import pad, wrap_words
from meshdev.tui.keys import APP_KEYS, PLACES, Key
from meshdev.tui.tone import Span, Tone
from meshdev.tui.widgets.span_view import SpanView

_WRITTEN, _LEAST = 8, 20  # cells of a key as it is written, of what is said about it
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
        self._fill()
        self.query_one(SpanView).focus()

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        view = self.query_one(SpanView)
        view.show_lines(help_lines(self._mode, view.room))


def help_lines(mode: str, width: int) -> list[list[Span]]:
    """The keys of the screen in front, those that work everywhere, the shapes, then the other screens' keys."""
    here = [group for place in PLACES if place.mode == mode for group in place.groups]
    others = [group for place in PLACES if place.mode != mode for group in place.groups if group not in here]
    lines = [line for group in (*here, APP_KEYS) for line in _group(group, width)]
    lines.append([Span("States", Tone.TITLE)])
    for state, meaning in _STATES:
        lines.append([Span(pad(str(state), 13), state.tone), Span(meaning, Tone.TEXT)])
    lines.append([])
    return [*lines, *(line for group in others for line in _group(group, width))][:-1]


def _group(keys: Sequence[Key], width: int) -> list[list[Span]]:
    if not keys:
        return []
    return [[Span(keys[0].group, Tone.TITLE)], *(line for key in keys for line in _key(key, width)), []]


def _key(key: Key, width: int) -> Iterator[list[Span]]:
    """What it does, broken into lines where it is longer than one."""
    first, *more = wrap_words(key.text, max(_LEAST, width - _WRITTEN))
    yield [Span(pad(key.written, _WRITTEN), Tone.KEY), Span(first, Tone.TEXT)]
    yield from ([Span(" " * _WRITTEN), Span(line, Tone.TEXT)] for line in more)
