"""The table of topics. Pure."""

from collections.abc import Iterable, Sequence

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row, drawn
from meshdev.tui.tone import Span, Tone
from meshdev.tui.wanted import words_hold
from meshdev.wire.topic_views import TopicPartyView, TopicView

COLUMNS: tuple[Column, ...] = (
    Column("mark", " ", 1, 1, 95),
    Column("name", "TOPIC", 16, 48, 100, always=True),
    Column("rate", "MSG/S", 5, 6, 85, right=True, always=True),
    Column("sent", "SENT", 5, 7, 70, right=True, always=True),
    Column("got", "GOT", 5, 7, 50, right=True, always=True),
    Column("lag", "BEHIND", 6, 7, 80, right=True),
    Column("failed", "FAILED", 6, 6, 75, right=True),
    Column("broker", "BROKER", 6, 16, 20, extra=True),
    Column("publishers", "FROM", 10, 40, 60, always=True),
    Column("subscribers", "TO", 12, 400, 65, flex=True, always=True),
)


def rows_of(topics: Sequence[TopicView], wanted: str = "") -> tuple[Row, ...]:
    """Those that match, in the daemon's order."""
    return tuple(row_of(topic) for topic in topics if matches(topic, wanted))


def row_of(topic: TopicView) -> Row:
    """One topic."""
    sent, got = messages_of(topic.publishers), messages_of(topic.subscribers)
    rate = sum(one.mps for one in topic.publishers) or sum(one.mps for one in topic.subscribers)
    lag, failed = lag_of(topic), sum(one.errors for one in (*topic.publishers, *topic.subscribers))
    used = bool(sent or got)
    cells = (
        Cell("?" if is_strange(topic) else "", Tone.WARN),
        Cell(clean(topic.name), Tone.STRONG if rate else Tone.TEXT if used else Tone.MUTED),
        Cell(units.rate(rate) if used else "", Tone.TEXT if rate else Tone.FAINT),
        Cell(units.count(sent) if used else "", Tone.MUTED),
        Cell(units.count(got) if used else "", Tone.MUTED),
        Cell(units.count(lag) if lag else "", Tone.WARN),
        Cell(units.count(failed) if failed else "", Tone.BAD),
        Cell(clean(topic.broker.removeprefix("brokers.")), Tone.FAINT),
        drawn(list(_names(topic.publishers))),
        drawn(list(_names(topic.subscribers))),
    )
    return Row(topic.name, cells)


def _names(parties: Iterable[TopicPartyView]) -> Iterable[Span]:
    for number, one in enumerate(parties):
        if number:
            yield Span(" ", Tone.FAINT)
        tone = Tone.WARN if not one.declared else Tone.TEXT if one.messages else Tone.FAINT
        yield Span(clean(one.service), tone)


def messages_of(parties: Iterable[TopicPartyView]) -> int:
    """All that went through one end."""
    return sum(one.messages for one in parties)


def lag_of(topic: TopicView) -> int:
    """How many messages wait, for all subscribers."""
    return sum(one.lag or 0 for one in topic.subscribers)


def is_strange(topic: TopicView) -> bool:
    """Whether somebody takes part whom nobody declared."""
    return any(not one.declared for one in (*topic.publishers, *topic.subscribers))


def matches(topic: TopicView, wanted: str) -> bool:
    """Whether each word is in the topic, its broker or the services at its ends; ``!word`` must not be."""
    services = " ".join(one.service for one in (*topic.publishers, *topic.subscribers))
    return words_hold(f"{topic.name} {topic.broker} {topic.protocol} {services}".lower(), wanted)
