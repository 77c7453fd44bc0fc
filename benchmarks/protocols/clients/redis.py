"""redis-py: single commands, pipelines, a wrong type."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from warnings import catch_warnings, simplefilter

import redis

MESSAGES = 50
VISITS = 20


def work(port: int, going: Callable[[], bool]) -> Counter[str]:
    """A connection after the other."""
    done: Counter[str] = Counter()
    while going():
        _visit(port, going, done)
    return done


def _visit(port: int, going: Callable[[], bool], done: Counter[str]) -> None:
    with catch_warnings():
        simplefilter(
            "ignore", DeprecationWarning
        )  # newer ones have another word for what older ones know only so
        client = redis.Redis("127.0.0.1", port, lib_name=None, lib_version=None, protocol=2)
    for _ in range(VISITS):
        if not going():
            break
        for number in range(100, 100 + MESSAGES):
            client.set(f"session:{number}", b"x" * 100)
            client.get(f"session:{number}")
        pipe = client.pipeline(transaction=False)
        for number in range(100, 100 + MESSAGES):
            pipe.incr(f"count:{number}")
        pipe.execute()
        with suppress(redis.ResponseError):
            client.lpush("session:100", "x")
        done["SET session:{id}"] += MESSAGES
        done["GET session:{id}"] += MESSAGES
        done["INCRBY count:{id}"] += MESSAGES
        done["LPUSH session:{id}"] += 1
    client.close()
