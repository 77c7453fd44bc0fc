"""Uses MongoDB at STORE_HOST:STORE_PORT for ever, and says when an answer took long."""

import os
import time

from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

LONG = 0.3

mongo: MongoClient[dict[str, object]] = MongoClient(
    os.environ["STORE_HOST"], int(os.environ["STORE_PORT"]), directConnection=True
)
orders = mongo.shop.orders
orders.insert_many([{"_id": n, "big": "x" * 50_000} for n in range(20)])
assert len(list(orders.find({}, batch_size=7))) == 20
try:
    orders.insert_one({"_id": 3})
except DuplicateKeyError:
    print("worked", flush=True)
while True:
    begun = time.perf_counter()
    mongo.admin.command("ping")
    if time.perf_counter() - begun > LONG:
        print("slow", flush=True)
    time.sleep(0.05)
