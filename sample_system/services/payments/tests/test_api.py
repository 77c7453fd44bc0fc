"""Payments over HTTP: status codes that a saga can decide by."""

import pytest

from payments.api import build
from payments.rules import Rules
from shopkit.testing import served

KEY = {"Idempotency-Key": "ord-1"}
BODY = {"amount_cents": 500, "card": "card-4242"}


async def test_a_charge_and_its_repetition() -> None:
    """201, then 200 with the same body."""
    async with served(build()) as client:
        first = await client.post("/charges", json=BODY, headers=KEY)
        again = await client.post("/charges", json=BODY, headers=KEY)
        shown = await client.get("/charges/ord-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == shown.json()


async def test_every_refusal_has_a_code_of_its_own() -> None:
    """402 declined, 409 voided, 422 the key is taken, 400 nonsense, 404 unknown."""
    async with served(build()) as client:
        declined = await client.post("/charges", json=BODY | {"card": "card-0002"}, headers=KEY)
        reused = await client.post("/charges", json=BODY, headers=KEY)
        await client.post("/charges/ord-2/void")
        voided = await client.post("/charges", json=BODY, headers={"Idempotency-Key": "ord-2"})
        keyless = await client.post("/charges", json=BODY)
        free = await client.post(
            "/charges", json=BODY | {"amount_cents": 0}, headers={"Idempotency-Key": "ord-3"}
        )
        unknown = await client.get("/charges/ord-4")
        entries = (await client.get("/entries")).json()["entries"]
    statuses = [answer.status_code for answer in (declined, reused, voided, keyless, free, unknown)]
    assert statuses == [402, 422, 409, 400, 400, 404]
    assert declined.json()["reason"] == "insufficient funds"
    assert entries == []


@pytest.mark.parametrize(("cents", "declined"), [(1413, True), (1314, False), (13, True)])
def test_amounts_that_end_in_13_are_declined(cents: int, declined: bool) -> None:  # noqa: FBT001 a table
    """A rule that a demonstration can count on."""
    assert bool(Rules().objection("k", cents, "card-4242")) is declined


def test_the_banks_mood_is_seeded() -> None:
    """About the asked-for share is declined, the same orders every time."""
    declined = {n for n in range(1000) if Rules(0.1, "seed").objection(f"k{n}", 500, "card-4242")}
    assert 60 < len(declined) < 140
    assert declined == {n for n in range(1000) if Rules(0.1, "seed").objection(f"k{n}", 500, "card-4242")}
