"""The mix of sixty-four requests, as programs send them: httpx clients, each request with noise of its own.

A `Part` is what one client does in turn; what it does is fixed, its noise is drawn anew with every run. `play` sends
parts in order or by several clients at a time and gives the answers with what was sent.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

DRAWN: Final = frozenset({"receipt"})  # what the server draws: nobody can know it
Ask = Callable[[httpx.Client, random.Random], httpx.Request]


@dataclass(frozen=True, slots=True)
class Part:
    """What one client asks, one after the other; ``of`` is its category."""

    of: str
    asks: tuple[Ask, ...]


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _static(number: int) -> Ask:
    return lambda client, _: client.build_request("GET", f"/items/static-{number}")


def _nonce(number: int) -> Ask:
    def ask(client: httpx.Client, chance: random.Random) -> httpx.Request:
        params = {"q": f"fruit-{number}", "nonce": f"{chance.getrandbits(96):024x}"}
        return client.build_request("GET", "/search", params=dict(chance.sample(list(params.items()), 2)))

    return ask


def _order(number: int) -> Ask:
    def ask(client: httpx.Client, chance: random.Random) -> httpx.Request:
        order = {"id": _uuid(chance), "at": datetime.now(UTC).isoformat(), "item": "pear" * (number + 1)}
        return client.build_request("POST", "/orders", json=dict(chance.sample(list(order.items()), 3)))

    return ask


def _headers(number: int) -> Ask:
    def ask(client: httpx.Client, chance: random.Random) -> httpx.Request:
        headers = {
            "x-request-id": _uuid(chance),
            "x-rnd": str(chance.randrange(10**9)),
            "traceparent": f"00-{chance.getrandbits(128):032x}-{chance.getrandbits(64):016x}-01",
            "user-agent": f"client/{chance.randrange(100)}",
        }
        return client.build_request("GET", f"/items/plain-{number}", headers=headers)

    return ask


def _upload(number: int) -> Ask:
    """The boundary is httpx's own, another one each time."""
    files = {"file": ("a.txt", b"line\n" * (number + 1), "text/plain")}
    return lambda client, _: client.build_request(
        "POST", "/upload", data={"title": f"file {number}"}, files=files
    )


def _job(number: int) -> Ask:
    return lambda client, chance: client.build_request(
        "GET", f"/jobs/job-{number}", params={"_": str(chance.randrange(10**12, 10**13))}
    )


def _slow(number: int) -> Ask:
    return lambda client, _: client.build_request("GET", f"/slow?seconds=0.{number + 1}")


def _events(number: int) -> Ask:
    return lambda client, _: client.build_request(
        "GET", f"/events?count={number + 2}&gap=0.02", headers={"accept": "text/event-stream"}
    )


def _one(of: str, make: Callable[[int], Ask], count: int) -> Iterator[Part]:
    return (Part(of, (make(number),)) for number in range(count))


MIX: Final[tuple[Part, ...]] = (
    *_one("static", _static, 8),
    *_one("nonce", _nonce, 8),
    *_one("uuid and time", _order, 8),
    *_one("headers", _headers, 8),
    *_one("multipart", _upload, 8),
    *(Part("polling", (_job(number),) * 4) for number in range(4)),
    *_one("slow", _slow, 4),
    *_one("events", _events, 4),
)


@dataclass(frozen=True, slots=True)
class Played:
    """One request of a part, and what came: ``place`` is its number in the mix."""

    place: tuple[int, int]
    of: str
    request: httpx.Request
    response: httpx.Response


def play(
    base: str, parts: Sequence[Part], seed: int, *, clients: int = 1, shuffled: bool = False
) -> list[Played]:
    """Send them; noise, order and who meets whom are by ``seed``."""
    order = list(enumerate(parts))
    if shuffled:
        random.Random(seed).shuffle(order)

    def one(numbered: tuple[int, Part]) -> list[Played]:
        number, part = numbered
        chance = random.Random(f"{seed} {number}")
        played = []
        with httpx.Client(base_url=base, timeout=20) as client:
            for turn, ask in enumerate(part.asks):
                request = ask(client, chance)
                request.read()  # it is sent twice
                played.append(Played((number, turn), part.of, request, client.send(request)))
        return played

    with ThreadPoolExecutor(clients) as pool:
        return [played for of_part in pool.map(one, order) for played in of_part]


def again(base: str, played: Sequence[Played]) -> dict[tuple[int, int], httpx.Response]:
    """What somebody else answers to the very same requests, byte by byte, asked in their own order."""
    with httpx.Client(base_url=base, timeout=20) as client:
        answers = {}
        for one in sorted(played, key=lambda one: one.place):
            request = client.build_request(
                one.request.method,
                one.request.url.raw_path.decode(),
                content=one.request.content,
                headers=[(name, value) for name, value in one.request.headers.raw if name.lower() != b"host"],
            )
            answers[one.place] = client.send(request)
        return answers


def told(response: httpx.Response) -> object:
    """An answer as it is compared: everything but what only the server can know."""
    kind = response.headers.get("content-type", "")
    content: object = response.content
    if kind.startswith("application/json"):
        content = {name: value for name, value in response.json().items() if name not in DRAWN}
    return response.status_code, kind, response.headers.get("location"), content
