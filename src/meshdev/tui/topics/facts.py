"""What the details say about a topic: its ends, its last messages. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, width_of, wrap_words
from meshdev.tui.facts import Lines
from meshdev.tui.tone import Span, Tone
from meshdev.wire.topic_views import MessageView, TopicPartyView, TopicView

_FIGURES = (("MSG/S", 7), ("SENT", 8), ("P99", 8))
_GOT = (("MSG/S", 7), ("GOT", 8), ("BEHIND", 8))
_LEAST_FOR_FIGURES, _MOST = 40, 40  # cells of a name: figures stand beside it, however wide the terminal is
_MOST_LINES = 6  # of one message
_TIGHT = re.compile(r"""((?<=["\]}\w]),(?=["\[{])|(?<="):(?=["\[{\w-]))""")


def topic_facts(topic: TopicView, width: int) -> Lines:
    """Everything that is known about a topic, in at most ``width`` cells a line."""
    lines: Lines = [[Span(cut(clean(topic.name), width), Tone.STRONG)], _carrier(topic)]
    lines += _ends("Published by", topic.publishers, _FIGURES, width, publishing=True)
    lines += _ends("Delivered to", topic.subscribers, _GOT, width, publishing=False)
    lines += _messages(topic, width)
    return lines


def _carrier(topic: TopicView) -> list[Span]:
    if not topic.broker:
        return [Span("Declared; no message of it was seen yet.", Tone.MUTED)]
    return [Span(clean(f"{topic.broker}  {topic.protocol}"), Tone.MUTED)]


def _ends(
    title: str,
    parties: Iterable[TopicPartyView],
    figures: Iterable[tuple[str, int]],
    width: int,
    *,
    publishing: bool,
) -> Iterator[list[Span]]:
    yield []
    known = list(parties)
    if not known:
        yield [Span(title, Tone.TITLE), Span("  nobody", Tone.MUTED)]
        return
    heads = list(figures) if width >= _LEAST_FOR_FIGURES else []
    room = max(8, min(_MOST, width - sum(size for _, size in heads)))
    yield [
        Span(pad(title, room), Tone.TITLE),
        *(Span(pad(name, size, right=True), Tone.FAINT) for name, size in heads),
    ]
    for one in known:
        yield _end(one, room, heads, publishing=publishing)
        yield from _remarks(one)


def _end(one: TopicPartyView, room: int, heads: list[tuple[str, int]], *, publishing: bool) -> list[Span]:
    last = one.p99_ms if publishing else one.lag
    said = "" if last is None else units.latency(last) if publishing else units.count(int(last))
    texts = (
        units.rate(one.mps) if one.messages else "",
        units.count(one.messages) if one.messages else "",
        said,
    )
    tones = (Tone.TEXT, Tone.MUTED, Tone.WARN if not publishing and one.lag else Tone.MUTED)
    return [
        Span(pad(cut(clean(one.service), room - 1), room), Tone.TEXT if one.messages else Tone.MUTED),
        *(
            Span(pad(text, size, right=True), tone)
            for text, tone, (_, size) in zip(texts, tones, heads, strict=False)
        ),
    ]


def _remarks(one: TopicPartyView) -> Iterator[list[Span]]:
    spans = []
    if one.errors:
        spans.append(Span(f"  ✕ {units.count(one.errors)} failed", Tone.BAD))
    if not one.declared:
        spans.append(Span("  ? not declared", Tone.WARN))
    if spans:
        yield spans


def _messages(topic: TopicView, width: int) -> Iterator[list[Span]]:
    if not topic.last:
        return
    yield []
    yield [Span("Last messages", Tone.TITLE)]
    for one in reversed(topic.last):
        head = f"{_moment(one.at)}  {clean(one.service)}"
        size = f"{units.size(one.size)}B"
        yield [
            Span(pad(cut(head, width - width_of(size) - 1), max(1, width - width_of(size))), Tone.MUTED),
            Span(size, Tone.FAINT),
        ]
        yield from _payload(one, width)


def _payload(one: MessageView, width: int) -> Iterator[list[Span]]:
    lines = wrap_words(clean(_spaced(" ".join(one.payload.split()))), max(8, width - 2))
    for line in lines[:_MOST_LINES]:
        yield [Span("  "), Span(line, Tone.TEXT)]
    if len(lines) > _MOST_LINES:
        yield [Span("  …", Tone.FAINT)]


def _spaced(text: str) -> str:
    """JSON that was written without blanks, with blanks: so that lines break between fields, not inside of them."""
    return _TIGHT.sub(r"\1 ", text) if text.startswith(("{", "[")) else text


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"
