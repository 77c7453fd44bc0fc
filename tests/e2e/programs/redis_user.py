"""Uses Redis at CACHE_HOST:CACHE_PORT and GUESSED_HOST:GUESSED_PORT for ever, and says when an answer took long.

And when a stream has more or fewer entries than were added.
"""

import contextlib
import os
import time

import redis

KEY = "session:9f8e7d6c5b4a"
LONG = 0.3


def work(client: redis.Redis) -> None:
    """A bit of everything; fails when an answer is not what it must be."""
    client.set(KEY, "x" * 100_000)
    assert client.get(KEY) == b"x" * 100_000
    with client.pipeline() as pipe:
        pipe.delete("n")
        pipe.incr("n")
        pipe.incr("n")
        assert pipe.execute()[1:] == [1, 2]
    with contextlib.suppress(redis.ResponseError):
        client.lpush(KEY, "wrong")
    client.xadd("orders", {"id": 17}, maxlen=10)
    client.publish("news", "hello")


clients = [
    redis.Redis(host=os.environ[f"{name}_HOST"], port=int(os.environ[f"{name}_PORT"]), protocol=protocol)
    for name, protocol in (("CACHE", 2), ("GUESSED", 3))
]
for client in clients:
    work(client)
print("worked", flush=True)
while True:
    with clients[0].pipeline() as pipe:
        for name in ("lost", "twice"):
            pipe.delete(name)
            pipe.xadd(name, {"id": 17})
            pipe.xlen(name)
        answers = pipe.execute()
    lost, twice = answers[2::3]
    if (lost, twice) != (1, 1):
        print(f"lost {lost}, twice {twice}", flush=True)
    begun = time.perf_counter()
    clients[0].get("again")
    if time.perf_counter() - begun > LONG:
        print("slow", flush=True)
    time.sleep(0.05)
