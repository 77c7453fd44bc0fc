"""Faults on messages between redis-py and a real Valkey: each command is answered in its place, in RESP2 and 3."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random
from time import time
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from support_faulty_edge import faulty
from support_mesh import until
from support_redis import command, valkey

PATIENCE = 20
RESP = pytest.mark.parametrize("resp", [2, 3])
PUBLISHED = {"direction": "upstream"}
DELIVERED = {"direction": "downstream"}
LATE = {"delay": "1h", "direction": "upstream"}


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A Valkey."""
    with valkey() as port:
        yield port


@asynccontextmanager
async def client(port: int, resp: int = 3) -> AsyncIterator[Any]:
    """One connection at a time."""
    async with Redis(port=port, protocol=resp, decode_responses=True, max_connections=4) as it:
        yield it


@asynccontextmanager
async def listening(one: Any, *channels: str) -> AsyncIterator[Any]:
    """A subscriber, subscribed."""
    async with one.pubsub() as it:
        await it.subscribe(*channels)
        async with asyncio.timeout(PATIENCE):
            for _ in channels:
                assert (await it.get_message(timeout=PATIENCE))["type"] == "subscribe"
        yield it


@asynccontextmanager
async def raw(port: int) -> AsyncIterator[Callable[[bytes, int], Awaitable[bytes]]]:
    """A connection that says bytes and hears so many."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def say(data: bytes, answer: int) -> bytes:
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            return await reader.readexactly(answer)

    yield say
    writer.close()
    await writer.wait_closed()


async def heard(subscriber: Any, count: int) -> list[str]:
    """The next messages."""
    async with asyncio.timeout(PATIENCE):
        got: list[str] = []
        while len(got) < count:
            message = await subscriber.get_message(ignore_subscribe_messages=True, timeout=1)
            if message is not None:
                got.append(message["data"])
        return got


def name() -> str:
    """A channel or stream of a test's own."""
    return f"orders.{uuid4().hex}"


async def entries(one: Any, stream: str) -> list[str]:
    """What is in a stream."""
    return [fields["n"] for _, fields in await one.xrange(stream)]


@RESP
@pytest.mark.parametrize("transaction", [False, True])
async def test_lost_commands_are_answered(server: int, resp: int, *, transaction: bool) -> None:
    """In a pipeline and in a transaction, each in its place; an id is one of now."""
    channel, stream = name(), name()
    lose: dict[str, Any] = {"drop": PUBLISHED, "match": {"subject": "orders.*"}}
    async with (
        faulty(server, lose, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
        listening(other, channel, "kept") as told,
    ):
        async with one.pipeline(transaction=transaction) as pipe:
            pipe.set(stream + "n", 1).publish(channel, "lost").xadd(stream, {"n": "lost"})
            pipe.xadd(stream, {"n": "lost"}, id="7-1").xadd(stream, {"n": "lost"}, id="7-*").incr(
                stream + "n"
            )
            pipe.publish("kept", "kept").spublish(channel, "lost").get(stream + "n")
            answers = await pipe.execute()
        assert await heard(told, 1) == ["kept"]
        number, _, rest = answers[2].partition("-")
        assert abs(int(number) / 1000 - time()) < 60
        assert rest.isdigit()
        assert answers[:2] + answers[3:] == [True, 0, "7-1", "7-4", 2, 1, 0, "2"]
        assert await one.exists(stream) == 0
        assert it.edge.take_counters().fault_hits == {"a/drop": 5}


@RESP
@pytest.mark.parametrize("transaction", [False, True])
async def test_what_is_published_twice_is_answered_once(server: int, resp: int, *, transaction: bool) -> None:
    """However it is published; what the caller hears is as ever."""
    channel, stream = name(), name()
    async with (
        faulty(server, {"duplicate": PUBLISHED}, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
        listening(other, channel) as told,
    ):
        async with one.pipeline(transaction=transaction) as pipe:
            pipe.publish(channel, "a").xadd(stream, {"n": "1"}).get("nothing").xadd(stream, {"n": "2"}).ping()
            answers = await pipe.execute()
        assert [answers[0], *answers[2::2]] == [1, None, True]
        assert await heard(told, 2) == ["a", "a"]
        assert await entries(other, stream) == ["1", "1", "2", "2"]
        assert answers[1] in [key for key, _ in await other.xrange(stream)]


@RESP
async def test_late_and_overtaken_ones(server: int, resp: int) -> None:
    """They are answered at once, and come later: never into a transaction, and at once when the fault is off."""
    channel, stream = name(), name()
    async with (
        faulty(server, {"reorder": PUBLISHED}, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
        listening(other, channel) as told,
    ):
        for number in range(4):
            assert await one.publish(channel, str(number)) == number % 2
        assert await heard(told, 4) == ["1", "0", "3", "2"]
        it.on({**LATE, "match": {"header": {"n": "late"}}})
        first = await one.xadd(stream, {"n": "late"})
        second = await one.xadd(stream, {"n": "soon"})
        assert first != second
        it.on()
        assert await entries(other, stream) == ["soon", "late"]
        assert await one.ping()


async def test_what_is_late_waits_for_the_end_of_a_transaction(server: int) -> None:
    """Nothing is put into it."""
    stream = name()
    late = {**LATE, "match": {"header": {"n": "late"}}}
    async with faulty(server, late, protocol="redis") as it, client(server) as other, raw(it.port) as say:
        assert (await say(command("XADD", stream, "1-1", "n", "late"), 9)) == b"$3\r\n1-1\r\n"
        assert await say(command("MULTI"), 5) == b"+OK\r\n"
        assert await say(command("XADD", stream, "0-1", "n", "within"), 9) == b"+QUEUED\r\n"
        it.on()
        assert await say(command("PING"), 9) == b"+QUEUED\r\n"
        assert await say(command("EXEC"), 20) == b"*2\r\n$3\r\n0-1\r\n+PONG\r\n"
        assert await say(command("PING"), 7) == b"+PONG\r\n"
        assert await entries(other, stream) == ["within", "late"]


async def test_a_transaction_is_late_as_a_whole(server: int) -> None:
    """What is published in one waits with it, and so does what follows."""
    channel = name()
    async with (
        faulty(server, {"delay": "300ms", "direction": "upstream"}, protocol="redis") as it,
        client(it.port) as one,
        client(server) as other,
        listening(other, channel) as told,
    ):
        async with one.pipeline() as pipe:
            pipe.publish(channel, "a").publish(channel, "b")
            assert await pipe.execute() == [1, 1]
        assert await heard(told, 2) == ["a", "b"]


async def test_a_subscription_comes_behind_what_is_late(server: int) -> None:
    """A subscriber of RESP2 may not publish any more."""
    channel = name()
    async with (
        faulty(server, LATE, protocol="redis") as it,
        client(server) as other,
        listening(other, channel) as told,
    ):
        async with raw(it.port) as say:
            assert await say(command("PUBLISH", channel, "a"), 4) == b":0\r\n"
            said = await say(command("SUBSCRIBE", "x"), 30)
            assert said == b"*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n"
        assert await heard(told, 1) == ["a"]


@RESP
async def test_poisoned_ones(server: int, resp: int) -> None:
    """Both ways; a trace stays what it is."""
    channel, stream = name(), name()
    poison = {"poison": {"payload": "<x>", "direction": "upstream"}}
    async with (
        faulty(server, poison, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
        listening(one, channel) as told,
    ):
        await one.publish(channel, "fine")
        await one.xadd(stream, {"n": "1", "traceparent": "00-a-b-01"})
        assert await heard(told, 1) == ["<x>"]
        [(_, fields)] = await other.xrange(stream)
        assert fields == {"n": "<x>", "traceparent": "00-a-b-01"}
        it.on({"poison": {"payload": "<y>", "direction": "downstream"}})
        await other.publish(channel, "fine")
        assert await heard(told, 1) == ["<y>"]


@RESP
async def test_messages_of_channels(server: int, resp: int) -> None:
    """Lost, doubled, in another order; the subscriber's other business passes."""
    channel = name()
    async with (
        faulty(server, {"drop": DELIVERED, "match": {"every": 2}}, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
        listening(one, channel) as told,
    ):
        for number in range(4):
            await other.publish(channel, str(number))
        assert await heard(told, 2) == ["0", "2"]
        it.on({"duplicate": DELIVERED})
        await other.publish(channel, "twice")
        assert await heard(told, 2) == ["twice", "twice"]
        it.on({"reorder": {"within": "1h", **DELIVERED}, "times": 1})
        await other.publish(channel, "second")
        await told.psubscribe("orders.*")
        async with asyncio.timeout(PATIENCE):
            while (await told.get_message(timeout=1) or {}).get("type") != "psubscribe":
                pass
        await other.publish(channel, "first")
        assert sorted(await heard(told, 3)) == ["first", "first", "second"]


@RESP
async def test_entries_that_are_read(server: int, resp: int) -> None:
    """Some of an answer are lost, spoilt or twice in it; what is read by a group waits for its acknowledgement."""
    stream, empty = name(), name()
    async with (
        faulty(server, {"drop": DELIVERED, "match": {"header": {"n": "[13]"}}}, protocol="redis") as it,
        client(it.port, resp) as one,
        client(server) as other,
    ):
        it.on({"drop": DELIVERED, "match": {"header": {"n": "odd*"}}})
        for text in ("odd 1", "2", "odd 3", "4"):
            await other.xadd(stream, {"n": text})
        await other.xadd(empty, {"n": "odd 1"})
        await other.xgroup_create(stream, "group", "0")
        got = read(await one.xread({stream: "0", empty: "0"}))
        assert got == {stream: ["2", "4"]}
        assert read(await one.xread({empty: "0"})) == {}
        assert read(await one.xreadgroup("group", "me", {stream: ">"})) == {stream: ["2", "4"]}
        assert (await one.xpending(stream, "group"))["pending"] == 4
        it.on({"duplicate": DELIVERED}, {"poison": {"payload": "<x>"}, "match": {"header": {"n": "2"}}})
        assert read(await one.xread({stream: "0"}, count=2)) == {stream: ["odd 1", "odd 1", "<x>", "<x>"]}
        it.on({"delay": "200ms", "direction": "downstream"})
        async with asyncio.timeout(PATIENCE):
            both = await asyncio.gather(one.xread({stream: "0"}, count=1), one.ping())
        assert (read(both[0]), both[1]) == ({stream: ["odd 1"]}, True)


def read(answer: Any) -> dict[str, list[str]]:
    """What an XREAD gave, by stream, whatever the protocol."""
    if isinstance(answer, dict):
        answer = [
            (key, entries[0] if isinstance(entries[0], list) else entries) for key, entries in answer.items()
        ]
    return {key: [fields["n"] for _, fields in entries] for key, entries in answer or ()}


async def test_answers_of_any_length(server: int) -> None:
    """They pass while faults look for messages among them."""
    stream = name()
    async with (
        faulty(server, {"duplicate": "50%", "seed": 3}, protocol="redis") as it,
        client(it.port) as one,
    ):
        big = "x" * 5_000_000
        await one.set(stream, big, px=1_000_000)
        assert await one.get(stream) == big
        await one.delete(stream)
        await one.rpush(stream, *(str(number) for number in range(20_000)))
        assert len(await one.lrange(stream, 0, -1)) == 20_000
        await one.delete(stream)


async def test_no_fault_leaves_anything_behind(server: int) -> None:
    """A connection that was under faults goes on without them."""
    channel = name()
    async with (
        faulty(server, protocol="redis") as it,
        client(it.port) as one,
        listening(one, channel) as told,
    ):
        for on in ({"drop": "50%"}, {"duplicate": True}, {"delay": "1ms"}):
            it.on(on)
            for _ in range(20):
                await one.publish(channel, "x")
            it.on()
        await one.publish(channel, "last")
        while (await heard(told, 1)) != ["last"]:
            pass
        await until(lambda: all(link.faults is None for link in it.relay.links))


FAULTS: list[dict[str, Any]] = [
    {"drop": {"percentage": 40, "direction": "upstream"}},
    {"duplicate": {"percentage": 40, "gap": "1ms"}},
    {"duplicate": {"percentage": 40}},
    {"delay": "2ms", "percentage": 40},
    {"reorder": {"percentage": 40, "within": "5ms"}},
    {"poison": {"percentage": 40}},
]


def talk(random: Random, own: str) -> tuple[list[bytes], list[str]]:
    """Commands, and the kinds of their answers (``:``, ``+``, ``$``, or the answer itself)."""
    said: list[bytes] = []
    kinds: list[str] = []
    queued: list[str] | None = None
    for number in range(random.randrange(1, 40)):
        word, kind = random.choice(
            [
                (command("PUBLISH", f"{own}c", number), ":"),
                (command("SPUBLISH", f"{own}c", number), ":"),
                (command("XADD", f"{own}x", "*", "n", number), "$"),
                (command("XADD", f"{own}y", "MAXLEN", "~", 9, "*", "n", "x" * random.randrange(3000)), "$"),
                (command("ECHO", number), f"$1\r\n{number}" if number < 10 else f"$2\r\n{number}"),
                (command("SET", f"{own}k", "x" * random.choice([1, 5000]), "EX", 60), "+OK"),
                (b"PING\r\n", "+PONG"),
            ]
        )
        choice = random.random()
        if queued is None and choice < 0.15:
            said += [command("CLIENT", "REPLY", "SKIP"), word]
        elif queued is None and choice < 0.3:
            said.append(command("MULTI"))
            kinds.append("+OK")
            queued = []
        elif queued is not None and choice < 0.3:
            ends = choice < 0.2
            said.append(command("EXEC" if ends else "DISCARD"))
            kinds += [f"*{len(queued)}", *queued] if ends else ["+OK"]
            queued = None
        else:
            said.append(word)
            kinds.append(kind if queued is None else "+QUEUED")
            if queued is not None:
                queued.append(kind)
    if queued is not None:
        said.append(command("DISCARD"))
        kinds.append("+OK")
    return [*said, command("ECHO", "the end")], [*kinds, "$7\r\nthe end"]


@pytest.mark.parametrize("seed", range(int(os.environ.get("MESHDEV_FUZZ", "12"))))
async def test_any_pipeline_is_answered_as_ever(server: int, seed: int) -> None:
    """Under faults that come and go, whatever it is cut into: as many answers, in their order, each of its kind."""
    random = Random(seed)
    async with faulty(server, *random.sample(FAULTS, 2), protocol="redis") as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for _ in range(10):
            said, kinds = talk(random, f"fuzz:{seed}:")
            data = b"".join(said)
            while data:
                size = random.choice([1, 7, 100, 100_000])
                writer.write(data[:size])
                data = data[size:]
                await writer.drain()
                if random.random() < 0.2:
                    it.on(*random.sample(FAULTS, random.randrange(3)))
            async with asyncio.timeout(PATIENCE):
                got = [await answer(reader) for _ in kinds]
            assert [one for one, kind in zip(got, kinds, strict=True) if not one.startswith(kind)] == []
        writer.close()
        await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> str:
    """The next answer, or element of one."""
    line = (await reader.readline()).decode().strip()
    if line.startswith("$"):
        line += "\r\n" + (await reader.readexactly(int(line[1:]) + 2)).decode().strip()
    return line
