"""PostgreSQL: messages by its documentation, and real clients before a real server, in any cut."""

import asyncio
import contextlib
import struct
from collections.abc import Callable, Iterator

import asyncpg
import psycopg
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from meshdev.traffic.protocols.postgres.caller import MOST_WAITING
from meshdev.traffic.protocols.postgres.scanner import PostgresScanner
from meshdev.traffic.protocols.table import guess
from support_postgres import Postgres, postgres
from support_product import eventually
from support_scanning import Chunk, Scanned, byte_by_byte, cut_at, read_again, scanned, timeless


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One for all tests of the module."""
    with postgres() as it:
        it.run("CREATE TABLE orders (id int PRIMARY KEY, name text)", "CREATE TABLE items (id int)")
        yield it


@pytest.fixture
def it(server: Postgres) -> Iterator[Scanned]:
    """A relay that reads along, and a table that is empty."""
    server.run("TRUNCATE orders")
    with scanned(PostgresScanner, server.port) as found:
        yield found


def told(it: Scanned) -> list[tuple[str, str, str]]:
    """Names, targets and codes of what was read."""
    return [(one.name, one.target, one.code) for one in it.operations]


def named(it: Scanned, name: str) -> list[Operation]:
    """The operations of that name."""
    return [one for one in it.operations if one.name == name]


def settle(it: Scanned) -> None:
    """Until all connections are over; whoever was read, was read to its end."""
    eventually(lambda: all(one.over for one in it.conversations))
    assert it.gave_up == []
    assert all(one.scanner.waiting() == 0 for one in it.conversations)


# Messages by hand.


def message(kind: str, body: bytes) -> bytes:
    """One message."""
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def startup(**parameters: str) -> bytes:
    """The first message."""
    words = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(words) + 8, 196608) + words


def asks(data: bytes) -> Chunk:
    """The caller's bytes."""
    return Chunk(asked=True, data=data)


def answers(data: bytes) -> Chunk:
    """The callee's bytes."""
    return Chunk(asked=False, data=data)


READY = message("Z", b"I")
BEGUN = [asks(startup(user="a", database="shop")), answers(message("R", bytes(4)) + READY)]


def error(code: str) -> bytes:
    """An error of that SQLSTATE."""
    return message("E", f"SERROR\0C{code}\0Mno\0\0".encode())


def parse(name: str, text: str) -> bytes:
    """A Parse and a Bind of it to the unnamed portal."""
    return message("P", f"{name}\0{text}\0\0\0".encode()) + message("B", f"\0{name}\0".encode() + bytes(6))


EXECUTE = message("E", b"\0" + bytes(4))
SYNC = message("S", b"")
DONE = message("1", b"") + message("2", b"")


def brief(chunks: list[Chunk]) -> list[tuple[str, str, Outcome, str]]:
    """What is read of them behind the connection's beginning."""
    operations, scanner = read_again(PostgresScanner, BEGUN + chunks)
    assert scanner.gave_up == ""
    return [(one.name, one.target, one.outcome, one.code) for one in operations[1:]]


def test_a_refused_statement_skips_what_follows_up_to_the_sync() -> None:
    """Pipelined statements behind an error are not done; those behind the Sync are."""
    asked = parse("", "SELECT * FROM a") + EXECUTE + parse("", "SELECT * FROM b") + EXECUTE + SYNC
    again = parse("", "SELECT * FROM c") + EXECUTE + SYNC
    answer = DONE + error("22012") + READY + DONE + message("C", b"SELECT 0\0") + READY
    assert brief([asks(asked + again), answers(answer)]) == [
        ("SELECT", "a", Outcome.REFUSED, "22012"),
        ("SELECT", "c", Outcome.OK, ""),
    ]


def test_an_error_before_the_sync_was_said() -> None:
    """What the caller says until its Sync is not answered."""
    chunks = [
        asks(message("P", b"s\0SELEC a\0\0\0") + message("H", b"")),
        answers(error("42601")),
        asks(message("B", b"\0s\0" + bytes(6)) + EXECUTE + message("Q", b"SELECT 1\0") + SYNC),
        answers(READY),
        asks(message("Q", b"SELECT * FROM b\0")),
        answers(message("C", b"SELECT 0\0") + READY),
    ]
    assert brief(chunks) == [("SQL", "", Outcome.REFUSED, "42601"), ("SELECT", "b", Outcome.OK, "")]


def test_an_error_of_the_implicit_commit() -> None:
    """A deferred constraint fails at the Sync, after its statement was done."""
    asked = asks(parse("", "INSERT INTO a VALUES (1)") + EXECUTE + SYNC)
    answer = answers(DONE + message("C", b"INSERT 0 1\0") + error("23503") + READY)
    assert brief([asked, answer]) == [("INSERT", "a", Outcome.OK, ""), ("SYNC", "", Outcome.REFUSED, "23503")]


def test_what_is_lost() -> None:
    """The connection ends with a statement half done, one not begun, and one that was done."""
    asked = asks(message("Q", b"SELECT * FROM a; SELECT * FROM b\0") + message("Q", b"SELECT 1\0"))
    answer = answers(message("C", b"SELECT 0\0"))
    assert brief([asked, answer]) == [
        ("SELECT", "a", Outcome.OK, ""),
        ("SELECT", "b", Outcome.LOST, ""),
        ("SELECT", "", Outcome.LOST, ""),
    ]


def test_a_function_call() -> None:
    """The old fast path."""
    chunks = [asks(message("F", bytes(12))), answers(message("V", bytes(4)) + READY)]
    assert brief(chunks) == [("FUNCTION", "", Outcome.OK, "")]


def test_a_portal_or_statement_from_nowhere() -> None:
    """It has the name that the server gives it."""
    chunks = [asks(EXECUTE + SYNC), answers(message("C", b"UPDATE 3\0") + READY)]
    assert brief(chunks) == [("UPDATE", "", Outcome.OK, "")]


def test_a_message_of_ten_megabytes() -> None:
    """It counts, and it is not kept."""
    scanner = PostgresScanner()
    scanner.asked(BEGUN[0].data, 0)
    scanner.answered(BEGUN[1].data, 0)
    text = b"INSERT INTO a VALUES ('" + b"x" * 10_000_000 + b"')\0"
    whole = message("Q", text)
    for begin in range(0, len(whole), 65536):
        scanner.asked(whole[begin : begin + 65536], 1)
        assert len(scanner._caller._frames._rest) < 32768
    done = scanner.answered(message("D", bytes(10_000_000)) + message("C", b"INSERT 0 1\0"), 2)
    assert [(one.name, one.target, one.bytes_in) for one in done] == [("INSERT", "a", len(whole))]
    assert done[0].bytes_out > 10_000_000


@pytest.mark.parametrize(
    ("chunks", "why"),
    [
        ([asks(b"\x16\x03\x01")], "TLS"),
        ([asks(b"GET / HTTP/1.1\r\n\r\n")], "protocol 3"),
        ([asks(struct.pack("!II", 8, 80877103)), answers(b"S")], "encrypted"),
        ([asks(struct.pack("!II", 8, 80877104)), answers(b"G")], "encrypted"),
        ([asks(struct.pack("!II", 8, 80877103) * 3)], "again and again"),
        ([asks(startup(user="a", replication="database"))], "replication"),
        ([*BEGUN, answers(message("C", b"SELECT 1\0"))], "nobody asked"),
        ([*BEGUN, answers(READY)], "unasked"),
        ([*BEGUN, asks(b"\0\0\0\0\0")], "its caller"),
        ([*BEGUN, answers(b"!!!!!!!")], "its callee"),
        ([*BEGUN, asks(message("Q", b"\0") * (MOST_WAITING + 1))], "wait for their answers"),
    ],
)
def test_it_gives_up(chunks: list[Chunk], why: str) -> None:
    """With a reason, and then it is silent."""
    scanner = PostgresScanner()
    for chunk in chunks:
        (scanner.asked if chunk.asked else scanner.answered)(chunk.data, 0)
    assert why in scanner.gave_up
    assert list(scanner.asked(b"Q\0\0\0\5\0", 0)) == []
    assert list(scanner.answered(b"anything", 0)) == []
    assert list(scanner.lost(0)) == []
    assert why in scanner.gave_up
    assert scanner.waiting() == 0


def test_a_cancellation() -> None:
    """A connection of its own that nobody answers."""
    operations, scanner = read_again(PostgresScanner, [asks(struct.pack("!IIII", 16, 80877102, 1, 2))])
    assert [(one.name, one.outcome) for one in operations] == [("CANCEL", Outcome.OK)]
    assert scanner.gave_up == ""


def test_it_is_guessed() -> None:
    """By the caller's first bytes; others are not taken for it."""
    assert guess(startup(user="a"), b"") == "postgres"
    assert guess(struct.pack("!II", 8, 80877103), b"") == "postgres"
    assert guess(startup(user="a")[:6], b"") is None
    assert guess(b"GET / HTTP/1.1\r\n" * 40, b"x" * 600) == ""


# Real clients before a real server.


def test_psycopg(server: Postgres, it: Scanned) -> None:
    """Transactions, parameters, errors."""
    with psycopg.connect(server.dsn(it.port)) as client:
        client.execute("INSERT INTO orders VALUES (%s, %s)", (1, "x"))
        client.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            client.execute("INSERT INTO orders VALUES (%s, %s)", (1, "y"))
        client.commit()
        assert client.execute("SELECT * FROM orders").fetchall() == [(1, "x")]
    settle(it)
    assert told(it) == [
        ("CONNECT", "shop", ""),
        ("BEGIN", "", ""),
        ("INSERT", "orders", ""),
        ("COMMIT", "", ""),
        ("BEGIN", "", ""),
        ("INSERT", "orders", "23505"),
        ("COMMIT", "", "ROLLBACK"),
        ("BEGIN", "", ""),
        ("SELECT", "orders", ""),
        ("COMMIT", "", ""),
    ]
    insert = named(it, "INSERT")[0]
    assert (insert.detail, insert.messages_out) == ("INSERT INTO orders VALUES (?)", 1)
    assert insert.ended > insert.started
    assert [one.outcome for one in named(it, "INSERT")] == [Outcome.OK, Outcome.REFUSED]
    passed = [
        sum(len(one.data) for one in it.conversations[0].chunks if one.asked is way) for way in (True, False)
    ]
    assert sum(one.bytes_in for one in it.operations) <= passed[0]
    assert sum(one.bytes_out for one in it.operations) <= passed[1]


def test_psycopg_prepared_pipelined_and_copied(server: Postgres, it: Scanned) -> None:
    """Named statements, several in flight, COPY both ways, a cursor of the server."""
    with psycopg.connect(server.dsn(it.port), autocommit=True) as client:
        for number in range(3):
            client.execute("SELECT * FROM items WHERE id = %s", (number,), prepare=True)
        with client.pipeline():
            for number in range(5):
                client.execute("INSERT INTO orders VALUES (%s, 'x')", (number,))
        with client.cursor().copy("COPY orders FROM STDIN") as copy:
            for number in range(10, 14):
                copy.write_row((number, "y"))
        with client.cursor().copy("COPY orders TO STDOUT (FORMAT binary)") as copy:
            assert len(list(copy)) > 0
        with client.transaction(), client.cursor("c") as cursor:
            cursor.itersize = 4
            cursor.execute("SELECT * FROM orders")
            assert len(list(cursor)) == 9
        with client.cursor(binary=True) as cursor:
            assert cursor.execute("SELECT count(*) FROM orders, items").fetchone() == (0,)
    settle(it)
    assert [one.target for one in named(it, "SELECT")] == ["items"] * 3 + ["orders, items"]
    assert [one.target for one in named(it, "INSERT")] == ["orders"] * 5
    assert [(one.messages_in, one.messages_out) for one in named(it, "COPY")] == [(4, None), (None, 9)]
    assert named(it, "DECLARE")[0].target == "orders"
    assert [one.messages_out for one in named(it, "FETCH")] == [4, 4, 1, 0][: len(named(it, "FETCH"))]
    assert {one.outcome for one in it.operations} == {Outcome.OK}


def test_notifications(server: Postgres, it: Scanned) -> None:
    """Published, subscribed and delivered."""
    with psycopg.connect(server.dsn(it.port), autocommit=True) as client:
        client.execute("LISTEN news")
        client.execute("SELECT pg_notify('news', 'hello')")
        assert [one.payload for one in client.notifies(timeout=10, stop_after=1)] == ["hello"]
    settle(it)
    events = [(one.name, one.target, one.kind, one.payload) for one in it.operations if one.kind]
    assert ("LISTEN", "news", Kind.SUBSCRIBE, b"") in events
    assert ("NOTIFY", "news", Kind.PUBLISH, b"") in events
    assert ("NOTIFICATION", "news", Kind.DELIVER, b"hello") in events


async def test_asyncpg(server: Postgres, it: Scanned) -> None:
    """It prepares by Flush and Sync, takes portals in pieces, copies in binary."""
    client = await asyncpg.connect(server.dsn(it.port))
    await client.executemany("INSERT INTO orders VALUES ($1, $2)", [(number, "a") for number in range(10)])
    async with client.transaction():
        rows = [row async for row in client.cursor("SELECT id FROM orders", prefetch=4)]
    assert len(rows) == 10
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await client.fetch("SELECT nope FROM $1", 1)
    with pytest.raises(asyncpg.UndefinedTableError):
        await client.execute("SELECT 1; SELECT * FROM nowhere; SELECT 2")
    await client.copy_records_to_table("orders", records=[(number, "z") for number in range(100, 120)])
    assert await client.fetchval("SELECT count(*) FROM orders WHERE name = $1", "z") == 20
    await client.close()
    await asyncio.to_thread(settle, it)
    assert len(named(it, "INSERT")) == 10
    assert [one.code for one in named(it, "SELECT") if one.code] == ["42601", "42P01"]
    assert [one.target for one in named(it, "SELECT") if one.code] == ["", "nowhere"]
    assert named(it, "COPY")[0].messages_in == 20


def test_psycopg2(server: Postgres, it: Scanned) -> None:
    """Values are in the text: the fingerprint is the same for all."""
    client = psycopg2.connect(server.dsn(it.port))
    with client, client.cursor() as cursor:
        for number in (1, 22):
            cursor.execute("SELECT * FROM orders WHERE id = %s AND name IN %s", (number, ("a", "b")))
    client.close()
    settle(it)
    assert {one.detail for one in named(it, "SELECT")} == {
        "SELECT * FROM orders WHERE id = ? AND name IN (?)"
    }


def test_refused_connections(server: Postgres, it: Scanned) -> None:
    """A database that is not there; a wish for TLS that is refused."""
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(server.dsn(it.port).replace("/shop?", "/nowhere?"))
    with psycopg.connect(server.dsn(it.port).replace("disable", "prefer"), application_name="till") as client:
        client.execute("SELECT 1")
    settle(it)
    first, second = named(it, "CONNECT")
    assert (first.target, first.outcome, first.code) == ("nowhere", Outcome.REFUSED, "3D000")
    assert (second.target, second.detail) == ("shop", "user shop, till")


def test_a_cancelled_statement(server: Postgres, it: Scanned) -> None:
    """It failed; the cancellation came over a connection of its own."""
    with psycopg.connect(server.dsn(it.port), autocommit=True) as client:
        client.execute("SET statement_timeout = '50ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.execute("SELECT pg_sleep(60)")
        client.cancel_safe(timeout=10)
    settle(it)
    assert [one.code for one in named(it, "SELECT")] == ["57014"]
    assert named(it, "SELECT")[0].outcome is Outcome.FAILED
    assert len(named(it, "CANCEL")) == 1


def test_a_connection_that_the_server_ends(server: Postgres, it: Scanned) -> None:
    """The statement that was under way is told once."""
    with (
        psycopg.connect(server.dsn(it.port), autocommit=True) as client,
        pytest.raises(psycopg.OperationalError),
    ):
        client.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    settle(it)
    assert [(one.code, one.outcome) for one in named(it, "SELECT")] == [("57P01", Outcome.FAILED)]


# The same bytes again.


@pytest.fixture(scope="module")
def recorded(server: Postgres) -> list[list[Chunk]]:
    """What clients and the server said to each other, a connection each."""
    server.run("DROP TABLE IF EXISTS kept", "CREATE TABLE kept (id int PRIMARY KEY, name text)")
    with scanned(PostgresScanner, server.port) as it:
        with psycopg.connect(server.dsn(it.port).replace("disable", "prefer"), autocommit=True) as client:
            client.execute("INSERT INTO kept VALUES (1, 'a')")
            with contextlib.suppress(psycopg.Error), client.pipeline():
                client.execute("INSERT INTO kept VALUES (2, %s)", ("b",))
                client.execute("INSERT INTO kept VALUES (1, %s)", ("c",))
                client.execute("SELECT * FROM kept")
            with client.cursor().copy("COPY kept FROM STDIN") as copy:
                copy.write_row((7, "x" * 1000))
            client.execute("LISTEN a")
            client.execute("NOTIFY a, 'b'")
        other = psycopg2.connect(server.dsn(it.port))
        with pytest.raises(psycopg2.Error), other.cursor() as cursor:
            cursor.execute("SELECT 1; SELECT * FROM kept; SELECT 1/0; SELECT 3")
        other.close()
        settle(it)
        return [one.chunks for one in it.conversations]


@pytest.mark.parametrize("cut", [byte_by_byte, cut_at([0.1, 0.11, 0.5, 0.9])])
def test_any_cut_tells_the_same(recorded: list[list[Chunk]], cut: Callable[[bytes], Iterator[bytes]]) -> None:
    """Byte by byte, and in pieces."""
    for chunks in recorded:
        whole, scanner = read_again(PostgresScanner, chunks)
        assert (scanner.gave_up, len(whole) > 3) == ("", True)
        assert timeless(read_again(PostgresScanner, chunks, cut)[0]) == timeless(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(places=st.lists(st.floats(0, 1), max_size=6))
def test_random_cuts_tell_the_same(recorded: list[list[Chunk]], places: list[float]) -> None:
    """Anywhere."""
    for chunks in recorded:
        whole, _ = read_again(PostgresScanner, chunks)
        assert timeless(read_again(PostgresScanner, chunks, cut_at(places))[0]) == timeless(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_traffic(recorded: list[list[Chunk]], data: st.DataObject) -> None:
    """Bytes that are changed, left out or repeated: it never raises, and keeps little."""
    chunks = data.draw(st.sampled_from(recorded))
    at = data.draw(st.integers(0, len(chunks) - 1))
    body = bytearray(chunks[at].data)
    where = data.draw(st.integers(0, len(body) - 1))
    match data.draw(st.sampled_from(["change", "cut", "repeat", "drop"])):
        case "change":
            body[where] = data.draw(st.integers(0, 255))
        case "cut":
            del body[where:]
        case "repeat":
            body += body[where:]
        case _:
            body.clear()
    damaged = [*chunks[:at], Chunk(chunks[at].asked, bytes(body)), *chunks[at + 1 :]]
    _, scanner = read_again(PostgresScanner, damaged)
    assert scanner.waiting() == 0 or not scanner.gave_up


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=20))
def test_whatever_bytes(said: list[tuple[bool, bytes]]) -> None:
    """It never raises, behind a proper beginning either."""
    chunks = [Chunk(*one) for one in said]
    read_again(PostgresScanner, chunks)
    read_again(PostgresScanner, BEGUN + chunks)
