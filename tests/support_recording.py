"""Recordings for tests: a small world that is called, recorded, and called again with new noise.

A `World` is a function from request to response (with state of its own). `record` calls it; `Call` makes the request
anew each time it is made, so that nonces, ids and times of a replay are others than those of the recording.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from meshdev.recording.model import Body, Exchange, Headers, Meta, Recording, Request, Response, Timing

STARTED = 1_790_000_000.0
JSON = "application/json"


def request(
    method: str,
    target: str,
    content: object = None,
    headers: Mapping[str, str] | None = None,
    media: str = JSON,
) -> Request:
    """A request; ``content`` is JSON, or bytes as they are."""
    data = b"" if content is None else content if isinstance(content, bytes) else json.dumps(content).encode()
    pairs = list((headers or {}).items())
    if data:
        pairs.append(("Content-Type", media))
    return Request(method, target, tuple(pairs), Body(data, len(data)))


def response(content: object = None, status: int = 200, headers: Headers = (), media: str = JSON) -> Response:
    """A response; ``content`` is JSON, or bytes as they are."""
    data = b"" if content is None else content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, "OK", (("Content-Type", media), *headers), Body(data, len(data)))


def exchange(
    number: int, asked: Request, answered: Response | None, started: float | None = None
) -> Exchange:
    """The numbered call of a recording, a second after the one before."""
    when = STARTED + number if started is None else started
    return Exchange(
        f"{number:06}", when, 2_000, "orders", "payments", asked, answered, timing=Timing(100, 1_500, 400)
    )


def recording(*pairs: tuple[Request, Response], name: str = "test", meta: Meta | None = None) -> Recording:
    """A recording of these calls in this order."""
    exchanges = tuple(exchange(number, asked, answered) for number, (asked, answered) in enumerate(pairs))
    return Recording(meta=meta or Meta(name=name), exchanges=exchanges)


class Chance:
    """Noise by a seed: another seed is another run."""

    def __init__(self, seed: int, now: float = STARTED) -> None:
        self.random = random.Random(seed)
        self.now = now

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def hex(self, size: int = 32) -> str:
        """So many hexadecimal characters."""
        return f"{self.random.getrandbits(size * 4):0{size}x}"

    def number(self) -> int:
        """A number of six to nine digits."""
        return self.random.randrange(100_000, 1_000_000_000)


World = Callable[[Request], Response]
Make = Callable[[Chance], Request]


@dataclass(frozen=True)
class Call:
    """A call of a mix: how to make its request, and what must be in the answer besides its recorded content."""

    make: Make
    about: str = ""


def record(world: World, calls: Sequence[Make], seed: int = 1) -> tuple[Recording, list[Request]]:
    """Makes all calls once, in order."""
    exchanges = []
    asked = []
    for number, make in enumerate(calls):
        one = make(Chance(seed * 1_000_003 + number, STARTED + number))
        asked.append(one)
        exchanges.append(exchange(number, one, world(one)))
    return Recording(meta=Meta(name="mix"), exchanges=tuple(exchanges)), asked
