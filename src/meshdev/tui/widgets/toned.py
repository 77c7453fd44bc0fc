"""What gives tones their styles: a mixin for widgets that draw their own lines.

The theme's variables colour each `Tone` through component classes, so a change of theme reaches every widget by
Textual's own way. Line-API segments get no background of their own: `line` always brings the widget's.
"""

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshdev.tui.cells import width_of
from meshdev.tui.tone import Span, Tone


class Toned(Widget):
    """A widget that draws spans of tones."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"toned--{tone}" for tone in Tone}

    DEFAULT_CSS = """
    Toned {
        & > .toned--text { color: $foreground; }
        & > .toned--strong { color: $foreground; text-style: bold; }
        & > .toned--muted { color: $muted; }
        & > .toned--faint { color: $faint; }
        & > .toned--title { color: $muted; text-style: bold; }
        & > .toned--ok { color: $ok; }
        & > .toned--busy { color: $busy; }
        & > .toned--warn { color: $warn; }
        & > .toned--bad { color: $bad; }
        & > .toned--alert { color: $bad; text-style: bold; }
        & > .toned--accent { color: $accent; }
        & > .toned--key { color: $accent; text-style: bold; }
        & > .toned--here { color: $accent; text-style: bold underline; }
        & > .toned--match { color: $match-foreground; background: $match-background; }
    }
    """

    def style_of(self, tone: Tone) -> Style:
        """The tone's own style, without a background unless it has one (cached by Textual)."""
        return self.get_component_rich_style(f"toned--{tone}", partial=True)

    def line(self, spans: Iterable[Span], width: int, base: Style | None = None) -> Strip:
        """A strip of exactly ``width`` cells; ``base`` is the style below all spans (default: the widget's)."""
        ground = self.rich_style if base is None else base
        segments: list[Segment] = []
        used = 0
        for span in spans:
            segments.append(Segment(span.text, ground + self.style_of(span.tone)))
            used += width_of(span.text)
        return Strip(segments, used).adjust_cell_length(width, ground)
