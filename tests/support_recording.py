"""Recordings for tests: a small world that is called, recorded, and called again with new noise.

A `World` is a function from request to response (with state of its own), a `Flow` what one client does with it.
`record` lets flows act on a world; `replay` lets them act on the recording, with nonces, ids and times of their own.
"""

import json
import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from meshdev.recording.matching import Matcher, Miss
from meshdev.recording.model import Body, Exchange, Headers, Meta, Recording, Request, Response, Timing
from meshdev.recording.replay import Replayer

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
Flow = Callable[[Chance], Generator[Request, Response, None]]
"""What one client does: requests out, responses in; the next request may need the last response."""


def record(world: World, flows: Sequence[Flow], seed: int = 1) -> Recording:
    """The flows one after the other against a world, recorded."""
    exchanges: list[Exchange] = []
    for number, flow in enumerate(flows):
        chance = Chance(seed * 1_009 + number, STARTED + len(exchanges))
        client = flow(chance)
        asked = next(client, None)
        while asked is not None:
            chance.now = STARTED + len(exchanges) + 1
            answered = world(asked)
            exchanges.append(exchange(len(exchanges), asked, answered))
            asked = _sent(client, answered)
    return Recording(meta=Meta(name="world"), exchanges=tuple(exchanges))


def _sent(client: Generator[Request, Response, None], answered: Response) -> Request | None:
    try:
        return client.send(answered)
    except StopIteration:
        return None


@dataclass
class Tally:
    """How a replay went; ``faults`` say what was wrong or missing."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    faults: list[str] = field(default_factory=list)


def replay(
    matcher: Matcher, make_world: Callable[[], World], flows: Sequence[Flow], seed: int, clients: int = 1
) -> Tally:
    """The flows with other noise against a recording, up to ``clients`` at a time in an order by the seed.

    Each flow has a world of its own that was brought to where it was when the flow was recorded: that world's answer
    is the right one. The client goes on with the answer of the recording.
    """
    chance = random.Random(seed)
    replayer = Replayer(matcher)
    tally = Tally()
    waiting = list(range(len(flows)))
    if clients > 1:
        chance.shuffle(waiting)
    running: list[tuple[Generator[Request, Response, None], Request, World]] = []
    while waiting or running:
        while waiting and len(running) < clients:
            number = waiting.pop(0)
            client = flows[number](Chance(seed * 1_000_003 + number, STARTED + 500_000 + number))
            asked = next(client, None)
            if asked is not None:
                running.append((client, asked, _world_before(make_world, flows[:number], seed)))
        client, asked, world = running.pop(chance.randrange(len(running)))
        answered = _judged(replayer, world, asked, tally)
        following = _sent(client, answered)
        if following is not None:
            running.append((client, following, world))
    return tally


def _world_before(make_world: Callable[[], World], flows: Sequence[Flow], seed: int) -> World:
    world = make_world()
    for number, flow in enumerate(flows):
        client = flow(Chance(seed * 1_000_003 + number, STARTED + 500_000 + number))
        asked = next(client, None)
        while asked is not None:
            asked = _sent(client, world(asked))
    return world


def _judged(replayer: Replayer, world: World, asked: Request, tally: Tally) -> Response:
    expected = world(asked)
    answer = replayer.answer(asked)
    if isinstance(answer, Miss) or answer.response is None:
        tally.missed += 1
        tally.faults.append(str(answer))
        return expected
    given = answer.response
    if (given.status, _content(given), _location(given)) == (
        expected.status,
        _content(expected),
        _location(expected),
    ):
        tally.right += 1
    else:
        tally.wrong += 1
        tally.faults.append(f"{asked}\n  given    {given}\n  expected {expected}")
    return given


def _content(one: Response) -> object:
    try:
        return json.loads(one.body.data)
    except ValueError:
        return one.body.data


def _location(one: Response) -> str | None:
    return next((value for name, value in one.headers if name == "Location"), None)
