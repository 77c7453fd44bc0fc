"""A structured log line as a person reads it: level, message, then the other fields; anything else as it is.

Structured lines are *folded* (`telemetry.folding`); nothing is lost: `y` copies the line as it was written. A stack
trace (a line with line feeds in it, or a field that holds one) is folded to the line that says what it is about, with
the number of lines; *unfolded*, all of it is shown. `spans_of` and `shown` always give the same text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from meshdev.telemetry import folding
from meshdev.telemetry.stacktrace import summary
from meshdev.tui.ansi import plain
from meshdev.tui.tone import Span, Tone

_TONES = {
    "TRACE": Tone.FAINT,
    "DEBUG": Tone.FAINT,
    "INFO": Tone.OK,
    "NOTICE": Tone.OK,
    "WARN": Tone.WARN,
    "ERROR": Tone.BAD,
    "FATAL": Tone.BAD,
}


class _Folded(NamedTuple):
    """A structured line: its spans, and the lines of the stack trace that a field of it holds."""

    spans: tuple[Span, ...]
    trace: Sequence[str] = ()


def spans_of(text: str, *, folded: bool, unfolded: bool = False) -> tuple[Span, ...] | None:
    """The spans of a line or a stack trace; None when it stands as it was written, with its own colours."""
    if "\n" in text:
        return _trace(text, unfolded=unfolded)
    found = _fold(text) if folded else None
    if found is None:
        return None
    if not found.trace:
        return found.spans
    if not unfolded:
        return (*found.spans, _hidden(len(found.trace)))
    return (*found.spans, *(Span(f"\n  {plain(line)}", _frame_tone(line)) for line in found.trace))


def fold(text: str) -> tuple[Span, ...] | None:
    """The spans of a structured line; None when it is not one."""
    return spans_of(text, folded=True) if "\n" not in text else None


def can_unfold(text: str, *, folded: bool) -> bool:
    """Whether there is more of a line than is shown of it at first."""
    if "\n" in text:
        return True
    found = _fold(text) if folded else None
    return found is not None and bool(found.trace)


def shown(text: str, *, folded: bool, unfolded: bool = False) -> str:
    """The characters that stand on the screen for a line."""
    spans = spans_of(text, folded=folded, unfolded=unfolded)
    return plain(text) if spans is None else "".join(span.text for span in spans)


def _trace(text: str, *, unfolded: bool) -> tuple[Span, ...]:
    lines = text.split("\n")
    if not unfolded:
        return Span(plain(summary(text)) or " ", Tone.BAD), _hidden(len(lines))
    return tuple(
        Span(("\n" if number else "") + plain(line), _frame_tone(line)) for number, line in enumerate(lines)
    )


def _hidden(count: int) -> Span:
    return Span(f"  ⋯ {count} lines", Tone.FAINT)


def _frame_tone(line: str) -> Tone:
    return Tone.MUTED if line[:1].isspace() or line.startswith("Traceback ") else Tone.BAD


def _fold(text: str) -> _Folded | None:
    found = folding.fold(text)
    if found is None:
        return None
    level = found.level
    loud = _TONES.get(level) is Tone.BAD
    spans = [Span(plain(found.head), _TONES.get(level, Tone.MUTED))] if level else []
    spans.append(Span(plain(found.message) or " ", Tone.STRONG if loud else Tone.TEXT))
    for name, value in found.fields:
        spans.append(Span(f"  {plain(name)}=", Tone.FAINT))
        spans.append(Span(plain(value), Tone.MUTED))
    return _Folded(tuple(spans), found.trace)
