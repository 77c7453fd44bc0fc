"""MongoDB's scanner between the drivers of Python and Node and a server of others (`support_secantus`)."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError, OperationFailure

from meshdev.traffic.protocols.mongodb.scanner import MongoScanner
from meshdev.traffic.protocols.operation import Operation, Outcome
from support_control import eventually
from support_npm import npm_package
from support_scanning import Scanned, same_in_other_cuts, scanned
from support_secantus import secantus

GREETINGS = {"hello", "ismaster", "endSessions", "isMaster"}


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """One for all tests of the module."""
    with secantus() as port:
        yield port


@pytest.fixture
def it(server: int) -> Iterator[Scanned]:
    """A relay that reads along, and a database that is empty."""
    with MongoClient[dict[str, Any]]("127.0.0.1", server) as mongo:
        mongo.drop_database("shop")
    with scanned(MongoScanner, server) as found:
        yield found


def settled(it: Scanned) -> list[Operation]:
    """What was read but for greetings, once all connections are over, however it was cut."""
    eventually(lambda: all(one.over for one in it.conversations))
    assert it.gave_up == []
    assert all(one.scanner.waiting() == 0 for one in it.conversations)
    same_in_other_cuts(MongoScanner, it)
    return [op for op in it.operations if op.name not in GREETINGS]


@pytest.mark.parametrize("compressor", ["", "zlib", "zstd"])
def test_pymongo(it: Scanned, compressor: str) -> None:
    """Reads in portions, writes, an aggregation, an index, errors, a transaction."""
    compressors = f"&compressors={compressor}" if compressor else ""
    url = f"mongodb://127.0.0.1:{it.port}/?directConnection=true{compressors}"
    with MongoClient[dict[str, Any]](url) as mongo:
        orders = mongo.shop.orders
        orders.create_index("number", unique=True)
        orders.insert_many([{"number": n, "text": "x" * 1000} for n in range(300)])
        with pytest.raises(DuplicateKeyError):
            orders.insert_one({"number": 7})
        assert len(list(orders.find({"number": {"$gt": 99}}, batch_size=80))) == 200
        assert orders.update_many({}, {"$set": {"paid": True}}).modified_count == 300
        assert list(orders.aggregate([{"$count": "all"}])) == [{"all": 300}]
        assert orders.delete_one({"number": 1}).deleted_count == 1
        with pytest.raises(OperationFailure):
            mongo.shop.command("whoever")
    told = Counter((op.name, op.target, op.code, op.outcome) for op in settled(it))
    assert told == Counter(
        {
            ("createIndexes", "shop.orders", "", Outcome.OK): 1,
            ("insert", "shop.orders", "", Outcome.OK): 1,
            ("insert", "shop.orders", "DuplicateKey", Outcome.REFUSED): 1,
            ("find", "shop.orders", "", Outcome.OK): 1,
            ("getMore", "shop.orders", "", Outcome.OK): 2,
            ("update", "shop.orders", "", Outcome.OK): 1,
            ("aggregate", "shop.orders", "", Outcome.OK): 1,
            ("delete", "shop.orders", "", Outcome.OK): 1,
            ("whoever", "shop", "CommandNotFound", Outcome.REFUSED): 1,
        }
    )


_NODE = """
const { MongoClient } = require(process.argv[1]);
(async () => {
  const client = new MongoClient(`mongodb://127.0.0.1:${process.argv[2]}/?directConnection=true`);
  const orders = client.db('shop').collection('orders');
  await orders.insertMany([...Array(50).keys()].map((number) => ({ _id: number })));
  await orders.insertOne({ _id: 7 }).catch((error) => { if (error.code !== 11000) throw error; });
  const found = await orders.find().batchSize(20).toArray();
  if (found.length !== 50) throw new Error(found.length);
  await Promise.all([1, 2, 3].map((number) => orders.updateOne({ _id: number }, { $set: { paid: true } })));
  await client.close();
})();
"""


def test_mongodb_of_node(it: Scanned) -> None:
    """The driver that Node's programs use."""
    subprocess.run(["node", "-e", _NODE, str(npm_package("mongodb")), str(it.port)], check=True, timeout=60)
    told = Counter((op.name, op.target, op.code) for op in settled(it))
    assert told == Counter(
        {
            ("insert", "shop.orders", ""): 1,
            ("insert", "shop.orders", "DuplicateKey"): 1,
            ("find", "shop.orders", ""): 1,
            ("getMore", "shop.orders", ""): 2,
            ("update", "shop.orders", ""): 3,
        }
    )
