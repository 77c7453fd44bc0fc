"""What gives tones their styles: a mixin for widgets that draw their own lines.

The theme's variables colour each `Tone`, once for the whole application. (As component classes, Textual's own way, each
widget would be matched against the style sheet once a tone at every change of a class or of the focus: three quarters
of what a new screen costs.) Line-API segments get no background of their own: `line` always brings the widget's.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from meshdev.tui.cells import width_of
from meshdev.tui.tone import Span, Tone

_COLOURS = {
    Tone.TEXT: "foreground",
    Tone.STRONG: "foreground",
    Tone.MUTED: "muted",
    Tone.FAINT: "faint",
    Tone.TITLE: "muted",
    Tone.OK: "ok",
    Tone.BUSY: "busy",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
    Tone.ALERT: "bad",
    Tone.ACCENT: "accent",
    Tone.KEY: "accent",
    Tone.HERE: "accent",
    Tone.MATCH: "match-foreground",
}
_BOLD = frozenset({Tone.STRONG, Tone.TITLE, Tone.ALERT, Tone.KEY, Tone.HERE})

_Styles = Mapping[Tone, Style]
_known: WeakKeyDictionary[App[Any], tuple[str, _Styles]] = WeakKeyDictionary()


def tones_of(colours: Mapping[str, str]) -> _Styles:
    """The style of each tone under a theme with these variables."""

    def colour(name: str) -> Any:
        return Color.parse(colours[name]).rich_color

    return {
        tone: Style(
            color=colour(name),
            bgcolor=colour("match-background") if tone is Tone.MATCH else None,
            bold=True if tone in _BOLD else None,
            underline=True if tone is Tone.HERE else None,
        )
        for tone, name in _COLOURS.items()
    }


class Toned(Widget):
    """A widget that draws spans of tones."""

    _tones: _Styles | None = None
    _ground_style: Style | None = None

    def notify_style_update(self) -> None:
        """Ask for the styles anew: theme, focus or classes are others."""
        super().notify_style_update()
        self._tones = self._ground_style = None

    @property
    def rich_style(self) -> Style:
        """The widget's own style (kept: Textual walks through all ancestors for it)."""
        if self._ground_style is None:
            self._ground_style = super().rich_style
        return self._ground_style

    def style_of(self, tone: Tone) -> Style:
        """The tone's own style, without a background unless it has one."""
        if self._tones is None:
            app = self.app
            theme, tones = _known.get(app, ("", {}))
            if theme != app.theme:
                tones = tones_of(app.get_css_variables())
                _known[app] = (app.theme, tones)
            self._tones = tones
        return self._tones[tone]

    def line(self, spans: Iterable[Span], width: int, base: Style | None = None) -> Strip:
        """A strip of exactly ``width`` cells; ``base`` is the style below all spans (default: the widget's)."""
        ground = self.rich_style if base is None else base
        segments: list[Segment] = []
        used = 0
        for span in spans:
            segments.append(Segment(span.text, ground + self.style_of(span.tone)))
            used += width_of(span.text)
        return Strip(segments, used).adjust_cell_length(width, ground)
