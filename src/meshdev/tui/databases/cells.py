"""The tables of databases and of statements. Pure."""

import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum

from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.columns import Column
from meshdev.tui.model import Cell, Row, drawn
from meshdev.tui.tone import Span, Tone
from meshdev.tui.wanted import words_hold
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView

_PREFIX = "databases."
_SLOW_MS = 100.0

DATABASES: tuple[Column, ...] = (
    Column("mark", " ", 1, 1, 95),
    Column("name", "DATABASE", 10, 32, 100, always=True),
    Column("engine", "ENGINE", 6, 12, 60, always=True),
    Column("owner", "OWNER", 6, 20, 70, always=True),
    Column("connections", "CONNS", 5, 5, 80, right=True),
    Column("rate", "STMT/S", 6, 7, 85, right=True, always=True),
    Column("count", "STMTS", 5, 7, 50, right=True),
    Column("errors", "ERRORS", 6, 6, 75, right=True),
    Column("p99", "P99", 6, 7, 65, right=True),
    Column("users", "USED BY", 10, 400, 90, flex=True, always=True),
)
STATEMENTS: tuple[Column, ...] = (
    Column("count", "COUNT", 5, 7, 90, right=True, always=True),
    Column("time", "TIME", 6, 7, 80, right=True, always=True),
    Column("p50", "P50", 6, 7, 40, right=True),
    Column("p99", "P99", 6, 7, 85, right=True, always=True),
    Column("refused", "REFUSED", 7, 7, 60, right=True),
    Column("errors", "ERRORS", 6, 6, 75, right=True),
    Column("service", "BY", 6, 20, 50, always=True),
    Column("text", "STATEMENT", 16, 400, 100, flex=True, always=True),
)


class Order(StrEnum):
    """What statements are sorted by."""

    TIME = "time"
    COUNT = "count"
    SLOW = "p99"
    ERRORS = "errors"


def database_rows(databases: Iterable[DatabaseView]) -> tuple[Row, ...]:
    """All of them, in the daemon's order."""
    return tuple(_database(one) for one in databases)


def _database(one: DatabaseView) -> Row:
    requests = sum(user.requests for user in one.users)
    errors = sum(user.errors for user in one.users)
    rate = sum(user.rps for user in one.users)
    connections = sum(user.connections for user in one.users)
    p99 = max((user.p99_ms for user in one.users if user.p99_ms is not None), default=None)
    strange = any(user.foreign and not user.denied for user in one.users)
    cells = (
        Cell("‡" if strange else "", Tone.WARN),
        Cell(clean(one.name.removeprefix(_PREFIX)), Tone.STRONG if rate else Tone.TEXT),
        Cell(clean(one.engine or one.protocol), Tone.MUTED),
        Cell(clean(one.owner), Tone.TEXT),
        Cell(str(connections) if connections else "", Tone.MUTED),
        Cell(units.rate(rate) if requests else "", Tone.TEXT if rate else Tone.FAINT),
        Cell(units.count(requests) if requests else "", Tone.MUTED),
        Cell(units.count(errors) if errors else "", Tone.BAD),
        Cell(units.latency(p99) if p99 is not None else "", _slowness(p99)),
        drawn(list(_users(one.users))),
    )
    return Row(one.name, cells)


def _users(users: Iterable[DatabaseUserView]) -> Iterable[Span]:
    for number, one in enumerate(users):
        if number:
            yield Span(" ", Tone.FAINT)
        yield Span(clean(one.service), tone_of(one))


def tone_of(user: DatabaseUserView) -> Tone:
    """How a service stands there: kept out, where it should not be, at work, or not seen yet."""
    if user.denied:
        return Tone.BAD
    if user.foreign or not user.declared:
        return Tone.WARN
    return Tone.TEXT if user.requests else Tone.FAINT


def statement_rows(
    statements: Iterable[StatementView], order: Order = Order.TIME, wanted: str = ""
) -> tuple[Row, ...]:
    """Those that match, by `order`."""
    found = [one for one in statements if matches(one, wanted)]
    return tuple(_statement(one) for one in _sorted(found, order))


def key_of(one: StatementView) -> str:
    """The key of a statement's row."""
    return f"{one.service}\0{one.name}\0{one.target}\0{one.text}"


def words_of(one: StatementView) -> str:
    """The statement in one line; what is none (a login, a command of the protocol) behind the word for it."""
    if not one.text:
        return "all others"
    text = " ".join(one.text.split())
    return text if one.name.lower() in text.lower() else f"{one.name} {text}"


def filter_of(database: DatabaseView, one: StatementView) -> str:
    """What lets only its calls through on the Traffic screen."""
    words = [f"callee={database.name}", f"caller={one.service}"]
    if one.text:
        words.append(f"method={one.name}")
        command = one.text == f"{one.name} {one.target}".rstrip()
        words += (
            [f"path~{one.target}"] if command and one.target else [] if command else [f"detail~{one.text}"]
        )
    return shlex.join(words)


def _statement(one: StatementView) -> Row:
    cells = (
        Cell(units.count(one.count), Tone.TEXT),
        Cell(units.latency(one.total_ms) if one.total_ms else "", Tone.MUTED),
        Cell(units.latency(one.p50_ms) if one.p50_ms is not None else "", Tone.MUTED),
        Cell(units.latency(one.p99_ms) if one.p99_ms is not None else "", _slowness(one.p99_ms)),
        Cell(units.count(one.refused) if one.refused else "", Tone.WARN),
        Cell(units.count(one.errors) if one.errors else "", Tone.BAD),
        Cell(clean(one.service), Tone.MUTED),
        Cell(clean(words_of(one)), Tone.TEXT if one.text else Tone.FAINT),
    )
    return Row(key_of(one), cells)


def _slowness(p99: float | None) -> Tone:
    return Tone.WARN if p99 is not None and p99 >= _SLOW_MS else Tone.TEXT


def matches(one: StatementView, wanted: str) -> bool:
    """Whether each word is in the statement, its tables or its service; ``!word`` must not be."""
    return words_hold(f"{one.text} {one.name} {one.target} {one.service}".lower(), wanted)


def _sorted(statements: Sequence[StatementView], order: Order) -> list[StatementView]:
    match order:
        case Order.COUNT:
            return sorted(statements, key=lambda it: -it.count)
        case Order.SLOW:
            return sorted(statements, key=lambda it: -(it.p99_ms or 0.0))
        case Order.ERRORS:
            return sorted(statements, key=lambda it: (-it.errors, -it.refused, -it.total_ms))
        case _:
            return list(statements)
