"""Where noise is found, by which evidence."""

from collections.abc import Sequence

import pytest

from meshdev.recording.matching import Matcher, MatchOptions
from meshdev.recording.model import Meta, Recording, Request, Response
from support_recording import STARTED, Chance, recording, request, response

CHANCE = Chance(7)
UUIDS = [CHANCE.uuid() for _ in range(12)]
NOW = 1_790_000_001
OK = response({"ok": True})

Pairs = Sequence[tuple[Request, Response]]


def post(path: str, content: object) -> Request:
    """A call that writes."""
    return request("POST", path, content)


def get(target: str) -> Request:
    """A call that reads."""
    return request("GET", target)


TABLE: dict[str, tuple[Pairs, list[str]]] = {
    "a nonce by its name": ([(get("/a?nonce=7&q=tea"), OK)], ["GET /a query.nonce"]),
    "an id that the caller makes": ([(post("/orders", {"id": UUIDS[0]}), OK)], ["POST /orders body/id"]),
    "an id that is asked for": ([(get(f"/orders?id={UUIDS[0]}"), OK)], []),
    "another thing's id": ([(post("/orders", {"customer_id": UUIDS[0]}), OK)], []),
    "the route's own id": ([(post("/orders", {"order_id": UUIDS[0]}), OK)], ["POST /orders body/order_id"]),
    "now": ([(post("/a", {"at": NOW, "by": "x"}), OK)], ["POST /a body/at"]),
    "now under any name": ([(post("/a", {"foo": NOW}), OK)], ["POST /a body/foo"]),
    "a date that is asked for": ([(get("/a?from=2020-01-01T00:00:00Z"), OK)], []),
    "a price": ([(post("/a", {"amount": 125_000}), OK), (post("/a", {"amount": 238_110}), OK)] * 2, []),
    "a number of its own each time": (
        [(post("/a", {"foo": number}), OK) for number in (483_920, 129_438, 984_573)],
        ["POST /a body/foo"],
    ),
    "two numbers are not enough": ([(post("/a", {"foo": number}), OK) for number in (483_920, 129_438)], []),
    "a number that comes twice": (
        [(post("/a", {"foo": number}), OK) for number in (483_920, 129_438, 984_573) * 2],
        [],
    ),
    "numbers that are answered differently": (
        [
            (post("/a", {"foo": number}), response({"n": str(number * 7 % 13) + "x"}))
            for number in (483_920, 129_438, 984_573)
        ],
        [],
    ),
    "other ids, the same answer": (
        [(post("/a", {"customer_id": one}), OK) for one in UUIDS[:3]],
        ["POST /a body/customer_id"],
    ),
    "random and answered differently": (
        [
            (post("/a", {"foo": UUIDS[0]}), response({"n": "Anna"})),
            (post("/a", {"foo": UUIDS[1]}), response({"n": "Bob"})),
        ],
        [],
    ),
    "random, answered with a count": (
        [(post("/a", {"id": one}), response({"count": at, "id": one})) for at, one in enumerate(UUIDS[:3])],
        ["POST /a body/id"],
    ),
    "random, answered with something drawn": (
        [
            (post("/a", {"id": UUIDS[at]}), response({"made": UUIDS[at + 5], "at": NOW + at}))
            for at in range(3)
        ],
        ["POST /a body/id"],
    ),
    "what an answer gave out": (
        [(post("/a", {"x": 1}), response({"foo": UUIDS[0]})), (post("/b", {"foo": UUIDS[0]}), OK)],
        [],
    ),
    "what came up elsewhere": (
        [(post("/a", {"id": UUIDS[0]}), OK), (post("/b", {"foo": UUIDS[0]}), OK)],
        ["POST /a body/id"],
    ),
    "always the same": ([(post("/a", {"foo": UUIDS[0], "n": n}), OK) for n in range(3)], []),
    "an id in an action": (
        [(post("/orders/cancel", {"id": UUIDS[0]}), OK), (post("/getUser", {"id": UUIDS[1]}), OK)],
        [],
    ),
    "an id in a change": ([(request("PATCH", "/orders", {"id": UUIDS[0]}), OK)], []),
    "codes of people": (
        [(post("/redeem", {"foo": code}), OK) for code in ("SAVE10X", "FREE2GO", "MAY2DAY", "A1B2C3")],
        [],
    ),
    "short and random": (
        [(post("/a", {"foo": CHANCE.hex(8) + "a1"}), OK) for _ in range(3)],
        ["POST /a body/foo"],
    ),
    "a random fraction": ([(get("/a?foo=0.8273645182736451"), OK)], ["GET /a query.foo"]),
    "a ratio": ([(post("/a", {"foo": 0.3333333333333333}), OK)], []),
    "a coordinate": ([(get("/a?lat=52.520008&foo=13.404954"), OK)], []),
    "JSON-RPC": (
        [
            (post("/rpc", {"jsonrpc": "2.0", "id": 7, "method": "m"}), OK),
            (post("/rpc", [{"jsonrpc": "2.0", "id": 8}]), OK),
        ],
        ["POST /rpc body/*/id", "POST /rpc body/id"],
    ),
    "a random number as scripts call it": (
        [(get("/a?r=483920&n=5"), OK), (get("/b?r=5"), OK)],
        ["GET /a query.r"],
    ),
    "in lists": ([(post("/a", [{"id": UUIDS[0]}, {"id": UUIDS[1]}]), OK)], ["POST /a body/*/id"]),
    "in a form": (
        [
            (
                request(
                    "POST",
                    "/a",
                    f"nonce=x1&id={UUIDS[0]}&n=1".encode(),
                    media="application/x-www-form-urlencoded",
                ),
                OK,
            )
        ],
        ["POST /a form.id", "POST /a form.nonce"],
    ),
    "in text": (
        [(request("POST", "/a", f"<Id>{UUIDS[0]}</Id>".encode(), media="text/xml"), OK)],
        ["POST /a text.Id"],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_evidence(name: str) -> None:
    """Name, shape, provenance, clock and other calls together decide."""
    pairs, noise = TABLE[name]
    assert tuple(noise) == Matcher([recording(*pairs)]).noise


def test_two_recordings_of_one_call() -> None:
    """What differs between them, though the answer is the same, is noise."""
    layers = [recording((post("/a", {"customer_id": UUIDS[at], "k": 1}), OK)) for at in range(2)]
    assert Matcher(layers).noise == ("POST /a body/customer_id",)


def test_people_decide_first() -> None:
    """Pins and noise of the options and of the recording, with and without a route; a pin wins."""
    pair = (post("/a", {"nonce": "n1", "id": UUIDS[0], "mood": "good", "meta": {"x": 1}}), OK)
    meta = Meta(name="x", noise=("POST /a body/mood",), pinned=("/a body/nonce",))
    recorded = Recording(meta=meta, exchanges=recording(pair).exchanges)
    options = MatchOptions(pinned=("body/id",), noise=("* body/id", "body/meta"))
    matcher = Matcher([recorded], options=options)
    assert matcher.noise == ("POST /a body/meta", "POST /a body/mood")
    asked = post("/a", {"nonce": "n1", "id": UUIDS[0], "mood": "bad", "meta": [4]})
    assert matcher.find(asked).exchange.id == "000000"  # type: ignore[union-attr] # fails when it is a miss


def test_times_without_a_time_of_the_call() -> None:
    """Exchanges from elsewhere have none: names decide."""
    recorded = recording(
        (post("/a", {"created_at": "2024-05-01T10:11:12Z", "foo": "2024-05-01T10:11:12Z"}), OK)
    )
    assert STARTED > 0
    assert Matcher([recorded]).noise == ("POST /a body/created_at",)
