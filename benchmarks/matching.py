"""What a replayed request costs in CPU, at 100, 2,000 and 20,000 recorded calls: ``python -m benchmarks.matching``.

The calls are POSTs of some 280 bytes of JSON with an id and a time of their own, eight headers, a query; in the replay
all noise is renewed, so that nothing is found by being equal to the byte.
"""

import gc
import json
import sys
import time
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from meshdev.recording.matching import Matcher, Miss
from meshdev.recording.model import Body, Exchange, Meta, Recording, Request, Response
from meshdev.recording.replay import Replayer

_STARTED = 1_790_000_000.0
_SIZES = (100, 2_000, 20_000)
_ASKED = 4_000


def _request(number: int, chance: Random, now: float) -> Request:
    content = {
        "id": str(UUID(int=chance.getrandbits(128), version=4)),
        "at": datetime.fromtimestamp(now, UTC).isoformat(),
        "item": {"sku": f"sku-{number}", "qty": number % 9, "price": 12.5},
        "note": "please leave at the door if nobody answers",
        "tags": ["a", "b", "c"],
        "customer": {"name": "Anna", "city": "Berlin", "zip": "10115"},
    }
    data = json.dumps(content).encode()
    headers = {
        "Host": "payments:8080",
        "User-Agent": "python-httpx/0.28",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        "Authorization": "Bearer one",
        "Content-Type": "application/json",
        "X-Request-Id": str(UUID(int=chance.getrandbits(128), version=4)),
    }
    return Request(
        "POST",
        f"/orders/{number % 50}/items?page={number % 7}",
        tuple(headers.items()),
        Body(data, len(data)),
    )


def _exchange(number: int, chance: Random) -> Exchange:
    asked = _request(number, chance, _STARTED + number)
    data = json.dumps({"ok": True, "id": json.loads(asked.body.data)["id"], "n": number}).encode()
    answered = Response(201, "Created", (("Content-Type", "application/json"),), Body(data, len(data)))
    return Exchange(f"{number:06}", _STARTED + number, 1_500, "orders", "payments", asked, answered)


def main() -> None:
    """Prints a line a size."""
    print("entries  to load (s)  matched (µs)  answered first (µs)  answered again (µs)")
    for size in _SIZES:
        chance = Random(size)
        recording = Recording(
            meta=Meta(name="b"), exchanges=tuple(_exchange(at, chance) for at in range(size))
        )
        began = time.process_time()
        matcher = Matcher([recording])
        loaded = time.process_time() - began
        asked = [_request(at * 7 % size, chance, _STARTED + 1e6 + at) for at in range(_ASKED)]
        replayer = Replayer(matcher)
        figures = []
        for play in (matcher.find, replayer.answer, replayer.answer):
            gc.collect()
            began = time.process_time()
            missed = sum(isinstance(play(one), Miss) for one in asked)
            figures.append((time.process_time() - began) / _ASKED * 1e6)
            if missed:
                sys.exit(f"{missed} of {_ASKED} requests were not answered")
        print(f"{size:7}  {loaded:11.2f}  {figures[0]:12.0f}  {figures[1]:19.0f}  {figures[2]:19.0f}")


if __name__ == "__main__":
    main()
