"""A parcel is packed once, travels step by step, and each step is announced."""

from pathlib import Path

import msgspec

from shipping.api import build
from shipping.shipments import Shipments, Status
from shopkit import trace
from shopkit.events import decode
from shopkit.testing import served


def announced(shipments: Shipments) -> list[tuple[str, str, int, str]]:
    """What is in the outbox: subject, stream, version, order."""
    rows = shipments.database.execute("select subject, body from outbox order by position").fetchall()
    events = [(row["subject"], decode(row["body"])) for row in rows]
    return [(subject, event.stream, event.version, event.data["order_id"]) for subject, event in events]


def test_a_parcels_journey(tmp_path: Path) -> None:
    """Packing, dispatched, delivered, and then nothing more; each move is an event in the same transaction."""
    now = 1000.0
    shipments = Shipments(tmp_path / "s.sqlite3", 10, lambda: now)
    created, _ = shipments.create("o1", "ann")
    statuses = [created.status]
    for _ in range(4):
        now += 10
        shipments.move()
        found = shipments.find("o1")
        assert found is not None
        statuses.append(found.status)
    assert statuses == [
        Status.PACKING,
        Status.DISPATCHED,
        Status.DELIVERED,
        Status.DELIVERED,
        Status.DELIVERED,
    ]
    assert announced(shipments) == [
        ("shipment.dispatched", "shp-o1", 1, "o1"),
        ("shipment.delivered", "shp-o1", 2, "o1"),
    ]
    shipments.close()


def test_events_belong_to_the_checkouts_trace(tmp_path: Path) -> None:
    """Though they happen long after the call that created the parcel."""
    now = 0.0
    shipments = Shipments(tmp_path / "s.sqlite3", 10, lambda: now)
    with trace.joined({}) as span:
        shipments.create("o1", "ann")
    now = 10
    shipments.move()
    body = shipments.database.execute("select body from outbox").fetchone()["body"]
    assert span.trace_id in decode(body).trace["traceparent"]
    shipments.close()


async def test_creating_twice_packs_one_parcel() -> None:
    """201, then 200 with the same tracking code."""
    body = {"shopper": "ann", "lines": {"mug": 1}}
    async with served(build()) as client:
        first = await client.put("/shipments/o1", json=body)
        again = await client.put("/shipments/o1", json=body)
        every = (await client.get("/shipments")).json()["shipments"]
        unknown = await client.get("/shipments/o2")
    assert (first.status_code, again.status_code, unknown.status_code) == (201, 200, 404)
    assert every == [first.json()] == [again.json()]
    assert msgspec.convert(every[0]["status"], Status) is Status.PACKING
