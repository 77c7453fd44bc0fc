"""Inventory over HTTP: status codes that a saga can decide by."""

import pytest

from inventory.api import build
from shopkit.testing import served


async def test_a_reservations_life() -> None:
    """Held, confirmed, and then nothing to release."""
    async with served(build()) as client:
        before = (await client.get("/stock/mug-tide")).json()
        held = await client.put("/reservations/o1", json={"lines": {"mug-tide": 2}})
        confirmed = await client.post("/reservations/o1/confirm")
        released = await client.post("/reservations/o1/release")
        shown = (await client.get("/reservations/o1")).json()
        after = (await client.get("/stock/mug-tide")).json()
    assert [answer.status_code for answer in (held, confirmed, released)] == [200, 200, 200]
    assert (held.json()["status"], released.json()["status"], shown["status"]) == (
        "held",
        "confirmed",
        "confirmed",
    )
    assert after["on_hand"] == before["on_hand"] - 2


async def test_refusals() -> None:
    """409 when there is nothing to have or to confirm, 404 for what was never there."""
    async with served(build()) as client:
        short = await client.put("/reservations/o1", json={"lines": {"mug-tide": 10_000}})
        unknown = await client.post("/reservations/o1/confirm")
        await client.post("/reservations/o2/release")
        late = await client.put("/reservations/o2", json={"lines": {"mug-tide": 1}})
        over = await client.post("/reservations/o2/confirm")
        never = await client.get("/stock/unicorn")
    statuses = [answer.status_code for answer in (short, unknown, late, over, never)]
    assert statuses == [409, 404, 409, 409, 404]
    assert short.json()["short"] == ["mug-tide"]


@pytest.mark.parametrize("lines", [{}, {"mug-tide": 0}, {"mug-tide": "two"}])
async def test_nonsense_is_refused(lines: dict[str, object]) -> None:
    """With 400."""
    async with served(build()) as client:
        assert (await client.put("/reservations/o1", json={"lines": lines})).status_code == 400


async def test_the_shelves_are_filled_once() -> None:
    """A restart is no delivery."""
    levels = []
    for _ in range(2):
        async with served(build()) as client:
            levels.append((await client.get("/stock")).json())
    assert levels[0] == levels[1]
