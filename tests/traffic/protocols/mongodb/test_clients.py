"""MongoDB's scanner between pymongo, blocking and asyncio, and a small server (`support_mongodb`)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient, MongoClient, WriteConcern
from pymongo.cursor import CursorType
from pymongo.errors import DuplicateKeyError, OperationFailure

from meshdev.traffic.protocols.mongodb.scanner import MongoScanner
from meshdev.traffic.protocols.operation import Operation, Outcome
from support_control import eventually
from support_mongodb import Fake, mongodb
from support_scanning import Scanned, same_in_other_cuts, scanned

Between = tuple[Scanned, Fake]
GREETINGS = {"hello", "ismaster", "endSessions", "isMaster"}


@pytest.fixture(params=["", "zlib", "zstd"])
def between(request: pytest.FixtureRequest) -> Iterator[Between]:
    """A relay that reads along, and a server behind it, without and with compression."""
    with mongodb(*filter(None, [request.param])) as fake, scanned(MongoScanner, fake.port) as it:
        yield it, fake


def client(it: Scanned, fake: Fake) -> "MongoClient[dict[str, Any]]":
    """A client of the relay."""
    return MongoClient(url(it, fake))


def url(it: Scanned, fake: Fake) -> str:
    """Where it is, with the compressors that the server has."""
    compressors = f"&compressors={fake.compression[0]}" if fake.compression else ""
    return f"mongodb://127.0.0.1:{it.port}/?directConnection=true{compressors}"


def of(it: Scanned) -> list[Operation]:
    """What was read but for greetings, as it ended."""
    return sorted((op for op in it.operations if op.name not in GREETINGS), key=lambda op: op.ended)


def test_what_a_client_does_is_told(between: Between) -> None:
    """Commands with database and collection; errors by their names; no values."""
    it, fake = between
    fake.errors = {"aggregate": (50, "MaxTimeMSExpired"), "distinct": (9, "FailedToParse")}
    with client(it, fake) as mongo:
        orders = mongo.shop.orders
        orders.insert_many([{"_id": n, "who": "secret", "big": "x" * 50_000} for n in range(20)])
        with pytest.raises(DuplicateKeyError):
            orders.insert_one({"_id": 3})
        assert len(list(orders.find({"who": "secret"}, batch_size=7))) == 20
        assert orders.find_one({"_id": 7}) is not None
        orders.delete_many({"who": "secret"})
        mongo.shop["sessions_2024"].insert_one({"_id": 1})
        with pytest.raises(OperationFailure):
            orders.aggregate([])
        with pytest.raises(OperationFailure):
            orders.distinct("who")
        with pytest.raises(OperationFailure):
            mongo.shop.command("whoever")
        mongo.admin.command("ping")
    done = of(it)
    assert Counter((op.name, op.target, op.code, op.outcome) for op in done) == Counter(
        {
            ("insert", "shop.orders", "", Outcome.OK): 1,
            ("insert", "shop.orders", "DuplicateKey", Outcome.REFUSED): 1,
            ("find", "shop.orders", "", Outcome.OK): 2,
            ("getMore", "shop.orders", "", Outcome.OK): 2,
            ("delete", "shop.orders", "", Outcome.OK): 1,
            ("insert", "shop.sessions_{id}", "", Outcome.OK): 1,
            ("aggregate", "shop.orders", "MaxTimeMSExpired", Outcome.FAILED): 1,
            ("distinct", "shop.orders", "FailedToParse", Outcome.REFUSED): 1,
            ("whoever", "shop", "CommandNotFound", Outcome.REFUSED): 1,
            ("ping", "", "", Outcome.OK): 1,
        }
    )
    assert "secret" not in repr(done)
    assert all(op.ended > op.started for op in done)
    same_in_other_cuts(MongoScanner, it)


def test_writes_that_nobody_answers(between: Between) -> None:
    """End as they are asked."""
    it, fake = between
    with client(it, fake) as mongo:
        orders = mongo.shop.get_collection("orders", write_concern=WriteConcern(w=0))
        orders.insert_one({"_id": 1})
        orders.delete_one({"_id": 1})
        mongo.admin.command("ping")
        eventually(lambda: "ping" in {op.name for op in of(it)})
        eventually(lambda: sum(one.scanner.waiting() for one in it.conversations) == 0)
    writes = [op for op in of(it) if op.name in {"insert", "delete"}]
    assert [(op.target, op.started == op.ended, op.bytes_out) for op in writes] == [
        ("shop.orders", True, 0)
    ] * 2
    same_in_other_cuts(MongoScanner, it)


def test_a_stream_of_answers(between: Between) -> None:
    """Is an operation for each of them; the first has a latency."""
    it, fake = between
    with client(it, fake) as mongo:
        mongo.shop.orders.insert_many([{"_id": n} for n in range(7)])
        cursor = mongo.shop.orders.find(cursor_type=CursorType.EXHAUST, batch_size=2)
        assert [each["_id"] for each in cursor] == list(range(7))
    reads = [op for op in of(it) if op.name in {"find", "getMore"}]
    assert {op.target for op in reads} == {"shop.orders"}
    assert len(reads) == 4
    assert sum(op.started == op.ended for op in reads) >= 2
    same_in_other_cuts(MongoScanner, it)


async def test_the_asyncio_client(between: Between) -> None:
    """The same scanner for the other client."""
    it, fake = between
    async with AsyncMongoClient[dict[str, Any]](url(it, fake)) as mongo:
        for n in range(10):
            await mongo.shop.orders.insert_one({"_id": n})
        assert len(await mongo.shop.orders.find().to_list()) == 10
    assert Counter(op.name for op in of(it)) == Counter({"insert": 10, "find": 1})
    same_in_other_cuts(MongoScanner, it)
