"""Faults on the statements of real MariaDB and MySQL connections: one is hit, everything else on them goes on."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from time import monotonic
from typing import Any

import aiomysql
import mysql.connector as oracle
import pymysql
import pytest

from support_mariadb import MariaDb, mariadb
from support_mesh import until
from support_mysql import mysql
from support_npm import npm_package
from support_statement_faults import Bench, bench

UPDATE = {"statement": "UPDATE", "table": "stock"}


@pytest.fixture(scope="module", params=[mariadb, mysql])
def server(request: pytest.FixtureRequest) -> Iterator[MariaDb]:
    """A real server, MariaDB's or MySQL's, with two tables."""
    with request.param() as found:
        found.run(
            "CREATE TABLE stock (sku varchar(9) PRIMARY KEY, count int) ENGINE=InnoDB",
            "CREATE TABLE ledger (id int, what text) ENGINE=InnoDB",
        )
        yield found


@asynccontextmanager
async def edge(server: MariaDb, *tables: Mapping[str, Any], protocol: str = "mysql") -> AsyncIterator[Bench]:
    """An edge to it under faults; the stock is as new."""
    new = (
        "DELETE FROM stock", "DELETE FROM ledger", "INSERT INTO stock VALUES ('a', 1), ('b', 2)"
    )  # fmt: skip
    await asyncio.to_thread(server.run, *new)
    async with bench(server.port, protocol, *tables) as it:
        yield it


def connector(server: MariaDb, port: int) -> Any:
    """MySQL's own client for Python, in pure Python."""
    return oracle.connect(
        host="127.0.0.1",
        port=port,
        user=server.user,
        password=server.password,
        database=server.database,
        use_pure=True,
        ssl_disabled=True,
    )


def stock(server: MariaDb) -> dict[str, int]:
    """What there is, past the edge."""
    with closing(server.connected(server.port)) as client, client.cursor() as cursor:
        cursor.execute("SELECT sku, count FROM stock")
        return dict(cursor.fetchall())


@pytest.mark.parametrize("protocol", ["mysql", "tcp"])
async def test_a_statement_fails_and_the_connection_goes_on(server: MariaDb, protocol: str) -> None:
    """As text: with the number and message that were asked for, without the database."""

    def work(port: int) -> tuple[tuple[Any, ...], int]:
        with closing(server.connected(port)) as client, client.cursor() as cursor:
            with pytest.raises(pymysql.err.OperationalError) as caught:
                cursor.execute("UPDATE stock SET count = count + 5")
            cursor.execute("UPDATE ledger SET what = 'x'")
            done = cursor.execute("UPDATE stock SET count = count + 10")
            client.ping(reconnect=False)
            return caught.value.args, done

    table = {"sql-error": {"code": "1205", "message": "later"}, "match": UPDATE, "once": True}
    async with edge(server, table, protocol=protocol) as it:
        assert await it.call(work) == ((1205, "later"), 2)
        [hit] = it.hit()
        assert (hit.method, hit.target, hit.code, hit.faults, hit.by, hit.status) == (
            ("UPDATE", "stock", "1205", ("a/sql-error",), "meshdev", 500)
        )
    assert stock(server) == {"a": 11, "b": 12}


@pytest.mark.parametrize("prepared", [True, False])
async def test_prepared_statements(server: MariaDb, *, prepared: bool) -> None:
    """A statement that was hit can be executed again, its long data sent anew."""

    def work(port: int) -> tuple[int, str | None, list[tuple[Any, ...]]]:
        with closing(connector(server, port)) as client, closing(client.cursor(prepared=prepared)) as cursor:
            insert = "INSERT INTO ledger VALUES (%s, %s)"
            cursor.execute(insert, (0, "zero"))
            with pytest.raises(oracle.IntegrityError) as caught:
                cursor.execute(insert, (1, "one" * 5000))
            cursor.execute(insert, (2, "two" * 5000))
            client.commit()
            cursor.execute("SELECT id, length(what) FROM ledger ORDER BY id")
            return caught.value.errno, caught.value.sqlstate, list(cursor.fetchall())

    table = {"sql-error": "23505", "match": {"statement": "INSERT", "after": 1, "first": 1}}
    async with edge(server, table) as it:
        assert await it.call(work) == (1062, "23000", [(0, 4), (2, 15000)])


async def test_a_deadlock_has_rolled_its_transaction_back(server: MariaDb) -> None:
    """So a program that tries again without a ROLLBACK does nothing twice."""

    def work(port: int) -> int:
        with closing(server.connected(port)) as client, client.cursor() as cursor:
            for attempt in range(50):
                try:
                    client.begin()
                    cursor.execute("UPDATE stock SET count = count - 1 WHERE sku = 'a'")
                    cursor.execute("UPDATE stock SET count = count + 1 WHERE sku = 'b'")
                    client.commit()
                except pymysql.err.OperationalError:
                    continue
                return attempt
        raise AssertionError("it never came through")

    table = {"sql-error": "40001", "match": {"statement": "UPDATE, COMMIT"}, "percentage": 50, "seed": 7}
    async with edge(server, table) as it:
        attempts = [await it.call(work) for _ in range(10)]
        hit = it.hit()
        assert sum(attempts) == len(hit) > 5
        assert {(one.method, one.code) for one in hit} == {("UPDATE", "1213"), ("COMMIT", "1213")}
    assert stock(server) == {"a": -9, "b": 12}


async def test_another_error_leaves_the_transaction_alone(server: MariaDb) -> None:
    """As the server does: what came before it can be committed."""

    def work(port: int) -> None:
        with closing(server.connected(port)) as client, client.cursor() as cursor:
            client.begin()
            cursor.execute("UPDATE stock SET count = 5 WHERE sku = 'a'")
            with pytest.raises(pymysql.err.OperationalError):
                cursor.execute("UPDATE stock SET count = 5 WHERE sku = 'b'")
            client.commit()

    async with edge(server, {"sql-error": 1205, "match": {**UPDATE, "after": 1}}) as it:
        await it.call(work)
    assert stock(server) == {"a": 5, "b": 2}


async def test_several_statements_of_one_text(server: MariaDb) -> None:
    """If one is meant, all of it fails, and nothing of it is done."""

    def work(port: int) -> int:
        with (
            closing(
                pymysql.connect(
                    host="127.0.0.1",
                    port=port,
                    user=server.user,
                    password=server.password,
                    database=server.database,
                    client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
                )
            ) as client,
            client.cursor() as cursor,
        ):
            with pytest.raises(pymysql.err.OperationalError):
                cursor.execute("INSERT INTO ledger VALUES (1, 'x'); UPDATE stock SET count = 9")
            cursor.execute("SELECT 1; SELECT 2")
            assert cursor.nextset()
            client.commit()
            return int(cursor.fetchall()[0][0])

    async with edge(server, {"sql-error": 1205, "match": UPDATE}) as it:
        assert await it.call(work) == 2
    assert stock(server) == {"a": 1, "b": 2}


_NODE = """
const mysql = require(process.argv[1] + '/promise');
(async () => {
  const [port, user, password] = process.argv.slice(2);
  const client = await mysql.createConnection({ host: '127.0.0.1', port, user, password, database: 'shop' });
  let again = 0;
  for (let id = 0; id < 20; id++) {
    try {
      await client.beginTransaction();
      await client.execute('INSERT INTO ledger VALUES (?, ?)', [id, 'x']);
      await client.execute('UPDATE stock SET count = count + 1 WHERE sku = ?', ['a']);
      await client.commit();
    } catch (error) {
      if (error.code !== 'ER_LOCK_DEADLOCK' || error.sqlState !== '40001') throw error;
      again++;
      id--;
    }
  }
  console.log(again);
  await client.end();
})();
"""


async def test_mysql2_of_node_tries_again(server: MariaDb) -> None:
    """Without a ROLLBACK: everything is done once."""
    command = ["node", "-e", _NODE, str(npm_package("mysql2"))]

    def work(port: int) -> int:
        whole = [*command, str(port), server.user, server.password]
        return int(subprocess.run(whole, check=True, timeout=60, capture_output=True).stdout)

    table = {"sql-error": 1213, "percentage": 40, "seed": 7, "match": {"statement": "UPDATE"}}
    async with edge(server, table) as it:
        assert await it.call(work) == len(it.hit()) > 5
    assert stock(server) == {"a": 21, "b": 2}
    with closing(server.connected(server.port)) as client, client.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger ORDER BY id")
        assert [number for (number,) in cursor.fetchall()] == list(range(20))


async def test_many_connections_at_once(server: MariaDb) -> None:
    """Aiomysql under `@30%`: what was told as failed was not done, all else was."""

    async def add(pool: Any, number: int) -> int:
        async with pool.acquire() as client, client.cursor() as cursor:
            try:
                return int(await cursor.execute("INSERT INTO ledger VALUES (%s, %s)", (number, "x" * 20_000)))
            except pymysql.err.OperationalError:
                return 0

    table = {"sql-error": "1205", "percentage": 30, "seed": 7, "match": {"table": "ledger"}}
    async with edge(server, table) as it:
        pool = await aiomysql.create_pool(
            host="127.0.0.1", port=it.port, user=server.user, password=server.password, db=server.database,
            autocommit=True, maxsize=8,
        )  # fmt: skip
        done = await asyncio.gather(*(add(pool, number) for number in range(100)))
        pool.close()
        await pool.wait_closed()
        assert len(it.hit()) == 100 - sum(done) > 10
    with closing(server.connected(server.port)) as client, client.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger ORDER BY id")
        assert [number for (number,) in cursor.fetchall()] == [at for at, was in enumerate(done) if was]


async def test_faults_come_and_go_while_a_connection_lives(server: MariaDb) -> None:
    """What was prepared before is known, and afterwards bytes pass without anybody between."""

    def adding(client: Any) -> Callable[[int], int]:
        cursor = client.cursor(prepared=True)

        def add(port: int) -> int:
            del port
            try:
                cursor.execute("INSERT INTO ledger VALUES (%s, 'x')", (1,))
            except oracle.Error as error:
                return error.errno
            return 0

        return add

    async with edge(server) as it:
        with closing(await it.call(lambda port: connector(server, port))) as client:
            add = await it.call(lambda _: adding(client))
            found = []
            for _ in range(3):
                found.append(await it.call(add))
                it.on({"sql-error": 1142, "match": {"table": "ledger"}})
                found.append(await it.call(add))
                it.on()
                [link] = it.relay.links
                assert link.faults is None
                assert getattr(link, "between", "") is None
            assert found == [0, 1142] * 3
            await it.call(lambda _: client.rollback())


async def test_a_slow_statement(server: MariaDb) -> None:
    """It waits, other tables do not; the operation has the time and names the fault."""

    def work(port: int) -> float:
        with closing(server.connected(port)) as client, client.cursor() as cursor:
            cursor.execute("DELETE FROM ledger")
            began = monotonic()
            cursor.execute("DELETE FROM stock")
            return monotonic() - began

    async with edge(server, {"delay": "300ms", "match": {"statement": "DELETE", "table": "stock"}}) as it:
        assert await it.call(work) >= 0.3
        [hit] = it.hit()
        assert (hit.microseconds >= 300_000, hit.faults, hit.by, hit.status) == (True, ("a/delay",), "", 200)
        await until(lambda: it.edge.in_flight == 0)
