"""The mix of sixty-four: eight calls of each kind that recordings meet, and what the service answers.

| kind | what is other in a replay | right is |
|---|---|---|
| static | nothing | its page |
| nonce | a number in the query | the find for the same ``q`` |
| ids | id and time in the JSON | the answer to the same item |
| headers | trace, random number, date | its page |
| multipart | the boundary | the answer to the same file |
| polls | a request id; two jobs of four polls each | the next state of the job |
| slow | nothing; the service takes 100 ms | its page |
| events | nothing | its five events |

JSON is compared by its content. An answer that is right but for an id of the caller, of which it tells the recorded
one, is *stale*.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

EIGHT = 8
SLOW_SECONDS = 0.1
EVENTS = 5
_STATES = ("queued", "running", "packing", "done")
_STARTED = 1_790_000_000.0


class Verdict(StrEnum):
    """What came of a replayed request."""

    RIGHT = "right"
    STALE = "stale"
    WRONG = "wrong"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Call:
    """A request; ``chain`` are those that keep their order; ``body`` is what the service says, ``ids`` the caller's."""

    request: bytes
    body: bytes
    chain: str
    ids: tuple[str, ...] = ()


def calls(seed: int) -> list[Call]:
    """All of them in order, with the noise of ``seed``."""
    chance = Random(seed)
    made: list[Call] = []
    for number in range(EIGHT):
        uuid = str(UUID(int=chance.getrandbits(128), version=4))
        nonce = str(chance.randrange(100_000, 1_000_000_000))
        at = datetime.fromtimestamp(_STARTED + seed * 1_000 + number, UTC).isoformat()
        order = json.dumps({"id": uuid, "at": at, "item": number, "tags": ["a", "b"]}).encode()
        noise = {
            "X-Trace": f"{chance.getrandbits(128):032x}",
            "X-Rnd": str(chance.randrange(10**9)),
            "Date": at,
        }
        upload, kind = _upload(number, f"{chance.getrandbits(64):016x}")
        job = number // len(_STATES)
        poll = {"X-Request-Id": str(UUID(int=chance.getrandbits(128), version=4))}
        made += [
            _call("GET", f"/static/{number}"),
            _call("GET", f"/search?q=item{number}&nonce={nonce}", ids=(nonce,)),
            _call("POST", "/orders", order, {"Content-Type": "application/json"}, ids=(uuid,)),
            _call("GET", f"/plain/{number}", headers=noise),
            _call("POST", "/upload", upload, {"Content-Type": kind}),
            _call("GET", f"/jobs/{job}", headers=poll, state=number % len(_STATES)),
            _call("GET", f"/slow/{number}"),
            _call("GET", f"/stream/{number}"),
        ]
    return made


def shuffled(made: Sequence[Call], seed: int) -> list[Call]:
    """In another order, in which only the polls of a job keep theirs."""
    order = list(range(len(made)))
    Random(seed).shuffle(order)
    chains: dict[str, list[Call]] = {}
    for one in made:
        chains.setdefault(one.chain, []).append(one)
    return [chains[made[at].chain].pop(0) for at in order]


def judged(call: Call, status: int, body: bytes) -> Verdict:
    """What ``body`` is as an answer to ``call``."""
    if not 200 <= status < 300:  # noqa: PLR2004 - the class of successes
        return Verdict.MISSED
    given, wanted = _content(body), _content(call.body)
    if given == wanted:
        return Verdict.RIGHT
    if call.ids and _without_ids(given) == _without_ids(wanted):
        return Verdict.STALE
    return Verdict.WRONG


def answer(method: str, target: str, body: bytes, polls: dict[str, int]) -> tuple[str, bytes]:
    """What the service says: media type and content; ``polls`` is its memory."""
    path, _, _ = target.partition("?")
    if path.startswith("/jobs/"):
        polls[path] = polls.get(path, -1) + 1
    return _answer(method, target, body, polls.get(path, 0))


def _answer(method: str, target: str, body: bytes, state: int) -> tuple[str, bytes]:
    parts = urlsplit(target)
    _, kind, *rest = parts.path.split("/")
    if kind == "search":
        query = parse_qs(parts.query)
        return _json({"found": query["q"], "hits": len(query["q"][0]), "nonce": query["nonce"][0]})
    if kind == "orders":
        order = json.loads(body)
        return _json({"id": order["id"], "item": order["item"], "total": 3 * order["item"]})
    if kind == "upload":
        return _json({"size": body.count(b"x"), "method": method})
    if kind == "jobs":
        return _json({"job": rest[0], "state": _STATES[min(state, len(_STATES) - 1)]})
    if kind == "stream":
        return "text/event-stream", b"".join(
            b"data: %s-%d\n\n" % (rest[0].encode(), at) for at in range(EVENTS)
        )
    return _json({"path": parts.path, "kind": kind})


def _json(content: object) -> tuple[str, bytes]:
    return "application/json", json.dumps(content).encode()


def _content(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        return body
    return found


def _without_ids(content: object) -> object:
    if not isinstance(content, dict):
        return content
    return {name: value for name, value in content.items() if name not in {"id", "nonce"}}


def _call(
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    ids: tuple[str, ...] = (),
    state: int = 0,
) -> Call:
    fields = {"Host": "payments:8080", "User-Agent": "mix", "Accept": "*/*"} | (headers or {})
    if body:
        fields["Content-Length"] = str(len(body))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()
    )
    chain = target if target.startswith("/jobs/") else f"{target} {body!r}"
    return Call(head.encode() + b"\r\n" + body, _answer(method, target, body, state)[1], chain, ids)


def _upload(number: int, random: str) -> tuple[bytes, str]:
    boundary = f"----WebKitFormBoundary{random}"
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="title"',
        "",
        f"file {number}",
        f"--{boundary}",
        'Content-Disposition: form-data; name="file"; filename="a.txt"',
        "Content-Type: text/plain",
        "",
        "x" * (number + 1),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode(), f"multipart/form-data; boundary={boundary}"
