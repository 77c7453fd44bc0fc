"""What one line of a log means: its level, its fields, its message, its trace, and how it may be shown.

Pure functions of text. Rules:
- A line is JSON when it is one object, logfmt when it has at least two ``key=value`` pairs, else plain text.
- The level comes from the fields when there are any, else from the words where loggers put them (near the
  beginning); a word deep in a sentence is no level. Levels and their numbers are OpenTelemetry's severities.
- A line that begins with white space, or as the frames of known stack traces do, belongs to the line before it.
- What is shown keeps colours (SGR) and nothing else that a terminal would obey.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from meshdev.telemetry.ansi import strip_ansi


class Level(IntEnum):
    """How severe (OpenTelemetry's severity numbers); ``UNKNOWN`` when a line doesn't say."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARN = 13
    ERROR = 17
    FATAL = 21


_WORDS: Mapping[str, Level] = MappingProxyType(
    {
        "trace": Level.TRACE,
        "trc": Level.TRACE,
        "verbose": Level.TRACE,
        "debug": Level.DEBUG,
        "dbg": Level.DEBUG,
        "fine": Level.DEBUG,
        "info": Level.INFO,
        "inf": Level.INFO,
        "information": Level.INFO,
        "notice": Level.INFO,
        "log": Level.INFO,
        "warn": Level.WARN,
        "wrn": Level.WARN,
        "warning": Level.WARN,
        "error": Level.ERROR,
        "err": Level.ERROR,
        "severe": Level.ERROR,
        "fail": Level.ERROR,
        "fatal": Level.FATAL,
        "ftl": Level.FATAL,
        "critical": Level.FATAL,
        "crit": Level.FATAL,
        "panic": Level.FATAL,
        "alert": Level.FATAL,
        "emerg": Level.FATAL,
        "emergency": Level.FATAL,
    }
)
_LETTERS = MappingProxyType(
    {"I": Level.INFO, "W": Level.WARN, "E": Level.ERROR, "F": Level.FATAL, "D": Level.DEBUG}
)
_BUNYAN = (
    (60, Level.FATAL),
    (50, Level.ERROR),
    (40, Level.WARN),
    (30, Level.INFO),
    (20, Level.DEBUG),
    (10, Level.TRACE),
)

_LEVEL_KEYS = ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "@level", "severity_text")
_MESSAGE_KEYS = ("message", "msg", "event", "body", "@message", "text")
_TRACE_KEYS = (
    "trace_id",
    "traceid",
    "traceId",
    "traceID",
    "trace.id",
    "otelTraceID",
    "dd.trace_id",
    "traceparent",
)
_TIME_KEYS = ("time", "timestamp", "ts", "@timestamp", "datetime")

_HEAD = 96
"""Loggers name the level within about this many characters."""
_WORD_ALTERNATIVES = "|".join(sorted(_WORDS, key=len, reverse=True))
# In capitals anywhere in the head; in any case when bracketed, or followed by a colon at the very beginning.
_PLAIN_LEVEL = re.compile(
    rf"(?:^|[\s|\-:\]>])(?P<caps>{_WORD_ALTERNATIVES.upper()})(?=[\s:\]|,\-(!]|$)"
    rf"|[\[(<](?P<boxed>(?i:{_WORD_ALTERNATIVES}))\s*[\])>]"
    rf"|^(?P<first>(?i:{_WORD_ALTERNATIVES}))\s*(?::|\s-\s|\|)"
)
_GLOG = re.compile(r"^([IWEFD])\d{4} \d\d:\d\d:\d\d")
_CRASH = re.compile(
    r"^(?:Traceback \(most recent call last\)|Exception in thread |Unhandled |Uncaught |panic: |fatal error: "
    r"|thread '.*' panicked at|(?:[\w$]+\.)*\w*(?:Error|Exception)(?:: |$))"
)
_LOGFMT = re.compile(r'(?:^|\s)([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_CONTINUES = re.compile(
    r"^(?:\s|at \S+[ (]|\.\.\. \d+ more|Caused by: |Suppressed: |goroutine \d+ \[|During handling of the above "
    r"|The above exception was |Traceback \(most recent call last\)|created by \S+|[\w./-]+\.go:\d+)"
)
_PYTHON_END = re.compile(
    r"^(?:[\w$]+\.)*\w*(?:Error|Exception|Warning|Interrupt|Exit|Group)(?::|$)|^(?:\w+\.)+\w+: "
)
_TRACEPARENT = re.compile(r"\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b")
_TRACE_ID = re.compile(r"(?<![\w-])(?!0{32})[0-9a-f]{32}(?![\w-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line taken apart. ``fields`` are what JSON or logfmt held besides; ``format`` is json, logfmt or plain."""

    message: str
    level: Level = Level.UNKNOWN
    trace_id: str = ""
    format: str = "plain"
    fields: Mapping[str, object] = field(default_factory=dict)


def parse(text: str) -> Parsed:
    """Take a line apart; colours are ignored."""
    plain = strip_ansi(text)
    fields = json_fields(plain)
    if fields is not None:
        return _structured(fields, "json", plain)
    pairs = logfmt_fields(plain)
    if len(pairs) > 1 and (_first(pairs, _MESSAGE_KEYS) or _first(pairs, _LEVEL_KEYS)):
        return _structured(pairs, "logfmt", plain)
    traceparent = _TRACEPARENT.search(plain)
    trace = traceparent[1] if traceparent else str(_first(pairs, _TRACE_KEYS) or "")
    return Parsed(plain, _plain_level(plain), trace, fields=pairs)


def trace_id_of(text: str) -> str:
    """The trace that a line belongs to: a field's or a traceparent's, else the first 32 hex digits; empty without.

    >>> trace_id_of('{"msg":"paid","traceId":"4BF92F3577B34DA6A3CE929D0E0E4736"}')
    '4bf92f3577b34da6a3ce929d0e0e4736'
    """
    if named := parse(text).trace_id:
        return named.lower()
    bare = _TRACE_ID.search(strip_ansi(text))
    return bare[0].lower() if bare else ""


def level_of(text: str) -> Level:
    """The level of a line, without taking it apart any further than that needs."""
    plain = strip_ansi(text)
    if plain.lstrip()[:1] == "{":
        fields = json_fields(plain)
        if fields is not None:
            return _field_level(fields)
    if "=" in plain:
        pairs = logfmt_fields(plain)
        if len(pairs) > 1 and (level := _field_level(pairs)):
            return level
    return _plain_level(plain)


def level_named(name: str) -> Level | None:
    """The level that a person means by ``warn``, ``WARNING``, ``err`` …; None when it is none."""
    return _WORDS.get(name.strip().lower())


def json_fields(text: str) -> dict[str, object] | None:
    """The fields of a line that is one JSON object, else None."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def logfmt_fields(text: str) -> dict[str, object]:
    """The ``key=value`` pairs of a line."""
    fields: dict[str, object] = {}
    for key, quoted, bare in _LOGFMT.findall(text):
        fields[key] = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
    return fields


def continues(text: str) -> bool:
    """Whether a line belongs to the line before it: a frame of a stack trace, an indented rest."""
    return _CONTINUES.match(text) is not None


def ends_trace(text: str) -> bool:
    """Whether a line closes a Python traceback (``ValueError: …``), when it follows one."""
    return _PYTHON_END.match(text) is not None


def _structured(fields: dict[str, object], form: str, plain: str) -> Parsed:
    rest = dict(fields)
    for key in (*_LEVEL_KEYS, *_TIME_KEYS):
        rest.pop(key, None)
    message = next((rest.pop(key) for key in _MESSAGE_KEYS if isinstance(rest.get(key), str)), plain)
    trace = str(_first(fields, _TRACE_KEYS) or "")
    traceparent = _TRACEPARENT.match(trace)
    return Parsed(str(message), _field_level(fields), traceparent[1] if traceparent else trace, form, rest)


def _field_level(fields: Mapping[str, object]) -> Level:
    value = _first(fields, _LEVEL_KEYS)
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, str):
        named = level_named(value)
        if named is not None:
            return named
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else None  # noqa: PLR2004 — 10 … 60
    if isinstance(value, int) and not isinstance(value, bool):
        return next((level for least, level in _BUNYAN if value >= least), Level.UNKNOWN)
    return Level.UNKNOWN


def _plain_level(plain: str) -> Level:
    if glog := _GLOG.match(plain):
        return _LETTERS[glog[1]]
    if found := _PLAIN_LEVEL.search(plain[:_HEAD]):
        return _WORDS[(found["caps"] or found["boxed"] or found["first"]).lower()]
    return Level.ERROR if _CRASH.match(plain) else Level.UNKNOWN


def _first(fields: Mapping[str, object], keys: tuple[str, ...]) -> object:
    return next((fields[key] for key in keys if fields.get(key) not in (None, "")), None)
