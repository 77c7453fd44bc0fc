"""A structured log line as it is read: level, message, then the other fields. Pure.

A line that is one JSON object with a message, or nothing but logfmt pairs with one, can be *folded*:
``{"level":"info","msg":"paid","order":7}`` becomes ``INFO  paid  order=7``. Times are left out (who shows lines has
their own). Fields that are looked for rather than read stand last; one that holds a stack trace is kept apart.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from meshdev.telemetry.logline import logfmt_fields

LONGEST = 4096
"""Characters; longer lines are not taken apart."""

LEVEL_KEYS: Final = ("level", "severity", "lvl", "levelname", "log.level")
_MESSAGE = ("msg", "message", "event", "text")
_TIME = ("ts", "time", "timestamp", "@timestamp", "asctime", "t")
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

LEVELS: Final = ("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL")
SHORTENED: Final = {"WARNING": "WARN", "CRITICAL": "FATAL", "INFORMATION": "INFO", "ERR": "ERROR"}
# What pino and bunyan write.
NUMBERED: Final = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
_MOST_OF_A_LEVEL = 12
# Nothing but pairs, at least two.
_LOGFMT = re.compile(r'\s*(?:[A-Za-z_@][\w.@/-]*=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)){2,}')


class Folded(NamedTuple):
    """A structured line: its level (in capitals, or empty), message, fields, and the lines of a stack trace."""

    level: str
    message: str
    fields: Sequence[tuple[str, str]] = ()
    trace: Sequence[str] = ()

    @property
    def head(self) -> str:
        """The level with the room that it takes."""
        return f"{self.level:<5} " if self.level else ""

    def __str__(self) -> str:
        fields = "".join(f"  {name}={value}" for name, value in self.fields)
        return f"{self.head}{self.message or ' '}{fields}"


def fold(text: str) -> Folded | None:
    """The parts of a structured line; None when it is not one.

    >>> str(fold('{"level":"info","msg":"paid","order":7}'))
    'INFO  paid  order=7'
    """
    fields = None if len(text) > LONGEST else _fields(text)
    if fields is None:
        return None
    key = next((key for key in _MESSAGE if isinstance(fields.get(key), str)), None)
    if key is None:
        return None
    level = next((_level(fields[name]) for name in LEVEL_KEYS if name in fields), "")
    hidden = {key, *LEVEL_KEYS, *_TIME}
    plainly = [(name, value) for name, value in fields.items() if name not in hidden]
    plainly.sort(key=lambda field: (field[0] in _TRACE, field[0] in _QUIET))
    shown: list[tuple[str, str]] = []
    trace: list[str] = []
    for name, value in plainly:
        if name in _TRACE and isinstance(value, str) and "\n" in value.strip():
            trace += value.strip("\n").split("\n")
        else:
            shown.append((name, _value(value)))
    return Folded(level, str(fields[key]), shown, trace)


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
        return NUMBERED.get(value, str(value))
    name = str(value).upper()
    return SHORTENED.get(name, name)[:_MOST_OF_A_LEVEL]


def _value(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"' if not value or " " in value else value
    return msgspec.json.encode(value).decode()
