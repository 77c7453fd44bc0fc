"""A call whole, in lines: when what went, the request, the answer, the messages of a WebSocket. Pure."""

from collections.abc import Iterator
from typing import Final

from meshdev.recording.calls import Decode, guessed, is_call, laid_out
from meshdev.recording.model import Body, Exchange, Headers, Message
from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, width_of, wrap_words
from meshdev.tui.recordings.body_lines import MOST_LINES, PLACEHOLDER, body_lines, moment_of, text_lines
from meshdev.tui.tone import Span, Tone

Lines = list[list[Span]]

_LABEL: Final = 11
_BAR: Final = 40
_LEAST_BAR: Final = 12
_MOST_VALUE: Final = 4
_MOST_HEX: Final = 48
_JSON: Final = frozenset('{["')


def exchange_lines(exchange: Exchange, width: int, decode: Decode = guessed) -> Lines:
    """Everything that went over the wire, laid out; ``decode`` makes JSON of a call's messages."""
    lines: Lines = [*_timing(exchange, width)]
    lines += [[]] if lines else []
    if exchange.redacted:
        places = ", ".join(exchange.redacted)
        told = wrap_words(clean(f"{PLACEHOLDER} placeholders for secrets: {places}"), width)
        lines += [*([Span(part, Tone.WARN)] for part in told[:_MOST_VALUE]), []]
    request, response = exchange.request, exchange.response
    version = "2" if exchange.protocol else f"1.{request.minor}"
    line = f"{clean(request.method)} {clean(request.target)} HTTP/{version}"
    lines.append([Span("→ ", Tone.ACCENT), Span(cut(line, width - 2), Tone.TITLE)])
    lines += _head_and_body(exchange, "request", request.headers, request.body, width)
    lines.append([])
    if response is None:
        lines.append([Span("← ", Tone.ACCENT), Span(f"no answer: {clean(exchange.error)}", Tone.BAD)])
        return lines
    version = "2" if exchange.protocol else f"1.{response.minor}"
    line = f"HTTP/{version} {response.status} {clean(response.reason)}".rstrip()
    lines.append([Span("← ", Tone.ACCENT), Span(cut(line, width - 2), Tone.TITLE)])
    lines += _head_and_body(exchange, "response", response.headers, response.body, width)
    lines += _headers(exchange, "trailer", response.trailers, width)
    if exchange.messages:
        lines += [[], [Span(units.plural(len(exchange.messages), "message"), Tone.TITLE)]]
        lines += _messages(exchange, width, decode)
    return lines


def _head_and_body(
    exchange: Exchange, side: str, headers: Headers, body: Body, width: int
) -> Iterator[list[Span]]:
    yield from _headers(exchange, f"{side}.header", headers, width)
    heads = (f"{side}.header.", f"{side}.cookie.")
    secrets = any(one.startswith(f"{side}.") and not one.startswith(heads) for one in exchange.redacted)
    first = True
    for line in body_lines(body, headers, width, secrets=secrets):
        if first:
            yield []
            first = False
        yield line


def _headers(exchange: Exchange, place: str, headers: Headers, width: int) -> Iterator[list[Span]]:
    for name, value in headers:
        secret = any(one.startswith(f"{place}.{name.lower()}") for one in exchange.redacted)
        label = f"{clean(name)}: "
        mark = f"{PLACEHOLDER} " if secret else ""
        room = max(8, width - len(label) - len(mark))
        parts = wrap_words(clean(value), room) or [""]
        spans = [Span(label, Tone.MUTED), Span(mark, Tone.WARN)] if secret else [Span(label, Tone.MUTED)]
        yield [*spans, Span(parts[0], Tone.WARN if secret else Tone.TEXT)]
        for part in parts[1:_MOST_VALUE]:
            yield [Span(" " * (width - room)), Span(part, Tone.WARN if secret else Tone.TEXT)]
        if len(parts) > _MOST_VALUE:
            yield [Span(" " * (width - room)), Span("…", Tone.MUTED)]


def _timing(exchange: Exchange, width: int) -> Iterator[list[Span]]:
    """How long the request went, how long the answer was waited for, how long it came."""
    timing = exchange.timing
    parts = [
        (word, glyph, tone, spent)
        for word, glyph, tone, spent in (
            ("send", "░", Tone.MUTED, timing.send),
            ("wait", "─", Tone.WARN, timing.wait),
            ("receive", "━", Tone.ACCENT, timing.receive),
        )
        if spent is not None
    ]
    total = sum(spent for *_, spent in parts)
    room = min(_BAR, width - _LABEL - 1)
    if not total or room < _LEAST_BAR:
        return
    bar = [Span(pad("Timing", _LABEL), Tone.MUTED)]
    left = room
    for number, (_, glyph, tone, spent) in enumerate(parts):
        last = number == len(parts) - 1
        size = left if last else min(left, max(1 if spent else 0, round(room * spent / total)))
        left -= size
        bar.append(Span(glyph * size, tone))
    yield bar
    words: list[Span] = []
    for word, glyph, tone, spent in parts:
        words += [Span("  ")] if words else []
        words += [Span(f"{glyph} ", tone), Span(f"{word} {units.latency(spent / 1000)}", Tone.MUTED)]
    indent = max(0, min(_LABEL, width - sum(width_of(span.text) for span in words)))
    yield [Span(" " * indent), *words]


def _messages(exchange: Exchange, width: int, decode: Decode) -> Iterator[list[Span]]:
    for number, message in enumerate(exchange.messages):
        if number >= MOST_LINES:
            yield [Span(f"… {units.count(len(exchange.messages) - number)} more", Tone.MUTED)]
            return
        place = f"message.{number}"
        secret = any(one == place or one.startswith(f"{place}/") for one in exchange.redacted)
        yield from _message(message, width, _said(exchange, message, decode), secret=secret)


def _message(message: Message, width: int, shown: str, *, secret: bool) -> Iterator[list[Span]]:
    arrow, tone = ("→", Tone.ACCENT) if message.outgoing else ("←", Tone.OK)
    head = [Span(f"{moment_of(message.at):>8} ", Tone.FAINT), Span(f"{arrow} ", tone)]
    kind = (
        ""
        if message.kind == "text" or (message.kind == "binary" and shown[:1] in _JSON)
        else f"{message.kind} "
    )
    room = max(8, width - 11 - len(kind))
    for number, line in enumerate(text_lines(shown, room, secrets=secret)):
        start = [*head, Span(kind, Tone.MUTED)] if not number else [Span(" " * (width - room))]
        yield [*start, *line]
    if not shown:
        yield [*head, Span(kind, Tone.MUTED)]
    if message.cut is not None:
        yield [Span(" " * 11), Span("… it is not whole", Tone.WARN)]


def _said(exchange: Exchange, message: Message, decode: Decode) -> str:
    if is_call(exchange):
        return laid_out(decode(exchange, message)) if message.kind == "binary" and not message.cut else ""
    if message.kind == "close" and len(message.data) >= 2:  # noqa: PLR2004 -- the code
        code = int.from_bytes(message.data[:2])
        return f"{code} {message.data[2:].decode('utf-8', 'replace')}".rstrip()
    try:
        if message.kind == "text":
            return message.data.decode()
    except UnicodeDecodeError:
        pass
    return message.data[:_MOST_HEX].hex(" ") + (" …" if len(message.data) > _MOST_HEX else "")
