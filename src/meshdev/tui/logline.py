"""A structured log line as a person reads it: level, message, then the other fields; anything else as it is.

A line that is one JSON object with a message, or nothing but logfmt pairs with one, is *folded*:
``{"level":"info","msg":"paid","order":7}`` becomes ``INFO  paid  order=7``. Times are left out (the pane can show its
own), and nothing else is lost: `y` copies the line as it was written. A stack trace (a line with line feeds in it, or
a field that holds one) is folded to the line that says what it is about, with the number of lines; *unfolded*, all of
it is shown. `spans_of` and `shown` always give the same text.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from meshdev.telemetry.logline import logfmt_fields
from meshdev.telemetry.stacktrace import summary
from meshdev.tui.ansi import LONGEST, plain
from meshdev.tui.tone import Span, Tone

_LEVEL = ("level", "severity", "lvl", "levelname", "log.level")
_MESSAGE = ("msg", "message", "event", "text")
_TIME = ("ts", "time", "timestamp", "@timestamp", "asctime", "t")
# Fields that are looked for rather than read: they stand last.
_QUIET = (
    "service",
    "logger",
    "trace_id",
    "span_id",
    "request_id",
    "traceparent",
    "pid",
    "thread",
    "hostname",
)
_TRACE = ("traceback", "exc_info", "stack", "exception", "stacktrace", "error.stack", "exc_text")

_TONES = {
    "TRACE": Tone.FAINT,
    "DEBUG": Tone.FAINT,
    "INFO": Tone.OK,
    "NOTICE": Tone.OK,
    "WARN": Tone.WARN,
    "ERROR": Tone.BAD,
    "FATAL": Tone.BAD,
}
_SHORT = {"WARNING": "WARN", "CRITICAL": "FATAL", "INFORMATION": "INFO", "ERR": "ERROR"}
# What pino and bunyan write.
_NUMBERS = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
# Nothing but pairs, at least two.
_LOGFMT = re.compile(r'\s*(?:[A-Za-z_@][\w.@/-]*=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)){2,}')


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
    if len(text) > LONGEST:
        return None
    fields = _fields(text)
    if fields is None:
        return None
    key = next((key for key in _MESSAGE if isinstance(fields.get(key), str)), None)
    if key is None:
        return None
    message = fields[key]
    level = next((_level(fields[name]) for name in _LEVEL if name in fields), "")
    spans = []
    if level:
        spans.append(Span(f"{level:<5} ", _TONES.get(level, Tone.MUTED)))
    loud = _TONES.get(level) is Tone.BAD
    spans.append(Span(plain(str(message)) or " ", Tone.STRONG if loud else Tone.TEXT))
    hidden = {key, *_LEVEL, *_TIME}
    plainly = [(name, value) for name, value in fields.items() if name not in hidden]
    plainly.sort(key=lambda field: (field[0] in _TRACE, field[0] in _QUIET))
    trace: list[str] = []
    for name, value in plainly:
        if name in _TRACE and isinstance(value, str) and "\n" in value.strip():
            trace += value.strip("\n").split("\n")
            continue
        spans.append(Span(f"  {plain(name)}=", Tone.FAINT))
        spans.append(Span(_value(value), Tone.MUTED))
    return _Folded(tuple(spans), trace)


def _fields(text: str) -> Mapping[str, object] | None:
    if text.startswith("{"):
        try:
            fields = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        return fields if isinstance(fields, dict) else None
    if "=" in text and _LOGFMT.fullmatch(text):
        return logfmt_fields(text)
    return None


def _level(value: object) -> str:
    if isinstance(value, int):
        return _NUMBERS.get(value, str(value))
    name = str(value).upper()
    return plain(_SHORT.get(name, name)[:12])


def _value(value: object) -> str:
    if isinstance(value, str):
        quoted = not value or " " in value
        return plain(f'"{value}"' if quoted else value)
    return plain(msgspec.json.encode(value).decode())
