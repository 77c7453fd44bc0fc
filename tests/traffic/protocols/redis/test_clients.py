"""Redis' scanner between a real Valkey and its clients: redis-py, blocking and asyncio, RESP2 and RESP3."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis.asyncio

from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from meshdev.traffic.protocols.redis.commands import _COMMANDS, Manner
from meshdev.traffic.protocols.redis.scanner import RedisScanner
from support_control import eventually
from support_redis import valkey
from support_scanning import Scanned, same_in_other_cuts, scanned

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RESP = pytest.mark.parametrize("resp", [2, 3])


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A server's port."""
    with valkey() as port:
        yield port


@pytest.fixture
def it(server: int) -> Iterator[Scanned]:
    """A relay that reads along; the database is empty."""
    with redis.Redis(port=server) as client:
        client.flushall()
    with scanned(RedisScanner, server) as relay:
        yield relay


def told(it: Scanned) -> Counter[tuple[str, str, Outcome]]:
    """What was read, but for how clients greet."""
    greetings = {"CLIENT|SETINFO", "CLIENT|MAINT_NOTIFICATIONS", "HELLO", "PING"}
    return Counter((op.name, op.target, op.outcome) for op in it.operations if op.name not in greetings)


def of(it: Scanned, name: str) -> list[Operation]:
    """The operations of that name, as they ended."""
    return sorted((op for op in it.operations if op.name == name), key=lambda op: op.ended)


def work(client: Any) -> None:
    """A bit of everything."""
    client.set("session:9f8e7d6c5b4a", "x" * 100_000)
    assert client.get("session:9f8e7d6c5b4a") == b"x" * 100_000
    assert client.get("nothing") is None
    client.hset("user:42", mapping={"name": "ana", "nested\r\n": "$5\r\n"})
    client.hgetall("user:42")
    client.zadd("scores", {"a": 1.5, "b": 2})
    client.zrange("scores", 0, -1, withscores=True)
    client.config_get("maxmemory*")
    client.object("ENCODING", "scores")
    client.eval("return {1, {2, {3, KEYS[1]}}}", 1, "lock:7")
    with pytest.raises(redis.ResponseError):
        client.incr("scores")
    with client.pipeline(transaction=False) as pipe:
        pipe.set("a", 1).incr("a").get("a")
        assert pipe.execute() == [True, 2, b"2"]
    with client.pipeline(transaction=True) as pipe:
        pipe.watch("a")
        pipe.multi()
        pipe.incr("a").incr("scores").hgetall("user:42")
        pipe.execute(raise_on_error=False)


@RESP
def test_what_a_client_does_is_told(it: Scanned, resp: int) -> None:
    """Each command once, with its key's pattern and its outcome."""
    with redis.Redis(port=it.port, protocol=resp) as client:
        work(client)
    expected = {
        ("SET", "session:{id}"): 1, ("GET", "session:{id}"): 1, ("GET", "nothing"): 1, ("HSET", "user:{id}"): 1,
        ("HGETALL", "user:{id}"): 2, ("ZADD", "scores"): 1, ("ZRANGE", "scores"): 1, ("CONFIG|GET", ""): 1,
        ("OBJECT|ENCODING", "scores"): 1, ("EVAL", "lock:{id}"): 1, ("SET", "a"): 1, ("INCRBY", "a"): 2,
        ("GET", "a"): 1, ("WATCH", "a"): 1, ("MULTI", ""): 1, ("EXEC", ""): 1,
    }  # fmt: skip
    expected_all = {(*key, Outcome.OK): count for key, count in expected.items()}
    assert told(it) == Counter({**expected_all, ("INCRBY", "scores", Outcome.REFUSED): 2})
    assert {op.code for op in of(it, "INCRBY")} == {"", "WRONGTYPE"}
    same_in_other_cuts(RedisScanner, it)


@RESP
def test_messages_of_channels(it: Scanned, server: int, resp: int) -> None:
    """Who publishes, who subscribes, and what is delivered between commands."""
    with redis.Redis(port=it.port, protocol=resp) as client, client.pubsub() as heard:
        heard.subscribe("orders", "stock")
        heard.psubscribe("news.*")
        eventually(lambda: len(of(it, "SUBSCRIBE") + of(it, "PSUBSCRIBE")) == 3)
        heard.ping()
        client.publish("orders", "hello")
        client.publish("news.17", "world")
        with redis.Redis(port=server) as other:
            other.publish("stock", b"\x00" * 70_000)
        eventually(lambda: len(of(it, "message") + of(it, "pmessage")) == 3)
        heard.unsubscribe()
        heard.punsubscribe("news.*")
        eventually(lambda: len(of(it, "UNSUBSCRIBE") + of(it, "PUNSUBSCRIBE")) == 2)
    kinds = Counter((op.name, op.target, op.kind) for op in it.operations if op.kind)
    assert kinds == Counter(
        [
            ("SUBSCRIBE", "orders", Kind.SUBSCRIBE),
            ("SUBSCRIBE", "stock", Kind.SUBSCRIBE),
            ("PSUBSCRIBE", "news.*", Kind.SUBSCRIBE),
            ("PUBLISH", "orders", Kind.PUBLISH),
            ("PUBLISH", "news.{id}", Kind.PUBLISH),
            ("message", "orders", Kind.DELIVER),
            ("message", "stock", Kind.DELIVER),
            ("pmessage", "news.{id}", Kind.DELIVER),
        ]
    )
    assert [op.payload for op in of(it, "PUBLISH")] == [b"hello", b"world"]
    assert sum(one.scanner.waiting() for one in it.conversations) == 0
    same_in_other_cuts(RedisScanner, it)


@RESP
def test_streams(it: Scanned, resp: int) -> None:
    """Entries are published and delivered, with their traces; who waits for them has no latency."""
    with redis.Redis(port=it.port, protocol=resp) as client:
        client.xgroup_create("orders", "billing", mkstream=True)
        waiter = threading.Thread(
            target=client.xreadgroup, args=("billing", "one", {"orders": ">"}), kwargs={"block": 10_000}
        )
        waiter.start()
        eventually(lambda: sum(one.scanner.waiting() for one in it.conversations) == 1)
        client.xadd("orders", {"id": "17", "traceparent": TRACEPARENT})
        waiter.join()
        for n in range(5):
            client.xadd("orders", {"id": str(n)}, maxlen=100)
        client.xreadgroup("billing", "one", {"orders": ">"}, count=10)
        client.xread({"orders": "0", "nothing": "0"})
        client.xack("orders", "billing", "1-0")
        with pytest.raises(redis.ResponseError):
            client.xreadgroup("nobody", "one", {"orders": ">"})
    first, second, failed = of(it, "XREADGROUP")
    assert first.trace == of(it, "XADD")[0].trace == TRACEPARENT.split("-")[1]
    assert (first.target, first.messages_out, first.started) == ("orders", 1, first.ended)
    assert first.detail.startswith("group billing, waited ")
    assert (second.messages_out, second.started < second.ended) == (5, True)
    assert (failed.code, failed.messages_out) == ("NOGROUP", 0)
    assert sum(op.messages_out or 0 for op in of(it, "XREAD")) == 6
    assert len(of(it, "XADD")) == 6
    same_in_other_cuts(RedisScanner, it)


@RESP
async def test_the_asyncio_client(it: Scanned, resp: int) -> None:
    """Many at once over several connections."""
    async with redis.asyncio.Redis(port=it.port, protocol=resp, max_connections=10) as client:

        async def one(n: int) -> None:
            await client.set(f"session:{n}{'0' * 16}", "x")
            await client.rpush(f"jobs:{n}", "job")
            assert tuple(await client.blpop([f"jobs:{n}"], timeout=5) or ()) == (f"jobs:{n}".encode(), b"job")

        await asyncio.gather(*(one(n) for n in range(10)))
    assert told(it) == Counter(
        {
            ("SET", "session:{id}", Outcome.OK): 10,
            ("RPUSH", "jobs:{id}", Outcome.OK): 10,
            ("BLPOP", "jobs:{id}", Outcome.OK): 10,
        }
    )
    same_in_other_cuts(RedisScanner, it)


def test_passwords_are_never_told() -> None:
    """Neither AUTH's nor HELLO's, nor those that are set."""
    old, new = "s3cret", "n3wone"
    with valkey("--requirepass", old) as port, scanned(RedisScanner, port) as it:
        with redis.Redis(port=it.port, protocol=2, password=old) as client:
            client.ping()
            client.config_set("requirepass", new)
        with redis.Redis(port=it.port, protocol=3, password=new) as client:
            client.ping()
        with redis.Redis(port=it.port, protocol=3) as client, pytest.raises(redis.AuthenticationError):
            client.get("a")
        assert old not in repr(it.operations)
        assert new not in repr(it.operations)
        assert {"AUTH", "HELLO", "CONFIG|SET"} <= {op.name for op in it.operations}
        assert "NOAUTH" in {op.code for op in it.operations}
        same_in_other_cuts(RedisScanner, it)


@RESP
def test_a_clients_cache(it: Scanned, server: int, resp: int) -> None:
    """Keys that are no longer valid are pushed between the answers (RESP3), or on a channel (RESP2)."""
    with (
        redis.Redis(port=it.port, protocol=resp) as client,
        redis.Redis(port=server) as other,
        client.pubsub() as heard,
    ):
        connection = client.connection_pool.get_connection()
        if resp == 2:
            heard.subscribe("__redis__:invalidate")
            eventually(lambda: len(of(it, "SUBSCRIBE")) == 1)
            assert heard.connection is not None
            name = next(c["id"] for c in other.client_list() if int(c["sub"]) == 1)
            connection.send_command("CLIENT", "TRACKING", "ON", "REDIRECT", name)
        else:
            connection.send_command("CLIENT", "TRACKING", "ON")
        connection.read_response()
        connection.send_command("GET", "a")
        connection.read_response()
        other.set("a", 1)
        connection.send_command("GET", "a")
        assert connection.read_response() == b"1"
        client.connection_pool.release(connection)
    assert [op.outcome for op in of(it, "GET")] == [Outcome.OK] * 2
    same_in_other_cuts(RedisScanner, it)


def test_a_monitor_is_given_up(it: Scanned, server: int) -> None:
    """And goes on."""
    with redis.Redis(port=it.port) as client, client.monitor() as monitor, redis.Redis(port=server) as other:
        other.set("seen", 1)
        assert next(seen for seen in monitor.listen() if "seen" in seen["command"])
    assert it.gave_up == ["after MONITOR the server speaks unasked"]


def test_the_places_of_the_keys_are_the_servers(server: int) -> None:
    """Every command that the server knows is known, with its first key where the server says that it is."""
    known = {command.name: command for command in _COMMANDS}
    with redis.Redis(port=server, protocol=2) as client:
        told = client.execute_command("COMMAND")
    assert len(told) > 200
    for name, about in told.items():
        command = known[name.upper()]
        assert command.has_subcommand == bool(about["subcommands"]), name
        if about["first_key_pos"]:
            assert command.key == about["first_key_pos"], name
        if "blocking" in about["flags"]:
            assert command.manner in {Manner.WAITS, Manner.READS}, name
