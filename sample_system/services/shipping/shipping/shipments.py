"""Shipments: one per order, packing → dispatched → delivered, each step announced through the outbox."""

import hashlib
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec

from shopkit import outbox, trace
from shopkit.database import Database, connect, transaction
from shopkit.events import Event, timestamp

_SCHEMA = """
create table if not exists shipments (
  order_id    text primary key,
  shopper     text not null,
  status      text not null,
  tracking    text not null,
  created_at  text not null,
  due_at      real,
  version     integer not null default 0,
  traceparent text not null
);
create index if not exists shipments_due on shipments (due_at) where due_at is not null
"""


class Status(StrEnum):
    """Where the parcel is."""

    PACKING = "packing"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"


_NEXT = {Status.PACKING: Status.DISPATCHED, Status.DISPATCHED: Status.DELIVERED}


class Shipment(msgspec.Struct, frozen=True):
    """One order's parcel."""

    order_id: str
    shopper: str
    status: Status
    tracking: str
    created_at: str


class Shipments:
    """Every parcel in one SQLite file. `step_seconds` is how long each leg of the journey takes."""

    def __init__(self, path: Path, step_seconds: float, now: Callable[[], float] = time.time) -> None:
        self.database: Database = connect(path, _SCHEMA + ";" + outbox.SCHEMA)
        self._step_seconds = step_seconds
        self._now = now

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def find(self, order_id: str) -> Shipment | None:
        """The order's parcel."""
        row = self.database.execute(
            "select order_id, shopper, status, tracking, created_at from shipments where order_id = ?",
            (order_id,),
        ).fetchone()
        return None if row is None else msgspec.convert(dict(row), Shipment)

    def all(self, limit: int) -> list[Shipment]:
        """The newest parcels."""
        rows = self.database.execute(
            "select order_id, shopper, status, tracking, created_at from shipments order by rowid desc limit ?",
            (limit,),
        )
        return [msgspec.convert(dict(row), Shipment) for row in rows]

    def create(self, order_id: str, shopper: str) -> tuple[Shipment, bool]:
        """The order's parcel, and whether it was new."""
        with transaction(self.database):
            known = self.find(order_id)
            if known is not None:
                return known, False
            tracking = "TRK" + hashlib.sha256(order_id.encode()).hexdigest()[:9].upper()
            shipment = Shipment(order_id, shopper, Status.PACKING, tracking, timestamp())
            self.database.execute(
                "insert into shipments (order_id, shopper, status, tracking, created_at, due_at, traceparent)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (
                    order_id,
                    shopper,
                    shipment.status,
                    tracking,
                    shipment.created_at,
                    self._now() + self._step_seconds,
                    trace.headers().get("traceparent", ""),
                ),
            )
            return shipment, True

    def move(self) -> int:
        """Take every parcel whose time has come one step further; returns how many moved."""
        with transaction(self.database):
            rows = self.database.execute(
                "select order_id, shopper, status, tracking, version, traceparent from shipments where due_at <= ?",
                (self._now(),),
            ).fetchall()
            for row in rows:
                status = _NEXT[Status(row["status"])]
                due_at = self._now() + self._step_seconds if status in _NEXT else None
                version = row["version"] + 1
                self.database.execute(
                    "update shipments set status = ?, due_at = ?, version = ? where order_id = ?",
                    (status, due_at, version, row["order_id"]),
                )
                data = {"order_id": row["order_id"], "shopper": row["shopper"], "tracking": row["tracking"]}
                with trace.joined({"traceparent": row["traceparent"]}):
                    event = Event.now(f"shipment.{status}", f"shp-{row['order_id']}", version, data)
                outbox.put(self.database, event)
            return len(rows)
