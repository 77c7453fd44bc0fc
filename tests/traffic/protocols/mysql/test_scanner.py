"""MySQL: packets by its documentation, and real clients before a real MariaDB, in any cut."""

import asyncio
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import aiomysql
import mysql.connector as oracle
import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshdev.traffic.protocols.mysql.scanner import MOST_WAITING, MysqlScanner
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.traffic.protocols.table import guess
from support_mariadb import MariaDb, mariadb
from support_mysql import mysql
from support_npm import npm_package
from support_product import eventually
from support_scanning import Chunk, Scanned, byte_by_byte, cut_at, read_again, scanned, timeless

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture(scope="module", params=[mariadb, mysql])
def server(request: pytest.FixtureRequest) -> Iterator[MariaDb]:
    """One of each for all tests of the module."""
    with request.param() as it:
        it.run("CREATE TABLE orders (id int PRIMARY KEY, name text)")
        yield it


@pytest.fixture
def it(server: MariaDb) -> Iterator[Scanned]:
    """A relay that reads along, and a table that is empty."""
    server.run("TRUNCATE orders")
    with scanned(MysqlScanner, server.port) as found:
        yield found


def named(it: Scanned, name: str) -> list[Operation]:
    """The operations of that name."""
    return [one for one in it.operations if one.name == name]


def settle(it: Scanned) -> None:
    """Until all connections are over; whoever was read, was read to its end."""
    eventually(lambda: all(one.over for one in it.conversations))
    assert it.gave_up == []
    assert all(one.scanner.waiting() == 0 for one in it.conversations)


# Packets by hand.

PROTOCOL_41, SSL, COMPRESS, WITH_DB, SECURE = 1 << 9, 1 << 11, 1 << 5, 1 << 3, 1 << 15
DEPRECATE_EOF, OPTIONAL_METADATA, ATTRIBUTES = 1 << 24, 1 << 25, 1 << 27
EVERYTHING = (1 << 32) - 1
OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
OK_AS_EOF = b"\xfe\0\0\2\0\0\0"


def packet(body: bytes, number: int = 0) -> bytes:
    """One packet."""
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


def asks(*bodies: bytes) -> Chunk:
    """The caller's commands."""
    return Chunk(asked=True, data=b"".join(packet(body) for body in bodies))


def answers(*bodies: bytes) -> Chunk:
    """The callee's packets."""
    return Chunk(asked=False, data=b"".join(packet(body, 1 + at) for at, body in enumerate(bodies)))


def greeting(able: int = EVERYTHING) -> bytes:
    """The server's first packet."""
    lower, upper = struct.pack("<I", able)[:2], struct.pack("<I", able)[2:]
    return b"\x0a8.4.0\0" + bytes(8 + 4 + 1) + lower + b"\x2d\2\0" + upper + b"\x15" + bytes(10 + 13)


def login(able: int, database: bytes = b"shop") -> bytes:
    """The caller's answer."""
    return struct.pack("<IIB23x", able, 1 << 24, 45) + b"ana\0" + b"\x02xy" + database + b"\0"


def begun(able: int = 0) -> list[Chunk]:
    """A connection with these capabilities beside the usual ones."""
    said = packet(login(1 | PROTOCOL_41 | SECURE | WITH_DB | able), 1)
    return [Chunk(asked=False, data=packet(greeting())), Chunk(asked=True, data=said), answers(OK)]


def brief(chunks: list[Chunk], able: int = 0) -> list[tuple[str, str, Outcome, str, int | None]]:
    """What is read of them behind the connection's beginning."""
    operations, scanner = read_again(MysqlScanner, begun(able) + chunks)
    assert scanner.gave_up == ""
    assert (operations[0].name, operations[0].target, operations[0].detail) == ("CONNECT", "shop", "user ana")
    return [(one.name, one.target, one.outcome, one.code, one.messages_out) for one in operations[1:]]


def error(number: int, state: str) -> bytes:
    """An error packet."""
    return b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + b"no"


COLUMN = b"\3def" + bytes(20)
ROW = b"\1a\1b"


@pytest.mark.parametrize(("able", "behind", "end"), [(0, [EOF], EOF), (DEPRECATE_EOF, [], OK_AS_EOF)])
def test_results(able: int, behind: list[bytes], end: bytes) -> None:
    """With EOF packets and without; rows are counted; an error may come in their midst."""
    chunks = [
        asks(b"\x03SELECT * FROM a"),
        answers(b"\2", COLUMN, COLUMN, *behind, ROW, ROW, ROW, end),
        asks(b"\x03SELECT * FROM b"),
        answers(b"\2", COLUMN, COLUMN, *behind, ROW, error(1317, "70100")),
        asks(b"\x03SELECT * FROM c", b"\x0e"),
        answers(error(1146, "42S02"), OK),
    ]
    assert brief(chunks, able) == [
        ("SELECT", "a", Outcome.OK, "", 3),
        ("SELECT", "b", Outcome.FAILED, "1317", 1),
        ("SELECT", "c", Outcome.REFUSED, "1146", None),
        ("PING", "", Outcome.OK, "", 0),
    ]


def test_results_without_columns() -> None:
    """Where both sides agreed that they may be left out."""
    chunks = [asks(b"\x03SELECT * FROM a"), answers(b"\0\2", ROW, OK_AS_EOF)]
    assert brief(chunks, DEPRECATE_EOF | OPTIONAL_METADATA) == [("SELECT", "a", Outcome.OK, "", 1)]


def test_several_results() -> None:
    """One for each statement, unless a procedure may give any number of them."""
    more = b"\xfe\0\0\x0a\0"
    results = [b"\1", COLUMN, EOF, b"\1a", more, b"\0\5\0\2\0\0\0"]
    assert brief([asks(b"\x03SELECT * FROM a; UPDATE b SET x = 1"), answers(*results)]) == [
        ("SELECT", "a", Outcome.OK, "", 1),
        ("UPDATE", "b", Outcome.OK, "", 5),
    ]
    assert brief([asks(b"\x03CALL p()"), answers(*results)]) == [("CALL", "p", Outcome.OK, "", 6)]


def test_prepared_statements() -> None:
    """Prepared, done by number, fetched over a cursor, closed; one without a number is the last."""
    prepared = b"\0\7\0\0\0" + struct.pack("<HHBH", 1, 1, 0, 0)
    cursor = b"\xfe\0\0\x42\0"
    chunks = [
        asks(b"\x16SELECT * FROM a WHERE b = ?"),
        answers(prepared, COLUMN, EOF, COLUMN, EOF),
        asks(b"\x17\7\0\0\0\1\1\0\0\0"),
        answers(b"\1", COLUMN, cursor),
        asks(b"\x1c\7\0\0\0\2\0\0\0"),
        answers(b"\0\0a", b"\0\0b", EOF),
        asks(b"\x18\7\0\0\0\0\0abc", b"\x17\xff\xff\xff\xff"),
        answers(OK),
        asks(b"\x19\7\0\0\0", b"\x17\7\0\0\0"),
        answers(error(1243, "HY000")),
    ]
    assert brief(chunks) == [
        ("PREPARE", "a", Outcome.OK, "", None),
        ("SELECT", "a", Outcome.OK, "", 0),
        ("FETCH", "", Outcome.OK, "", 2),
        ("SELECT", "a", Outcome.OK, "", 0),
        ("EXECUTE", "", Outcome.REFUSED, "1243", None),
    ]


def test_query_attributes() -> None:
    """They stand before the text; a traceparent among them is the trace."""
    value = f"00-{TRACE}-{PARENT}-01".encode()
    attributes = b"\3\1\4\1" + b"\3\0\1n" + b"\xfe\0\x0btraceparent" + b"\xfe\0\1z"
    text = b"\x03" + attributes + struct.pack("<I", 7) + bytes([len(value)]) + value + b"SELECT * FROM a"
    operations, _ = read_again(MysqlScanner, [*begun(ATTRIBUTES), asks(text), answers(OK)])
    assert [(one.target, one.trace, one.parent) for one in operations[1:]] == [("a", TRACE, PARENT)]
    operations, _ = read_again(
        MysqlScanner, [*begun(ATTRIBUTES), asks(b"\x03\0\1SELECT * FROM a"), answers(OK)]
    )
    assert [one.target for one in operations[1:]] == ["a"]


def test_what_is_lost() -> None:
    """The connection ends before the answer, and in its midst."""
    assert brief([asks(b"\x03SELECT * FROM a"), answers(b"\1", COLUMN, EOF, ROW)]) == [
        ("SELECT", "a", Outcome.LOST, "", 1)
    ]


def test_a_login_in_turns() -> None:
    """Another method is asked for, and more data; a wrong password; too many connections."""
    first, second, _ = begun()
    more = [answers(b"\xfeother\0salt"), Chunk(asked=True, data=packet(b"hash", 3)), answers(b"\1\4")]
    operations, scanner = read_again(MysqlScanner, [first, second, *more, answers(error(1045, "28000"))])
    assert [(one.name, one.outcome, one.code) for one in operations] == [("CONNECT", Outcome.REFUSED, "1045")]
    assert scanner.gave_up == ""
    operations, scanner = read_again(MysqlScanner, [answers(b"\xff\x10\x04Too many connections")])
    assert [(one.name, one.outcome, one.code) for one in operations] == [("CONNECT", Outcome.FAILED, "1040")]


@pytest.mark.parametrize(
    ("chunks", "why"),
    [
        ([answers(b"HTTP/1.1 400")], "does not begin"),
        ([asks(login(EVERYTHING))], "speaks first"),
        ([answers(greeting()), Chunk(asked=True, data=packet(login(EVERYTHING)[:32], 1))], "encrypted"),
        ([answers(greeting()), Chunk(asked=True, data=packet(login(1), 1))], "older"),
        (begun(COMPRESS), "compressed"),
        ([*begun(), asks(b"\x12" + bytes(10))], "0x12"),
        ([*begun(), answers(OK)], "nobody asked"),
        ([*begun(), asks(*[b"\x0e"] * (MOST_WAITING + 1))], "wait for their answers"),
    ],
)
def test_it_gives_up(chunks: list[Chunk], why: str) -> None:
    """With a reason, and then it is silent."""
    scanner = MysqlScanner()
    for chunk in chunks:
        (scanner.asked if chunk.asked else scanner.answered)(chunk.data, 0)
    assert why in scanner.gave_up
    assert list(scanner.asked(packet(b"\x0e"), 0)) == []
    assert list(scanner.answered(packet(OK), 0)) == []
    assert list(scanner.lost(0)) == []
    assert why in scanner.gave_up
    assert scanner.waiting() == 0


def test_it_is_guessed() -> None:
    """By the callee's greeting; others are not taken for it."""
    assert guess(b"", packet(greeting())) == "mysql"
    assert guess(b"", packet(greeting())[:4]) is None
    assert guess(b"x" * 600, b"220 mail.example ESMTP\r\n" * 30) == ""


# Real clients before a real server.


def test_pymysql(server: MariaDb, it: Scanned, tmp_path: Path) -> None:
    """Texts with values, errors, procedures, a file of the caller's, packets above 16 MB."""
    rows = tmp_path / "rows"
    rows.write_text("900\tq\n901\tz\n")
    procedure = "CREATE PROCEDURE two() BEGIN SELECT 1; SELECT * FROM orders; END"
    server.run("DROP PROCEDURE IF EXISTS two", procedure)
    with server.connected(it.port) as client, client.cursor() as cursor:
        cursor.execute("INSERT INTO orders VALUES (%s, %s)", (1, "it's"))
        with pytest.raises(pymysql.err.IntegrityError):
            cursor.execute("INSERT INTO orders VALUES (%s, %s)", (1, "y"))
        cursor.executemany("INSERT INTO orders VALUES (%s, %s)", [(number, "a") for number in range(10, 20)])
        cursor.execute("SELECT * FROM orders WHERE id > %s", (3,))
        assert len(cursor.fetchall()) == 10
        cursor.callproc("two")
        cursor.execute(f"LOAD DATA LOCAL INFILE '{rows}' INTO TABLE orders")
        cursor.execute("SELECT length(%s)", ("z" * 17 * 1024 * 1024,))
        assert cursor.fetchall() == ((17 * 1024 * 1024,),)
        cursor.execute("SELECT repeat('a', 17 * 1024 * 1024)")
        cursor.fetchall()
        client.ping()
        client.select_db("shop")
    settle(it)
    connect = named(it, "CONNECT")[0]
    assert (connect.target, connect.detail) == ("shop", "user shop")
    inserts = named(it, "INSERT")
    assert {one.detail for one in inserts} == {"INSERT INTO orders VALUES (?)"}
    assert [(one.outcome, one.code, one.messages_out) for one in inserts] == [
        (Outcome.OK, "", 1),
        (Outcome.REFUSED, "1062", None),
        (Outcome.OK, "", 10),
    ]
    assert [(one.target, one.messages_out) for one in named(it, "CALL")] == [("two", 12)]
    assert [(one.target, one.messages_out) for one in named(it, "LOAD DATA")] == [("orders", 2)]
    selects = named(it, "SELECT")
    assert [one.messages_out for one in selects] == [10, 1, 1]
    assert selects[1].bytes_in > 17 * 1024 * 1024
    assert selects[2].bytes_out > 17 * 1024 * 1024
    assert [one.name for one in it.operations[-2:]] == ["PING", "USE"]
    passed = [
        sum(len(one.data) for one in it.conversations[0].chunks if one.asked is way) for way in (True, False)
    ]
    quit_and_greeting = passed[0] - sum(one.bytes_in for one in it.operations)
    assert quit_and_greeting == len(packet(b"\x01"))


def test_connector(server: MariaDb, it: Scanned) -> None:
    """MySQL's own client: prepared statements, several at once, errors."""
    client = oracle.connect(
        host="127.0.0.1",
        port=it.port,
        user=server.user,
        password=server.password,
        database=server.database,
        ssl_disabled=True,
        use_pure=True,
    )
    with client.cursor(prepared=True) as cursor:
        for number in range(3):
            cursor.execute("INSERT INTO orders VALUES (?, ?)", (number, "x"))
        cursor.execute("SELECT * FROM orders WHERE id >= ?", (1,))
        assert len(cursor.fetchall()) == 2
    client.commit()
    with client.cursor() as cursor:
        with pytest.raises(oracle.Error):
            cursor.execute("SELEC 1")
        cursor.execute("SELECT 1; SELECT * FROM orders; DELETE FROM orders WHERE id = 2")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall() if cursor.description else [])
        assert [len(rows) for rows in results] == [1, 3, 0]
    client.cmd_change_user(server.user, server.password, server.database)
    client.close()
    settle(it)
    assert [(one.target, one.messages_out) for one in named(it, "INSERT")] == [("orders", 1)] * 3
    assert [(one.target, one.messages_out) for one in named(it, "SELECT")] == [
        ("orders", 2),
        ("", 1),
        ("orders", 3),
    ]
    assert [(one.target, one.messages_out) for one in named(it, "DELETE")] == [("orders", 1)]
    assert [one.target for one in named(it, "PREPARE")] == ["orders", "orders"]
    assert [one.code for one in named(it, "SQL")] == ["1064"]
    assert [one.outcome for one in named(it, "CHANGE USER")] == [Outcome.OK]


@pytest.mark.parametrize("server", [mariadb], indirect=True)
def test_the_command_lines_of_mariadb(server: MariaDb, it: Scanned) -> None:
    """They are made with MariaDB's own library, in C: a script of statements, and a dump."""
    procedure = "CREATE PROCEDURE pair() BEGIN SELECT 1; SELECT * FROM orders; END"
    server.run("DROP PROCEDURE IF EXISTS pair", procedure)
    where = ["--no-defaults", "--skip-ssl", "-h127.0.0.1", f"-P{it.port}", "-ushop", "-psecret", "shop"]
    script = "INSERT INTO orders VALUES (1, 'a'), (2, 'b'); SELECT * FROM orders; CALL pair(); SELECT nope"
    done = subprocess.run(["mariadb", *where, "-e", script], capture_output=True, text=True, check=False)
    assert "Unknown column" in done.stderr
    subprocess.run(["mariadb-dump", *where], capture_output=True, check=True)
    settle(it)
    first = [(one.name, one.target, one.code, one.messages_out) for one in it.conversations[0].operations]
    assert first == [
        ("CONNECT", "shop", "", None),
        ("INSERT", "orders", "", 2),
        ("SELECT", "orders", "", 2),
        ("CALL", "pair", "", 3),
        ("SELECT", "", "1054", None),
    ]
    assert ("SELECT", "orders", 2) in [
        (one.name, one.target, one.messages_out) for one in it.conversations[1].operations
    ]


_NODE = """
const mysql = require(process.argv[1] + '/promise');
(async () => {
  const [port, user, password] = process.argv.slice(2);
  const client = await mysql.createConnection({ host: '127.0.0.1', port, user, password, database: 'shop' });
  for (let id = 0; id < 3; id++) await client.execute('INSERT INTO orders VALUES (?, ?)', [id, 'x'.repeat(5000)]);
  await Promise.all([1, 2, 3].map(() => client.query('SELECT * FROM orders WHERE id = ?', [1])));
  await client.query('SELEC 1').catch((error) => { if (error.errno !== 1064) throw error; });
  await client.end();
})();
"""


def test_mysql2_of_node(server: MariaDb, it: Scanned) -> None:
    """The client that Node's programs use: as text and prepared, several at once."""
    package = str(npm_package("mysql2"))
    command = ["node", "-e", _NODE, package, str(it.port), server.user, server.password]
    subprocess.run(command, check=True, timeout=60)
    settle(it)
    told = [(one.name, one.target, one.code, one.messages_out) for one in it.operations]
    assert told == [
        ("CONNECT", "shop", "", None),
        ("PREPARE", "orders", "", None),
        *[("INSERT", "orders", "", 1)] * 3,
        *[("SELECT", "orders", "", 1)] * 3,
        ("SQL", "", "1064", None),
    ]


async def test_aiomysql(server: MariaDb, it: Scanned) -> None:
    """And a wrong password."""
    told = {"host": "127.0.0.1", "port": it.port, "user": server.user, "db": server.database}
    client = await aiomysql.connect(**told, password=server.password)
    async with client.cursor() as cursor:
        await cursor.execute("SELECT * FROM orders")
        assert not await cursor.fetchall()
    client.close()
    with pytest.raises(pymysql.err.OperationalError):
        await aiomysql.connect(**told, password="wrong")  # noqa: S106 - it is to be refused
    await asyncio.to_thread(settle, it)
    assert [one.target for one in named(it, "SELECT")] == ["orders"]
    assert [one.code for one in named(it, "CONNECT")] == ["", "1045"]


# The same bytes again.


@pytest.fixture(scope="module")
def recorded(server: MariaDb) -> list[Chunk]:
    """What a client and the server said to each other."""
    server.run("DROP TABLE IF EXISTS kept", "CREATE TABLE kept (id int PRIMARY KEY, name text)")
    with scanned(MysqlScanner, server.port) as it:
        with server.connected(it.port) as client, client.cursor() as cursor:
            cursor.execute("INSERT INTO kept VALUES (1, 'a'), (2, 'b')")
            with pytest.raises(pymysql.err.IntegrityError):
                cursor.execute("INSERT INTO kept VALUES (1, 'a')")
            cursor.execute("SELECT * FROM kept")
            client.ping()
            cursor.execute("SELECT repeat('x', 3000)")
        settle(it)
        return it.conversations[0].chunks


@pytest.mark.parametrize("cut", [byte_by_byte, cut_at([0.1, 0.11, 0.5, 0.9])])
def test_any_cut_tells_the_same(recorded: list[Chunk], cut: Callable[[bytes], Iterator[bytes]]) -> None:
    """Byte by byte, and in pieces."""
    whole, scanner = read_again(MysqlScanner, recorded)
    assert (scanner.gave_up, len(whole)) == ("", 7)
    assert timeless(read_again(MysqlScanner, recorded, cut)[0]) == timeless(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(places=st.lists(st.floats(0, 1), max_size=6))
def test_random_cuts_tell_the_same(recorded: list[Chunk], places: list[float]) -> None:
    """Anywhere."""
    whole, _ = read_again(MysqlScanner, recorded)
    assert timeless(read_again(MysqlScanner, recorded, cut_at(places))[0]) == timeless(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_traffic(recorded: list[Chunk], data: st.DataObject) -> None:
    """Bytes that are changed, left out or repeated: it never raises, and keeps little."""
    at = data.draw(st.integers(0, len(recorded) - 1))
    body = bytearray(recorded[at].data)
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
    damaged = Chunk(asked=recorded[at].asked, data=bytes(body))
    _, scanner = read_again(MysqlScanner, [*recorded[:at], damaged, *recorded[at + 1 :]])
    assert scanner.waiting() == 0


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=20))
def test_whatever_bytes(said: list[tuple[bool, bytes]]) -> None:
    """It never raises, behind a proper beginning either."""
    chunks = [Chunk(*one) for one in said]
    read_again(MysqlScanner, chunks)
    read_again(MysqlScanner, begun() + chunks)


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=12)), max_size=20))
def test_whatever_packets(said: list[tuple[bool, bytes]]) -> None:
    """Nor on packets in proper frames."""
    chunks = [asks(body) if asked else answers(body) for asked, body in said]
    for able in (0, DEPRECATE_EOF | OPTIONAL_METADATA | ATTRIBUTES):
        read_again(MysqlScanner, begun(able) + chunks)
