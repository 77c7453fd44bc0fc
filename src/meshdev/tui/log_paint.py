"""How a log line is laid out for the screen: gutter, text, marks. Pure but for the styles that the caller brings.

The gutter holds the time (when asked for) and who wrote the line: the service where the lines of several are mixed,
else the instance as soon as a service has several. The text is folded when the line is structured or a stack trace
(`logline`), else it has its own colours (`ansi`). A service keeps its colour, and its name stands before it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text
from textual.selection import Selection

from meshdev.telemetry.logline import Level, level_of
from meshdev.tui.ansi import styled
from meshdev.tui.cells import cut, cut_middle, pad, width_of
from meshdev.tui.logline import shown, spans_of
from meshdev.tui.scrollback import Line, Scrollback
from meshdev.tui.tone import Span, Tone
from meshdev.tui.units import clock

StyleOf = Callable[[Tone], Style]

MARK = "mark"
"""The stream of lines that the reader has put there."""

_SLOTS = (Tone.ACCENT, Tone.OK, Tone.WARN, Tone.MUTED)
_TIME_WIDTH = 9
_SIGNS = {Level.WARN: ("▲", Tone.WARN), Level.ERROR: ("✕", Tone.BAD), Level.FATAL: ("✕", Tone.ALERT)}
_SIGN_HEAD = 2000
HUES = 12
"""So many services have a colour of their own; then they begin anew."""


@dataclass(slots=True)
class Paint:
    """The switches that lines are drawn by.

    ``sources`` are the instances seen, in the order of their colours; ``services``, in the order of theirs, are set
    where lines of several are mixed, and their names take at most ``room`` cells. ``rule`` is how long a mark is.
    """

    folded: bool = True
    times: bool = False
    pattern: re.Pattern[str] | None = None
    sources: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    mixed: bool = False
    room: int = 16
    rule: int = 80
    _several: dict[str, set[str]] = field(default_factory=dict)
    _widest: int = 0

    @property
    def several(self) -> bool:
        """Whether lines of more than one instance have come."""
        return len(self.sources) > 1

    @property
    def gutter(self) -> int:
        """Cells of the gutter."""
        times = _TIME_WIDTH if self.times else 0
        if self.mixed:
            return times + self._name_width + 3
        return times + (self._slot_width + 1 if self.several else 0)

    @property
    def _slot_width(self) -> int:
        return max((len(slot_of(source)) for source in self.sources), default=0)

    @property
    def _name_width(self) -> int:
        return min(self.room, max(self._widest, 6))

    def note(self, lines: Iterable[Line]) -> bool:
        """Learn the instances of ``lines``; whether the gutter has changed by it."""
        before = self.gutter
        if self.mixed:
            for service, source in {(line.service, line.source) for line in lines}:
                if source:
                    self._several.setdefault(service, set()).add(source)
                self._widest = max(self._widest, width_of(self._name(service, source)))
        else:
            for source in sorted({line.source for line in lines} - self.sources.keys() - {""}):
                self.sources[source] = len(self.sources)
        return self.gutter != before

    def forget(self) -> None:
        """No line has been seen."""
        self.sources.clear()
        self._several.clear()
        self._widest = 0

    def _name(self, service: str, source: str) -> str:
        return source if source and len(self._several.get(service, ())) > 1 else service

    def hue_of(self, service: str) -> int:
        """Which colour a service has."""
        return self.services.setdefault(service, len(self.services)) % HUES

    def matches(self, line: Line) -> bool:
        """Whether what is shown of ``line`` matches the pattern."""
        if self.pattern is None:
            return True
        if line.stream == MARK:
            return False
        return self.pattern.search(shown(line.text, folded=self.folded, unfolded=True)) is not None

    def gutter_of(self, line: Line, *, first: bool) -> list[Span]:
        """The gutter of a line's first screen row, or of the rows below it, without the name of a mixed one."""
        spans = []
        if self.times:
            spans.append(Span(f"{clock(line.at)} " if line.at and first else " " * _TIME_WIDTH, Tone.FAINT))
        if self.several and not self.mixed:
            slot = slot_of(line.source) if first else ""
            tone = _SLOTS[self.sources.get(line.source, 0) % len(_SLOTS)]
            spans.append(Span(slot.rjust(self._slot_width) + "│", tone))
        return spans

    def name_of(self, line: Line, *, first: bool) -> str:
        """Who wrote a line, where lines are mixed: always so wide that the text begins in the same place."""
        name = self._name(line.service, line.source) if first and line.stream != MARK else ""
        width = self._name_width
        return pad(cut_middle(name, width), width) + "│"

    def sign_of(self, line: Line, *, first: bool) -> Span:
        """How severe a line is, by shape: warnings and worse."""
        if not first or line.stream == MARK:
            return Span("  ")
        level = Level.ERROR if "\n" in line.text else level_of(line.text[:_SIGN_HEAD])
        sign, tone = _SIGNS.get(level, (" ", Tone.TEXT))
        return Span(sign + " ", tone)

    def text_of(self, line: Line, style_of: StyleOf, *, unfolded: bool = False) -> Text:
        """The line with its styles, matches marked."""
        if line.stream == MARK:
            head = cut(f"── {line.text} ", self.rule)
            rule = head + "─" * (self.rule - width_of(head))
            return Text(rule, style_of(Tone.ACCENT), no_wrap=True, end="")
        spans = spans_of(line.text, folded=self.folded, unfolded=unfolded)
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


def selected_text(back: Scrollback, selection: Selection) -> str:
    """The characters between two points of the pane; the parts of a wrapped line are put together again."""
    first = selection.start.y if selection.start is not None else 0
    last = selection.end.y if selection.end is not None else back.rows - 1
    found: list[str] = []
    for row in range(max(0, first), last + 1):
        place, span = back.locate(row), selection.get_span(row)
        if place is None or span is None:
            break
        text = back.shown(place.number)
        start, end = back.extent(place, text)
        begins = not start or text[start - 1] == "\n"
        text = text[start:end]
        piece = text[span[0] : None if span[1] < 0 else span[1]]
        found.append("\n" + piece if found and begins else piece)
    return "".join(found)


def slot_of(source: str) -> str:
    """What tells a service's instances apart: ``0`` of ``orders-0``."""
    return source.rpartition("-")[2] or source
