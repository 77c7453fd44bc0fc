"""What the details say: who uses a database, and the whole of a statement. Pure."""

from collections.abc import Iterator

from meshdev.tui import units
from meshdev.tui.cells import clean, cut, pad, wrap_words
from meshdev.tui.databases.cells import tone_of, words_of
from meshdev.tui.facts import Lines
from meshdev.tui.tone import Span, Tone
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView

_HEADS = (("CONNS", 6), ("STMT/S", 8), ("STMTS", 8), ("P99", 8))
_LEAST, _MOST = 12, 40  # cells of a name: figures stand beside it, not at the other end of a wide terminal


def database_facts(database: DatabaseView, width: int) -> Lines:
    """The database with its users, in at most ``width`` cells a line."""
    words = [database.engine or database.protocol, database.runs]
    lines: Lines = [
        [Span(cut(clean(database.name), width), Tone.STRONG)],
        [Span(cut(clean("  ".join(word for word in words if word)), width), Tone.MUTED)],
    ]
    if database.path:
        lines += ([Span(clean(part), Tone.MUTED)] for part in wrap_words(clean(database.path), width))
    if database.owner:
        only = "  nobody else may use it" if database.exclusive else ""
        lines.append(
            [Span("owner ", Tone.MUTED), Span(clean(database.owner), Tone.TEXT), Span(only, Tone.MUTED)]
        )
    lines += _users(database, width)
    return lines


def why_none(database: DatabaseView) -> str:
    """What stands in place of the statements of a database that has none."""
    if database.runs == "file":
        return "A file: services open it themselves, so nothing of it passes an edge."
    if not database.users:
        return "Nobody uses it."
    if all(user.denied for user in database.users):
        return "Whoever tried to use it was kept out."
    if not database.read:
        return "Its protocol is not read: connections are counted, statements are not seen."
    return "No statement was seen yet."


def statement_facts(statement: StatementView, width: int) -> Lines:
    """The whole statement, and who sends it."""
    lines: Lines = [[Span("Statement", Tone.TITLE), Span(f"  of {clean(statement.service)}", Tone.MUTED)]]
    lines += ([Span(part, Tone.TEXT)] for part in wrap_words(clean(words_of(statement)), max(_LEAST, width)))
    return lines


def _users(database: DatabaseView, width: int) -> Iterator[list[Span]]:
    yield []
    if not database.users:
        yield [Span("Used by", Tone.TITLE), Span("  nobody", Tone.MUTED)]
        return
    room = max(_LEAST, min(_MOST, width - sum(size for _, size in _HEADS)))
    heads = _HEADS if room + sum(size for _, size in _HEADS) <= width else ()
    yield [
        Span(pad("Used by", room), Tone.TITLE),
        *(Span(pad(name, size, right=True), Tone.FAINT) for name, size in heads),
    ]
    for one in database.users:
        figures = _figures(one)[: len(heads)]
        yield [
            Span(pad(cut(clean(one.service), room - 1), room), tone_of(one)),
            *(
                Span(pad(text, size, right=True), Tone.MUTED)
                for text, (_, size) in zip(figures, heads, strict=True)
            ),
        ]
        yield from _remarks(one, width)


def _figures(one: DatabaseUserView) -> tuple[str, ...]:
    return (
        str(one.connections) if one.connections else "",
        units.rate(one.rps) if one.requests else "",
        units.count(one.requests) if one.requests else "",
        units.latency(one.p99_ms) if one.p99_ms is not None else "",
    )


def _remarks(one: DatabaseUserView, width: int) -> Iterator[list[Span]]:
    spans = []
    if one.errors:
        spans.append(Span(f"  ✕ {units.count(one.errors)} failed", Tone.BAD))
    if one.denied:
        spans.append(Span("  ✕ denied", Tone.BAD))
    if one.foreign:
        spans.append(Span("  ‡ foreign", Tone.WARN))
    if not one.declared:
        spans.append(Span("  ? not declared", Tone.WARN))
    if spans:
        yield spans
    if one.denied:
        yield from (
            [Span(f"  {part}", Tone.MUTED)] for part in wrap_words(clean(one.denied), max(_LEAST, width - 2))
        )
