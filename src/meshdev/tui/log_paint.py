"""How a log line is laid out for the screen: gutter, text, marks. Pure but for the styles that the caller brings.

The gutter holds the time (when asked for) and the instance (as soon as a service has several); the text is folded when
the line is structured (`logline`), else it has its own colours (`ansi`).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text
from textual.selection import Selection

from meshdev.tui.ansi import styled
from meshdev.tui.logline import fold, shown
from meshdev.tui.scrollback import Line, Scrollback
from meshdev.tui.tone import Span, Tone
from meshdev.tui.units import clock

StyleOf = Callable[[Tone], Style]

_SLOTS = (Tone.ACCENT, Tone.OK, Tone.WARN, Tone.MUTED)
_TIME_WIDTH = 9


@dataclass(slots=True)
class Paint:
    """The switches that lines are drawn by; ``sources`` are the instances seen, in the order of their colours."""

    folded: bool = True
    times: bool = False
    pattern: re.Pattern[str] | None = None
    sources: dict[str, int] = field(default_factory=dict)

    @property
    def several(self) -> bool:
        """Whether lines of more than one instance have come."""
        return len(self.sources) > 1

    @property
    def gutter(self) -> int:
        """Cells of the gutter."""
        return (_TIME_WIDTH if self.times else 0) + (self._slot_width + 1 if self.several else 0)

    @property
    def _slot_width(self) -> int:
        return max((len(slot_of(source)) for source in self.sources), default=0)

    def note(self, lines: Iterable[Line]) -> bool:
        """Learn the instances of ``lines``; whether the gutter has changed by it."""
        before = self.gutter
        for source in sorted({line.source for line in lines} - self.sources.keys() - {""}):
            self.sources[source] = len(self.sources)
        return self.gutter != before

    def matches(self, line: Line) -> bool:
        """Whether what is shown of ``line`` matches the pattern."""
        return self.pattern is None or self.pattern.search(shown(line.text, folded=self.folded)) is not None

    def gutter_of(self, line: Line, *, first: bool) -> list[Span]:
        """The gutter of a line's first screen row, or of the rows below it."""
        spans = []
        if self.times:
            spans.append(Span(f"{clock(line.at)} " if line.at and first else " " * _TIME_WIDTH, Tone.FAINT))
        if self.several:
            slot = slot_of(line.source) if first else ""
            tone = _SLOTS[self.sources.get(line.source, 0) % len(_SLOTS)]
            spans.append(Span(slot.rjust(self._slot_width) + "│", tone))
        return spans

    def text_of(self, line: Line, style_of: StyleOf) -> Text:
        """The line with its styles, matches marked."""
        spans = fold(line.text) if self.folded else None
        if spans is None:
            text = styled(line.text)
            if line.stream == "meshdev":
                text.stylize(style_of(Tone.ACCENT))
        else:
            text = Text(no_wrap=True, end="")
            for span in spans:
                text.append(span.text, style_of(span.tone))
        if self.pattern is not None:
            mark = style_of(Tone.MATCH)
            for match in self.pattern.finditer(text.plain):
                text.stylize(mark, *match.span())
        return text


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression, or the very text when it is none; small letters match both cases."""
    flags = re.IGNORECASE if pattern == pattern.lower() else re.NOFLAG
    try:
        return re.compile(pattern, flags)
    except re.error:
        return re.compile(re.escape(pattern), flags)


def selected_text(back: Scrollback, selection: Selection, *, folded: bool) -> str:
    """The characters between two points of the pane; the parts of a wrapped line are put together again."""
    first = selection.start.y if selection.start is not None else 0
    last = selection.end.y if selection.end is not None else back.rows - 1
    found: list[str] = []
    for row in range(max(0, first), last + 1):
        place, span = back.locate(row), selection.get_span(row)
        if place is None or span is None:
            break
        text = shown(back.line(place.number).text, folded=folded)
        text = text[slice(*back.extent(place, text))]
        piece = text[span[0] : None if span[1] < 0 else span[1]]
        found.append("\n" + piece if found and not place.part else piece)
    return "".join(found)


def slot_of(source: str) -> str:
    """What tells a service's instances apart: ``0`` of ``orders-0``."""
    return source.rpartition("-")[2] or source
