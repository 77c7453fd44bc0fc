"""A structured log line as a person reads it: level, message, then the other fields; anything else as it is.

A line that is one JSON object with a message is *folded*: ``{"level":"info","msg":"paid","order":7}`` becomes
``INFO  paid  order=7``. Times are left out (the pane can show its own), and nothing else is lost: `y` copies the line
as it was written. `fold` and `shown` always give the same text.
"""

import msgspec

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
_TRACE = ("traceback", "exc_info", "stack", "exception", "stacktrace")

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


def fold(text: str) -> tuple[Span, ...] | None:
    """The spans of a structured line; None when it is not one."""
    if not text.startswith("{") or len(text) > LONGEST:
        return None
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
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
    spans.append(Span(plain(message) or " ", Tone.STRONG if loud else Tone.TEXT))
    hidden = {key, *_LEVEL, *_TIME}
    plainly = [(name, value) for name, value in fields.items() if name not in hidden]
    plainly.sort(key=lambda field: (field[0] in _TRACE, field[0] in _QUIET))
    for name, value in plainly:
        spans.append(Span(f"  {plain(name)}=", Tone.FAINT))
        spans.append(Span(_value(value), Tone.MUTED))
    return tuple(spans)


def shown(text: str, *, folded: bool) -> str:
    """The characters that stand on the screen for a line."""
    spans = fold(text) if folded else None
    return plain(text) if spans is None else "".join(span.text for span in spans)


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
