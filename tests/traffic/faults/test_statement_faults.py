"""Faults on statements without a database: what goes on, what comes back, in any cut and from any moment on."""

import struct
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.link import End
from meshdev.traffic.faults.match import fits_statements
from meshdev.traffic.faults.statement_faults import StatementFaults
from meshdev.traffic.faults.statements import fate_of
from meshdev.traffic.protocols.mysql.scanner import MysqlScanner
from meshdev.traffic.protocols.postgres.scanner import PostgresScanner
from meshdev.traffic.protocols.sql.errors import mysql_error, postgres_state
from meshdev.traffic.protocols.sql.shape import Dialect
from meshdev.traffic.protocols.sql.text import read
from meshdev.wire.faults import FaultMatch
from support_faults import ON, edge_faults

if TYPE_CHECKING:
    from meshdev.traffic.protocols.operation import Operation

CONFLICT = {"sql-error": {"code": "40001", "message": "no"}, "match": {"statement": "UPDATE"}}


class Wire:
    """A connection whose ends are lists; the clock stands still."""

    def __init__(self, scanner: PostgresScanner | MysqlScanner, edge: EdgeFaults) -> None:
        self.scanner = scanner
        self.edge = edge
        self.done: list[Operation] = []
        self.core: StatementFaults | None = None

    def begin(self) -> StatementFaults:
        """From now on faults act."""
        self.core = StatementFaults(
            self.scanner.answering(),
            partial(fate_of, self.edge),
            lambda data: self.done.extend(self.scanner.asked(data, ON)),
            lambda data: self.done.extend(self.scanner.answered(data, ON)),
        )
        return self.core

    def say(self, data: bytes, *, asked: bool) -> bytes:
        """One end says something: what the other one hears."""
        if self.core is not None:
            return self.core.asked(data, ON) if asked else self.core.answered(data)
        self.done += (self.scanner.asked if asked else self.scanner.answered)(data, ON)
        return data


def pg(kind: str, body: bytes = b"") -> bytes:
    """A message of PostgreSQL's."""
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def query(text: str) -> bytes:
    """A simple one."""
    return pg("Q", text.encode() + b"\0")


def execution(text: str) -> bytes:
    """Parse, Bind, Execute, all without names."""
    parts = pg("P", b"\0" + text.encode() + b"\0" + bytes(2)), pg("B", bytes(8)), pg("E", bytes(5))
    return b"".join(parts)


def error(code: str, text: str) -> bytes:
    """As the server says it."""
    return pg("E", f"SERROR\0C{code}\0M{text}\0\0".encode())


STARTUP = struct.pack("!II", 18, 196608) + b"user\0shop\0"[:9] + b"\0"
INJECTED = pg("E", b"SERROR\0VERROR\0C40001\0Mno\0Rmeshdev a/sql-error\0\0")
READY = {state: pg("Z", state.encode()) for state in "ITE"}


def postgres(*tables: dict[str, Any]) -> Wire:
    """A connection that is ready."""
    it = Wire(PostgresScanner(), edge_faults(*tables or (CONFLICT,)))
    it.say(STARTUP, asked=True)
    it.say(pg("R", bytes(4)) + READY["I"], asked=False)
    return it


CUTS = st.lists(st.integers(1, 400), max_size=30).map(sorted)


def cut(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The same in pieces."""
    places = sorted({0, len(data), *(at for at in cuts if at < len(data))})
    return [data[begin:end] for begin, end in pairwise(places)]


def said(it: Wire, data: bytes, cuts: Sequence[int], *, asked: bool) -> bytes:
    """What the other end hears of it."""
    return b"".join(it.say(piece, asked=asked) for piece in cut(data, cuts))


def nothing(number: int) -> bytes:
    """An Execute of a portal that is not there."""
    return pg("E", b"meshdev:%d:\0" % number + bytes(4))


DONE = pg("1") + pg("2") + pg("C", b"SELECT 1\0")


@given(CUTS, CUTS, st.integers(0, 3))
def test_an_extended_pipeline_in_any_cut(up: list[int], down: list[int], before: int) -> None:
    """From any moment on: the Execute goes to a portal that is not there, the server's word for that is replaced."""
    it = postgres()
    early = [execution("SELECT 1"), pg("S")] * before
    for chunk in early:
        it.say(chunk, asked=True)
    it.begin()
    pipeline = execution("SELECT 1") + execution("UPDATE t SET x = 1") + execution("SELECT 2") + pg("S")
    update = execution("UPDATE t SET x = 1")
    told = update.removesuffix(pg("E", bytes(5))) + nothing(1)
    assert said(it, pipeline, up, asked=True) == pipeline.replace(update, told)
    answer = (DONE + READY["I"]) * before + DONE + pg("1") + pg("2")
    server = answer + error("34000", 'portal "meshdev:1:" does not exist') + READY["I"]
    assert said(it, server, down, asked=False) == answer + INJECTED + READY["I"]
    assert [(op.name, op.code, op.by) for op in it.done[1:]] == [
        *[("SELECT", "", "")] * (before + 1),
        ("UPDATE", "40001", "meshdev"),
    ]
    assert it.core is not None
    assert (it.core.idle, it.scanner.waiting(), it.scanner.gave_up) == (True, 0, "")


@given(CUTS, CUTS)
def test_a_commit_in_any_cut(up: list[int], down: list[int]) -> None:
    """The ROLLBACK before it is not the caller's to see, in either protocol."""
    it = postgres({**CONFLICT, "match": {"statement": "COMMIT"}})
    it.begin()
    it.say(query("BEGIN"), asked=True)
    it.say(pg("C", b"BEGIN\0") + READY["T"], asked=False)
    assert said(it, query("COMMIT"), up, asked=True) == query('ROLLBACK; EXECUTE "meshdev:1:"')
    server = pg("C", b"ROLLBACK\0") + error("26000", "meshdev:1:") + READY["I"]
    assert said(it, server, down, asked=False) == INJECTED + READY["I"]

    it.say(query("BEGIN"), asked=True)
    it.say(pg("C", b"BEGIN\0") + READY["T"], asked=False)
    heard = said(it, execution("COMMIT") + pg("S"), up, asked=True)
    assert heard.endswith(nothing(2) + pg("S"))
    assert b"ROLLBACK" in heard
    server = pg("1") + pg("2") + pg("3") + pg("1") + pg("2") + pg("C", b"ROLLBACK\0")
    server += error("34000", "meshdev:2:") + READY["I"]
    assert said(it, server, down, asked=False) == pg("1") + pg("2") + INJECTED + READY["I"]
    assert [op.code for op in it.done if op.name == "COMMIT"] == ["40001"] * 2


def test_what_a_pipeline_skips_is_not_waited_for() -> None:
    """An error before it: the server never looks at what was to fail."""
    it = postgres()
    core = it.begin()
    it.say(execution("SELECT 1/0") + execution("UPDATE t SET x = 1") + pg("S"), asked=True)
    idle = [core.idle]
    server = pg("1") + pg("2") + error("22012", "division by zero")
    assert it.say(server + READY["I"], asked=False) == server + READY["I"]
    assert [*idle, core.idle] == [False, True]
    rest = pg("D", b"meshdev:1:")
    assert it.say(rest, asked=False) == rest


def test_in_a_failed_transaction_the_server_says_no_itself() -> None:
    """So nothing is hit."""
    it = postgres()
    it.begin()
    it.say(query("BEGIN; SELECT 1/0"), asked=True)
    it.say(pg("C", b"BEGIN\0") + error("22012", "x") + READY["E"], asked=False)
    assert it.say(query("UPDATE t SET x = 1"), asked=True) == query("UPDATE t SET x = 1")
    assert it.edge.take_hits() == {}


def test_a_delay_keeps_the_order() -> None:
    """What follows waits, too, the caller's end included; taken out, all goes on."""
    it = postgres({"delay": "5s", "match": {"statement": "UPDATE"}})
    core = it.begin()
    first, slow, last = query("SELECT 1"), query("UPDATE t SET x = 1"), query("SELECT 2")
    assert it.say(first + slow + last, asked=True) == first
    core.end(ON)
    assert core.advance(ON + 4.9) == []
    assert core.deadline() == ON + 5.0
    assert core.advance(ON + 5.0) == [slow, last, End.EOF]
    assert it.say(slow, asked=True) == b""
    assert core.let_go(frozenset({"a/delay"})) == []
    assert core.let_go(frozenset()) == [slow]
    assert core.idle


def test_taken_out_in_the_middle_of_a_message() -> None:
    """What was kept of it goes on, and is read; nothing comes twice."""
    it = postgres()
    core = it.begin()
    update = query("UPDATE t SET x = 1")
    assert it.say(update[:9], asked=True) == b""
    assert core.idle
    assert core.leave() == update[:9]
    assert core.leave() == b""
    it.core = None
    assert it.say(update[9:], asked=True) == update[9:]
    it.say(pg("C", b"UPDATE 1\0") + READY["I"], asked=False)
    assert [(op.name, op.faults) for op in it.done[1:]] == [("UPDATE", ())]


@given(CUTS)
def test_from_the_first_byte_on(cuts: list[int]) -> None:
    """A wish for TLS that is refused, the startup, a query."""
    it = Wire(PostgresScanner(), edge_faults(CONFLICT))
    it.begin()
    wish = struct.pack("!II", 8, 80877103)
    assert said(it, wish, cuts, asked=True) == wish
    assert it.say(b"N", asked=False) == b"N"
    assert said(it, STARTUP, cuts, asked=True) == STARTUP
    it.say(pg("R", bytes(4)) + READY["I"], asked=False)
    assert said(it, query("UPDATE t SET x = 1"), cuts, asked=True) == query('EXECUTE "meshdev:1:"')


@given(st.binary(max_size=300), CUTS)
def test_what_cannot_be_read_passes(junk: bytes, cuts: list[int]) -> None:
    """All of it, in order, without waiting for more."""
    for scanner in (PostgresScanner(), MysqlScanner()):
        it = Wire(scanner, edge_faults(CONFLICT))
        it.begin()
        if isinstance(scanner, MysqlScanner):
            it.say(b"\x01\0\0\0x", asked=False)
        heard = said(it, junk, cuts, asked=True)
        if scanner.gave_up:
            assert heard + it.say(b"more", asked=True) == junk + b"more"
        else:
            assert junk.startswith(heard)


# --- MySQL --------------------------------------------------------------------------------------------

GREETING = b"\x0a8\0" + bytes(13) + struct.pack("<H", 1 << 9 | 1 << 15) + bytes(20)
LOGIN = struct.pack("<I", 1 << 9 | 1 << 15) + bytes(28) + b"shop\0\0"
OK = b"\0\0\0\2\0\0\0"


def packet(body: bytes, number: int = 0) -> bytes:
    """One of MySQL's."""
    return len(body).to_bytes(3, "little") + bytes((number,)) + body


def mysql(*tables: dict[str, Any]) -> Wire:
    """A connection that is logged in."""
    it = Wire(MysqlScanner(), edge_faults(*tables or (CONFLICT,)))
    it.say(packet(GREETING), asked=False)
    it.say(packet(LOGIN, 1), asked=True)
    it.say(packet(OK, 2), asked=False)
    return it


FAILED = b"\xff" + struct.pack("<H", 1213) + b"#40001no"


@given(CUTS, CUTS, st.booleans())
def test_mysql_in_any_cut(up: list[int], down: list[int], late: bool) -> None:  # noqa: FBT001 - Hypothesis's
    """Several commands under way: the one that is hit becomes a ROLLBACK, whose OK becomes the error."""
    it = mysql()
    first = packet(b"\x03INSERT INTO t VALUES (1)")
    if late:
        it.say(first, asked=True)
    it.begin()
    commands = packet(b"\x03UPDATE t SET x = 1") + packet(b"\x0e") + packet(b"\x03INSERT INTO t VALUES (2)")
    wanted = packet(b"\x03ROLLBACK") + packet(b"\x0e") + packet(b"\x03INSERT INTO t VALUES (2)")
    assert said(it, commands if late else first + commands, up, asked=True) == (
        wanted if late else first + wanted
    )
    server = packet(OK, 1) * 4
    assert said(it, server, down, asked=False) == packet(OK, 1) + packet(FAILED, 1) + packet(OK, 1) * 2
    assert [(op.name, op.code, op.by) for op in it.done[1:]] == [
        ("INSERT", "", ""),
        ("UPDATE", "1213", "meshdev"),
        ("PING", "", ""),
        ("INSERT", "", ""),
    ]
    assert it.core is not None
    assert (it.core.idle, it.scanner.gave_up) == (True, "")


@pytest.mark.parametrize(
    ("code", "command", "instead"),
    [
        ("1205", b"\x03UPDATE t SET x = 1", b"\x0e"),
        ("40001", b"\x03UPDATE t SET x = 1", b"\x03ROLLBACK"),
        ("1205", b"\x17\1\0\0\0\0\1\0\0\0", b"\x1a\1\0\0\0"),
        ("1205", b"\x17\xff\xff\xff\xff\0\1\0\0\0", b"\x0e"),
        ("1205", b"\x03COMMIT", b"\x03ROLLBACK"),
    ],
)
def test_what_the_server_does_instead(code: str, command: bytes, instead: bytes) -> None:
    """So that it is in the state that the error would have left."""
    it = mysql({"sql-error": code, "match": {"statement": ["UPDATE", "COMMIT"]}})
    it.begin()
    prepared = packet(b"\x16UPDATE t SET x = ?")
    assert it.say(prepared, asked=True) == prepared
    it.say(packet(b"\0\1\0\0\0" + bytes(7), 1), asked=False)
    assert it.say(packet(command), asked=True) == packet(instead)


def test_a_server_that_fails_by_itself_is_heard() -> None:
    """What it was told instead of the statement may fail, too."""
    it = mysql()
    it.begin()
    it.say(packet(b"\x03UPDATE t SET x = 1"), asked=True)
    dying = packet(b"\xff" + struct.pack("<H", 1053) + b"#08S01bye", 1)
    assert it.say(dying, asked=False) == dying


# --- whom it hits, and by which words -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "match", "expected"),
    [
        ("UPDATE orders SET x = 1", {}, True),
        ("UPDATE orders SET x = 1", {"statements": ("UPDATE",)}, True),
        ("UPDATE orders SET x = 1", {"statements": ("INSERT",)}, False),
        ("UPDATE orders SET x = 1", {"table": "orders"}, True),
        ("UPDATE Orders SET x = 1", {"table": "ORDERS"}, True),
        ("UPDATE shop.orders SET x = 1", {"table": "orders"}, True),
        ("UPDATE shop.orders SET x = 1", {"table": "shop.*"}, True),
        ("UPDATE orders SET x = 1", {"table": "order"}, False),
        ("SELECT * FROM a JOIN orders USING (id)", {"table": "orders"}, True),
        ("SELECT * FROM events_20240131", {"table": "events_*"}, True),
        ("SELECT 1; UPDATE orders SET x = 1", {"statements": ("UPDATE",), "table": "orders"}, True),
        ("SELECT * FROM orders; UPDATE a SET x = 1", {"statements": ("UPDATE",), "table": "orders"}, False),
        ("BEGIN", {}, False),
        ("ROLLBACK TO x", {}, False),
        ("SET a = 1", {}, False),
        ("COMMIT", {"statements": ("COMMIT",)}, True),
        ("CREATE TABLE a (x int)", {"statements": ("CREATE TABLE",)}, True),
        ("UPDATE orders SET x = 1", {"methods": ("UPDATE",)}, False),
        ("UPDATE orders SET x = 1", {"subject": "orders"}, False),
    ],
)
def test_whom_it_means(text: str, match: dict[str, Any], expected: object) -> None:
    """By kind and table; what opens and ends transactions only by name."""
    statements = read(text.encode(), Dialect.POSTGRES).statements
    assert fits_statements(FaultMatch(**match), statements) is expected


def test_a_statement_that_nobody_knows() -> None:
    """One that was prepared before anybody read along is meant where nothing is asked of it."""
    assert fits_statements(FaultMatch(), ())
    assert not fits_statements(FaultMatch(table="orders"), ())
    assert not fits_statements(FaultMatch(statements=("UPDATE",)), ())


@pytest.mark.parametrize(
    ("code", "mysql_says", "postgres_says"),
    [
        ("40001", (1213, "40001"), "40001"),
        ("40P01", (1213, "40001"), "40P01"),
        ("1213", (1213, "40001"), "40P01"),
        ("23505", (1062, "23000"), "23505"),
        ("23000", (1062, "23000"), "23000"),
        ("1205", (1205, "HY000"), "55P03"),
        ("45000", (1105, "45000"), "45000"),
        ("9999", (9999, "HY000"), "XX000"),
    ],
)
def test_each_server_is_told_its_own(code: str, mysql_says: tuple[int, str], postgres_says: str) -> None:
    """Numbers and SQLSTATEs in the words of either."""
    assert mysql_error(code) == mysql_says
    assert postgres_state(code) == postgres_says
