"""Faults on the statements of real PostgreSQL connections: one is hit, everything else on its connection goes on."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from time import monotonic
from typing import Any

import asyncpg
import psycopg
import psycopg2
import psycopg2.errors
import pytest
from psycopg import pq
from psycopg2.extensions import STATUS_READY, TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

from meshdev.wire.mesh import Upstream
from support_faulty_edge import edge_to
from support_mesh import until
from support_postgres import Postgres, postgres
from support_statement_faults import Bench, bench

CONFLICT = {"sql-error": "40001", "match": {"statement": "UPDATE", "table": "stock"}}
ONCE = {**CONFLICT, "once": True}
FAILING_COMMIT = {"sql-error": "40001", "match": {"statement": "COMMIT"}, "once": True}
IDLE, IN_ERROR = pq.TransactionStatus.IDLE, pq.TransactionStatus.INERROR


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A real server with two tables."""
    with postgres() as found:
        found.run(
            "CREATE TABLE stock (sku text PRIMARY KEY, count int)", "CREATE TABLE ledger (id int, what text)"
        )
        yield found


@asynccontextmanager
async def edge(
    server: Postgres, *tables: Mapping[str, Any], protocol: str = "postgres"
) -> AsyncIterator[Bench]:
    """An edge to it under faults; the stock is as new."""
    await asyncio.to_thread(
        server.run, "TRUNCATE stock, ledger", "INSERT INTO stock VALUES ('a', 1), ('b', 2)"
    )
    async with bench(server.port, protocol, *tables) as it:
        yield it


def connected(server: Postgres) -> "Callable[[int], psycopg.Connection[Any]]":
    """A client of psycopg's, by the edge at a port."""
    return lambda port: psycopg.connect(server.dsn(port), autocommit=True)


def stock(client: "psycopg.Connection[Any]") -> dict[str, int]:
    """What there is."""
    return dict(client.execute("SELECT sku, count FROM stock").fetchall())


# --- an error -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepare", [None, True])
@pytest.mark.parametrize("protocol", ["postgres", "tcp"])
async def test_a_statement_fails_and_the_connection_goes_on(
    server: Postgres, protocol: str, *, prepare: bool | None
) -> None:
    """By the extended protocol, declared or guessed: with the error that was asked for, without the database."""
    add = "UPDATE stock SET count = count + %s WHERE sku = 'a'"

    def work(port: int) -> tuple[str | None, str | None, str | None, dict[str, int]]:
        with psycopg.connect(server.dsn(port), autocommit=True) as client:
            with pytest.raises(psycopg.errors.SerializationFailure) as caught:
                client.execute(add, (5,), prepare=prepare)
            client.execute("UPDATE ledger SET what = %s", ("x",))
            client.execute(add, (10,), prepare=prepare)
            assert client.info.transaction_status == IDLE
            diag = caught.value.diag
            return diag.sqlstate, diag.message_primary, diag.source_function, stock(client)

    table = {**ONCE, "sql-error": {"code": "40001", "message": "try again"}}
    async with edge(server, table, protocol=protocol) as it:
        assert await it.call(work) == ("40001", "try again", "meshdev a/sql-error", {"a": 11, "b": 2})
        [hit] = it.hit()
        assert (hit.method, hit.target, hit.code, hit.faults, hit.by, hit.status) == (
            ("UPDATE", "stock", "40001", ("a/sql-error",), "meshdev", 400)
        )


async def test_in_a_transaction_the_server_has_it_fail(server: Postgres) -> None:
    """By the simple protocol: the transaction is aborted, so the server refuses what follows, and takes all back."""

    def work(port: int) -> tuple[int, str | None, int, int]:
        client = psycopg2.connect(server.dsn(port))
        try:
            cursor = client.cursor()
            cursor.execute("INSERT INTO stock VALUES ('c', 3)")
            with pytest.raises(psycopg2.errors.SerializationFailure):
                cursor.execute("UPDATE stock SET count = 9")
            failed = client.get_transaction_status()
            with pytest.raises(psycopg2.errors.InFailedSqlTransaction) as caught:
                cursor.execute("UPDATE stock SET count = 9")
            client.rollback()
            cursor.execute("SELECT count(*) FROM stock")
            [number] = cursor.fetchone() or ()
            client.commit()
            return failed, caught.value.pgcode, number, client.status
        finally:
            client.close()

    async with edge(server, CONFLICT) as it:
        assert await it.call(work) == (TRANSACTION_STATUS_INERROR, "25P02", 2, STATUS_READY)
        assert [(one.code, one.faults) for one in it.told() if one.method == "UPDATE"] == [
            ("40001", ("a/sql-error",)),
            ("25P02", ()),
        ]


async def test_a_savepoint_survives(server: Postgres) -> None:
    """What a program rolls back to is as it was."""

    def work(port: int) -> dict[str, int]:
        with psycopg.connect(server.dsn(port)) as client:
            client.execute("INSERT INTO stock VALUES ('c', 3)")
            with pytest.raises(psycopg.errors.SerializationFailure), client.transaction():
                client.execute("UPDATE stock SET count = 9")
            assert client.info.transaction_status == pq.TransactionStatus.INTRANS
            client.execute("UPDATE stock SET count = 7 WHERE sku = 'a'")
            return stock(client)

    async with edge(server, ONCE) as it:
        assert await it.call(work) == {"a": 7, "b": 2, "c": 3}


async def test_a_commit_that_fails_has_ended_its_transaction(server: Postgres) -> None:
    """By the simple protocol and by the extended one: nothing is there, and the connection is idle."""

    def simple(port: int) -> int:
        client = psycopg2.connect(server.dsn(port))
        try:
            client.cursor().execute("INSERT INTO ledger VALUES (1, 'x')")
            with pytest.raises(psycopg2.errors.SerializationFailure):
                client.commit()
            return client.get_transaction_status()
        finally:
            client.close()

    def extended(port: int) -> int:
        with psycopg.connect(server.dsn(port), autocommit=True) as client:
            client.execute("BEGIN", prepare=True)
            client.execute("INSERT INTO ledger VALUES (2, 'x')", prepare=True)
            with pytest.raises(psycopg.errors.SerializationFailure):
                client.execute("COMMIT", prepare=True)
            assert client.execute("SELECT 1").fetchone() == (1,)
            return client.info.transaction_status

    async with edge(server, FAILING_COMMIT) as it:
        assert await it.call(simple) == TRANSACTION_STATUS_IDLE
        it.on()
        it.on({**FAILING_COMMIT, "seed": 1})
        assert await it.call(extended) == IDLE
        told = [(one.method, one.code, one.by) for one in it.told() if one.method in {"COMMIT", "ROLLBACK"}]
        assert told == [("COMMIT", "40001", "meshdev")] * 2
    with psycopg.connect(server.dsn()) as client:
        assert client.execute("SELECT count(*) FROM ledger").fetchone() == (0,)


async def test_what_opens_and_ends_transactions_is_hit_only_by_name(server: Postgres) -> None:
    """A fault on everything lets a program roll back."""

    def work(port: int) -> str | None:
        with psycopg.connect(server.dsn(port)) as client:
            with pytest.raises(psycopg.errors.UniqueViolation) as caught:
                client.execute("SELECT 1")
            client.rollback()
            return caught.value.sqlstate

    async with edge(server, {"sql-error": 1062}) as it:
        assert await it.call(work) == "23505"
        assert [(one.method, one.code) for one in it.told()][1:] == [
            ("BEGIN", ""),
            ("SELECT", "23505"),
            ("ROLLBACK", ""),
        ]


async def test_a_pipeline(server: Postgres) -> None:
    """What follows up to the Sync is skipped, what stands before it is rolled back with it, the next one is well."""

    def three(client: "psycopg.Connection[Any]") -> None:
        with client.pipeline():
            client.execute("INSERT INTO stock VALUES ('c', 3)")
            client.execute("UPDATE stock SET count = 9")
            client.execute("INSERT INTO stock VALUES ('d', 4)")

    def work(port: int) -> tuple[list[str], dict[str, int]]:
        found = []
        with psycopg.connect(server.dsn(port), autocommit=True) as client:
            with pytest.raises(psycopg.errors.SerializationFailure):
                three(client)
            with client.pipeline() as pipeline:
                first = client.execute("INSERT INTO stock VALUES ('e', 5)")
                pipeline.sync()
                client.execute("UPDATE stock SET count = 8 WHERE sku = 'b'")
                last = client.execute("SELECT 'well'")
                pipeline.sync()
                found += [str(first.statusmessage), *map(str, last.fetchone() or ())]
            return found, stock(client)

    async with edge(server, ONCE) as it:
        assert await it.call(work) == (["INSERT 0 1", "well"], {"a": 1, "b": 8, "e": 5})


async def test_many_at_once_each_hit_by_its_number(server: Postgres) -> None:
    """In a pipeline of single transactions, each third fails."""

    def work(port: int) -> list[str]:
        found: list[str] = []
        with closing(psycopg.connect(server.dsn(port), autocommit=True)) as client:
            commands = client.pgconn
            commands.nonblocking = 0
            commands.enter_pipeline_mode()
            for number in range(9):
                commands.send_query_params(b"INSERT INTO ledger VALUES ($1, 'x')", [b"%d" % number])
                commands.pipeline_sync()
            while len(found) < 9:
                while commands.is_busy():  # libpq's own waiting would hold up the edge, too
                    select.select([commands.socket], [], [], 10)
                    commands.consume_input()
                result = commands.get_result()
                if result is not None and result.status != pq.ExecStatus.PIPELINE_SYNC:
                    found.append((result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode() or "done")
        return found

    table = {"sql-error": "55P03", "match": {"table": "ledger", "every": 3}}
    async with edge(server, table) as it:
        assert await it.call(work) == ["done", "done", "55P03"] * 3
        assert len(it.hit()) == 3
    with psycopg.connect(server.dsn()) as client:
        left = client.execute("SELECT id FROM ledger ORDER BY id").fetchall()
        assert [number for (number,) in left] == [0, 1, 3, 4, 6, 7]


async def test_copy(server: Postgres) -> None:
    """Both ways: the server never takes it, and what the caller sends of it is let go."""

    def work(port: int) -> list[str]:
        with psycopg.connect(server.dsn(port), autocommit=True) as client:
            cursor = client.cursor()
            with pytest.raises(psycopg.errors.DiskFull), cursor.copy("COPY ledger FROM STDIN") as copy:
                copy.write_row((1, "x"))
            with pytest.raises(psycopg.errors.DiskFull), cursor.copy("COPY stock TO STDOUT") as copy:
                copy.read()
            with cursor.copy("COPY ledger FROM STDIN") as copy:
                copy.write_row((2, "y"))
            return [what for (what,) in client.execute("SELECT what FROM ledger").fetchall()]

    async with edge(server, {"sql-error": "53100", "match": {"statement": "COPY"}, "times": 2}) as it:
        assert await it.call(work) == ["y"]


async def test_a_program_that_tries_again(server: Postgres) -> None:
    """Asyncpg under `@40%` as an ORM's retry does it: every transfer is made exactly once."""

    async def transfer(client: "asyncpg.Connection[asyncpg.Record]") -> int:
        for attempt in range(100):
            try:
                async with client.transaction(isolation="serializable"):
                    await client.execute("UPDATE stock SET count = count - 1 WHERE sku = $1", "a")
                    await client.execute("UPDATE stock SET count = count + 1 WHERE sku = $1", "b")
            except asyncpg.SerializationError:
                continue
            return attempt
        raise AssertionError("it never came through")

    def times(name: str) -> dict[str, Any]:
        return {"sql-error": "40001", "percentage": 40, "seed": 7, "match": {"statement": name}}

    async with edge(server, times("UPDATE"), times("COMMIT")) as it:
        client = await asyncpg.connect(server.dsn(it.port))
        attempts = [await transfer(client) for _ in range(20)]
        rows = await client.fetch("SELECT sku, count FROM stock")
        await client.close()
        assert {row["sku"]: row["count"] for row in rows} == {"a": -19, "b": 22}
        assert sum(attempts) == len(it.hit()) > 10


async def test_faults_come_and_go_while_a_connection_lives(server: Postgres) -> None:
    """What was prepared before is known, and afterwards bytes pass without anybody between."""
    async with edge(server) as it:
        client = await asyncpg.connect(server.dsn(it.port))
        update = await client.prepare("UPDATE stock SET count = $1")
        for number in range(3):
            await update.fetch(number)
            it.on(CONFLICT)
            with pytest.raises(asyncpg.SerializationError):
                await update.fetch(100 + number)
            it.on()
            [link] = it.relay.links
            assert link.faults is None
            assert getattr(link, "between", "") is None
        assert await client.fetchval("SELECT max(count) FROM stock") == 2
        await client.close()


async def test_an_edge_that_speaks_no_sql() -> None:
    """A person is told."""
    async with edge_to(Bench, Upstream("127.0.0.1", 1), "redis", {"sql-error": 1205}) as it:
        assert it.troubles == [
            "orders -> payments:http: faults on statements do nothing here, redis is no SQL"
        ]


# --- a delay ------------------------------------------------------------------------------------------


async def test_a_slow_statement(server: Postgres) -> None:
    """It waits, what follows on its connection waits behind it, other tables and other connections do not."""
    slow = {"delay": "300ms", "match": {"statement": "UPDATE", "table": "stock"}}
    async with edge(server, slow) as it:
        one, other = [await asyncpg.connect(server.dsn(it.port)) for _ in range(2)]
        it.told()
        began = monotonic()
        async with asyncio.TaskGroup() as tasks:
            update = tasks.create_task(one.execute("UPDATE stock SET count = 7"))
            await until(lambda: it.edge.in_flight == 1)
            assert await other.fetchval("SELECT max(count) FROM stock") == 2
            await other.execute("UPDATE ledger SET what = 'x'")
            assert not update.done()
        assert monotonic() - began >= 0.3
        for client in (one, other):
            await client.close()
        told = {(call.method, call.target): call for call in it.told()}
        assert told["UPDATE", "stock"].microseconds >= 300_000
        assert told["UPDATE", "stock"].faults == ("a/delay",)
        assert told["UPDATE", "stock"].by == ""
        assert told["UPDATE", "ledger"].faults == ()


async def test_what_was_slow_goes_on_when_the_fault_is_off(server: Postgres) -> None:
    """At once, and in order."""
    async with edge(server, {"delay": "1h"}) as it:
        with closing(await it.call(connected(server))) as client:
            commands = client.pgconn
            commands.nonblocking = 0
            commands.enter_pipeline_mode()
            for number in range(5):
                commands.send_query_params(b"INSERT INTO ledger VALUES ($1, 'x')", [b"%d" % number])
            commands.pipeline_sync()
            await until(lambda: it.edge.in_flight == 5)
            it.on()
            await until(lambda: it.edge.in_flight == 0)
    with psycopg.connect(server.dsn()) as client:
        left = client.execute("SELECT id FROM ledger").fetchall()
        assert [number for (number,) in left] == [0, 1, 2, 3, 4]


async def test_a_caller_that_has_said_all(server: Postgres) -> None:
    """Its end waits behind what it has said."""
    async with edge(server, {"delay": "200ms"}) as it:
        with closing(await it.call(connected(server))) as client:
            client.pgconn.nonblocking = 0
            client.pgconn.send_query(b"INSERT INTO ledger VALUES (1, 'x')")
            await until(lambda: it.edge.in_flight == 1)
            with socket.socket(fileno=os.dup(client.fileno())) as same:
                same.shutdown(socket.SHUT_WR)
            await until(lambda: it.edge.active == 0)
    with psycopg.connect(server.dsn()) as client:
        assert client.execute("SELECT count(*) FROM ledger").fetchone() == (1,)
