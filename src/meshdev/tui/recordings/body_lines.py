"""A body in lines as a person reads it: JSON laid out, forms, text, events with their times, binary as hex.

Rules: what is large is cut, with a note of how much is missing · a line that is too long is broken · a placeholder that
stands for a secret is marked. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from meshdev.recording.model import Body, Headers
from meshdev.recording.pretty import media_type, pretty, why_cut
from meshdev.recording.redaction import is_placeholder
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, width_of
from meshdev.tui.tone import Span, Tone

Lines = Iterator[list[Span]]

MOST_LINES: Final = 400
MOST_BYTES: Final = 256 * 1024
PLACEHOLDER: Final = "◇"
_HEX_ROWS: Final = 8
_HEX_ROW: Final = 16
_MOST_PARTS: Final = 12
_WORD: Final = re.compile(r"[^\s\"'=&;,:<>]{9,}")
_QUOTED: Final = re.compile(r'"([^"\\]{9,})"')
_KEY: Final = re.compile(r'(\s*"(?:[^"\\]|\\.)*": )(.*)', re.DOTALL)
_EVENT: Final = re.compile(rb"(?:\r\n|\n|\r){2}")


def body_lines(body: Body, headers: Headers, width: int, *, secrets: bool) -> Lines:
    """The body; nothing when there is none. ``secrets``: placeholders may be in it."""
    if body.data:
        yield from _content(body, headers, width, secrets=secrets)
    why = why_cut(body)
    if why:
        yield [Span(cut(f"… {why}", width), Tone.WARN)]


def _content(body: Body, headers: Headers, width: int, *, secrets: bool) -> Lines:
    data = body.data[:MOST_BYTES]
    text = _text(data, whole=len(data) == len(body.data))
    if text is None:
        yield from _binary(body.data, media_type(headers), width)
        return
    if media_type(headers) == "text/event-stream" and body.pieces:
        yield from _events(body, width, secrets=secrets)
        return
    if len(data) == len(body.data):
        text = pretty(Body(body.data, body.size), headers)
    yield from text_lines(text, width, secrets=secrets)
    if len(data) < len(body.data):
        yield [Span(cut(f"… {units.size(len(body.data) - len(data))}B more", width), Tone.MUTED)]


def text_lines(text: str, width: int, *, secrets: bool = False) -> Lines:
    """Text, at most `MOST_LINES` lines of it."""
    lines = text.splitlines()
    shown = 0
    for number, line in enumerate(lines):
        if shown >= MOST_LINES:
            yield [Span(cut(f"… {units.plural(len(lines) - number, 'line')} more", width), Tone.MUTED)]
            return
        marked = secrets and any(map(is_placeholder, (*_QUOTED.findall(line), *_WORD.findall(line))))
        for place, part in enumerate(_broken(line.replace("\t", "    "), width - 2 if marked else width)):
            shown += 1
            yield _toned(part, first=place == 0, marked=marked)


def _toned(part: str, *, first: bool, marked: bool) -> list[Span]:
    tone = Tone.WARN if marked else Tone.TEXT
    key = _KEY.fullmatch(part) if first else None
    spans = [Span(part, tone)] if key is None else [Span(key[1], Tone.MUTED), Span(key[2], tone)]
    return [*spans, Span(f" {PLACEHOLDER}", Tone.WARN)] if marked and first else spans


def _broken(line: str, width: int) -> list[str]:
    """The line in parts that fit; of a very long one, the beginning."""
    line = clean(line)
    if width_of(line) <= width:
        return [line]
    parts: list[str] = []
    while line and len(parts) < _MOST_PARTS:
        part = line[:width]
        while width_of(part) > width:
            part = part[:-1]
        part = part or line[:1]
        parts.append(part)
        line = line[len(part) :]
    if line:
        parts[-1] = cut(parts[-1] + line, width)
    return parts


def _text(data: bytes, *, whole: bool) -> str | None:
    """``data`` as text, if it is; a character that the cut went through is none of its faults."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if whole or error.start < len(data) - 3:
            return None
        text = data[: error.start].decode()
    return None if "\x00" in text else text


def _binary(data: bytes, kind: str, width: int) -> Lines:
    yield [Span(cut(f"{units.size(len(data))}B of {kind or 'something that is no text'}", width), Tone.MUTED)]
    row = _HEX_ROW if width >= 10 + _HEX_ROW * 4 else _HEX_ROW // 2
    for start in range(0, min(len(data), row * _HEX_ROWS), row):
        piece = data[start : start + row]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in piece)  # noqa: PLR2004 -- ASCII
        yield [
            Span(f"{start:06x}  ", Tone.FAINT),
            Span(piece.hex(" ").ljust(row * 3), Tone.TEXT),
            Span(f" {shown}", Tone.MUTED),
        ]
    if len(data) > row * _HEX_ROWS:
        yield [Span("…", Tone.MUTED)]


def _events(body: Body, width: int, *, secrets: bool) -> Lines:
    """Server-sent events, each behind the time at which it came."""
    start = 0
    shown = 0
    for end in [*(found.end() for found in _EVENT.finditer(body.data)), len(body.data)]:
        text = body.data[start:end].decode("utf-8", "replace").strip()
        if text:
            shown += 1
            if shown > MOST_LINES:
                yield [Span("… more events", Tone.MUTED)]
                return
            at = max((when for offset, when in body.pieces if offset <= start), default=0)
            for number, line in enumerate(text_lines(text, max(8, width - 10), secrets=secrets)):
                yield [Span(f"{moment_of(at) if not number else '':>8}  ", Tone.FAINT), *line]
        start = end


def moment_of(microseconds: int) -> str:
    """How long after the beginning."""
    return f"+{units.latency(microseconds / 1000)}"
