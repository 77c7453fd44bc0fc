"""Following and rebuilding from a real broker's stream."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from order_history import api, history
from order_history.replay import next_ones
from shopkit.broker import Broker
from shopkit.events import Event, encode
from shopkit.testing import Nats, served

SERVICE = Path(api.__file__).parent.parent


async def publish(nats: Nats, *orders: str) -> None:
    """Publish an order placed for each name."""
    async with Broker("test", nats.url).session() as session:
        for order in orders:
            event = Event.now("order.placed", order, 1, {"shopper": "ann", "lines": [], "total_cents": 1})
            await session.publish(event.type, encode(event), event.id)


async def counted(client: httpx.AsyncClient, orders: int) -> dict[str, object]:
    """The summary once there are so many orders."""
    async with asyncio.timeout(30):
        while (summary := (await client.get("/summary")).json())["orders"] < orders:  # noqa: ASYNC110 HTTP has no bell
            await asyncio.sleep(0.01)
    return dict(summary)


@pytest.mark.parametrize(
    ("sequences", "checkpoint", "expected"),
    [
        ([1, 2, 3], 0, [1, 2, 3]),
        ([3, 1, 2], 0, [1, 2, 3]),
        ([4, 4, 5, 5], 3, [4, 5]),
        ([2, 3, 4], 3, [4]),
        ([4, 6, 7], 3, [4]),
        ([5, 6], 3, []),
    ],
)
def test_events_are_applied_one_after_the_other(
    sequences: list[int], checkpoint: int, expected: list[int]
) -> None:
    """Deliveries that come twice, out of order, or too early."""
    found = next_ones([(number, f"event {number}") for number in sequences], checkpoint)
    assert found == [(number, f"event {number}") for number in expected]


async def test_a_rebuild_gives_the_same_and_what_follows_is_not_missed(
    database: Path, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the model was spoilt: the stream is the truth."""
    monkeypatch.setenv("EVENTS_URL", nats.url)
    async with served(api.build()) as client:
        await publish(nats, "a", "b", "c")
        before = await counted(client, 3)
        other = history.History(database)
        other._database.execute("update orders set status = 'nonsense', shopper = ''")
        other.close()
        assert (await client.get("/summary")).json() != before
        assert (await client.post("/rebuild")).json() == before
        await publish(nats, "d")
        assert (await counted(client, 4))["events"] == 4
        assert [order["order_id"] for order in (await client.get("/orders?shopper=ann")).json()["orders"]]
        assert (await client.get("/orders/nobody")).status_code == 404


async def test_a_rebuild_without_a_broker_changes_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model goes on being served."""
    monkeypatch.setattr(api, "_REBUILD_SECONDS", 0.2)
    async with served(api.build()) as client:
        answer = await client.post("/rebuild")
        assert answer.status_code == 503
        assert "the broker is away" in answer.json()["error"]
        assert (await client.get("/orders")).json() == {"orders": []}


async def test_the_command_rebuilds_too(nats: Nats) -> None:
    """`python -m order_history rebuild` prints the summary as its last line."""
    await publish(nats, "a", "b")
    environment = os.environ | {"EVENTS_URL": nats.url, "PYTHONPATH": str(SERVICE.parent.parent / "lib")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "order_history", "rebuild", cwd=SERVICE, env=environment, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(output.splitlines()[-1])["orders"] == 2
