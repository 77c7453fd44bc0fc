"""pymongo: single documents and many, updates, a document that is there already. Greetings are its own business."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

MESSAGES = 50
VISITS = 20


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true") as mongo:
            mongo.shop.bench.delete_many({})
            done["delete shop.bench"] += 1
            for _ in range(VISITS):
                if not going():
                    break
                _visit(mongo, done)
    return done


def _visit(mongo: MongoClient[dict[str, Any]], done: Counter[str]) -> None:
    bench = mongo.shop.bench
    for number in range(MESSAGES):
        bench.insert_one({"_id": number, "text": "x" * 100})
    for number in range(MESSAGES):
        bench.find_one({"_id": number})
    with suppress(DuplicateKeyError):
        bench.insert_one({"_id": 0})
    bench.update_many({}, {"$set": {"paid": True}})
    if len(list(bench.find({}))) != MESSAGES:
        raise ValueError("documents are missing")
    bench.delete_many({})
    done["insert shop.bench"] += MESSAGES + 1
    done["find shop.bench"] += MESSAGES + 1
    done["update shop.bench"] += 1
    done["delete shop.bench"] += 1
