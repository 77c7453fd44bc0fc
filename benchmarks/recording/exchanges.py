"""Calls as services make them: 1.5 kB of JSON and usual headers, much of it other in every call.

The call is known by its number; ids, times and traces are drawn, so that no two have the same bytes. The answer
(`answered`) tells the caller's id again, as most do.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random
from uuid import UUID

_STARTED = 1_790_000_000.0
_GOODS = ("tea pot", "mug", "rope", "lamp oil", "kettle", "tray", "sugar tongs", "strainer", "cosy")
_CITIES = (("Berlin", "10115"), ("Leipzig", "04109"), ("Bremen", "28195"), ("Kassel", "34117"))


def target(number: int) -> str:
    """Where call ``number`` goes; each goes somewhere else."""
    return f"/orders/{number}/items?page={number % 7}"


def asked(number: int, chance: Random) -> bytes:
    """The request, some 740 bytes."""
    content = {
        "id": _uuid(chance),
        "at": datetime.fromtimestamp(_STARTED + number + chance.random(), UTC).isoformat(),
        "item": {"sku": f"sku-{number}", "name": _GOODS[number % len(_GOODS)], "qty": number % 9 + 1},
        "note": "please leave at the door if nobody answers",
        "customer": {
            "name": f"Anna {number % 211}",
            "city": _CITIES[number % 4][0],
            "zip": _CITIES[number % 4][1],
        },
    }
    body = json.dumps(content).encode()
    head = (
        f"POST {target(number)} HTTP/1.1\r\n"
        "Host: payments:8080\r\n"
        "User-Agent: python-httpx/0.28.1\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: gzip, deflate\r\n"
        "Connection: keep-alive\r\n"
        "Authorization: Bearer 5f3a9c71e2b84d06a1c9e7f25b0d8364\r\n"
        f"traceparent: 00-{chance.getrandbits(128) | 1:032x}-{chance.getrandbits(64) | 1:016x}-01\r\n"
        f"X-Request-Id: {_uuid(chance)}\r\n"
        "X-Tenant: acme\r\n"
        "X-Forwarded-For: 10.4.0.17\r\n"
        "Accept-Language: de-DE,de;q=0.9,en;q=0.8\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answered(number: int, asked_id: str, chance: Random) -> bytes:
    """The answer, some 760 bytes."""
    when = datetime.fromtimestamp(_STARTED + number, UTC)
    lines = [
        {"sku": f"sku-{number + at}", "price": round(chance.random() * 90, 2), "stock": chance.randrange(400)}
        for at in range(3)
    ]
    content = {
        "ok": True,
        "id": asked_id,
        "order": number,
        "total": round(sum(float(str(line["price"])) for line in lines), 2),
        "items": lines,
        "created_at": when.isoformat(),
        "payment": {"method": "invoice", "reference": f"{chance.getrandbits(64):016x}", "due_days": 14},
        "links": {"self": f"/orders/{number}", "invoice": f"/orders/{number}/invoice.pdf"},
        "warehouse": _CITIES[number % 4][0],
        "delivery": {"carrier": "bike", "days": number % 5 + 1, "window": "9-12"},
    }
    body = json.dumps(content).encode()
    head = (
        "HTTP/1.1 201 Created\r\n"
        f"Date: {when:%a, %d %b %Y %H:%M:%S} GMT\r\n"
        "Server: uvicorn\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        "Cache-Control: no-store\r\n"
        f"X-Request-Id: {_uuid(chance)}\r\n"
        "Vary: Accept-Encoding\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def requests(numbers: Iterable[int], seed: int) -> list[bytes]:
    """The requests of these numbers; another seed is other noise."""
    chance = Random(seed)
    return [asked(number, chance) for number in numbers]


def body_of(message: bytes) -> bytes:
    """What is behind the head."""
    return message.partition(b"\r\n\r\n")[2]


def _uuid(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
