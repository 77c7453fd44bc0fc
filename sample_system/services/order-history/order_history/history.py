"""The read model: one row per order, shaped for the question "what did I buy, and where is it?".

The rules: it changes only by events. The checkpoint (how far the stream was read) is written in the same
transaction as what the events changed, so an event takes effect exactly once. An event met again, under whichever
sequence number, is recognised by its id.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shopkit.database import Database, connect, transaction
from shopkit.events import Event

_SCHEMA = """
create table if not exists orders (
  order_id    text primary key,
  shopper     text not null default '',
  status      text not null,
  rank        integer not null,
  reason      text not null default '',
  tracking    text not null default '',
  lines       text not null default '[]',
  total_cents integer not null default 0,
  placed_at   text not null default '',
  changed_at  text not null default ''
);
create index if not exists orders_by_shopper on orders (shopper, placed_at);
create table if not exists seen (event_id text primary key);
create table if not exists checkpoint (
  only_row integer primary key check (only_row = 1),
  stream   text not null,
  sequence integer not null
)
"""
# A later word never loses against an earlier one, in whichever order the two services' events arrive.
_RANKS = {
    "order.placed": ("placed", 1),
    "order.stock_reserved": ("reserved", 2),
    "order.payment_charged": ("paid", 3),
    "order.completed": ("completed", 5),
    "order.cancelled": ("cancelled", 5),
    "shipment.dispatched": ("dispatched", 6),
    "shipment.delivered": ("delivered", 7),
}
_TABLES = ("orders", "seen", "checkpoint")


class History:
    """The model in one SQLite file (or in memory, while it is being rebuilt).

    One that is not ``idempotent`` takes every delivery at its word, and the last one wins (`demonstration`).
    """

    def __init__(self, path: Path, *, idempotent: bool = True) -> None:
        self._database: Database = connect(path, _SCHEMA)
        self.idempotent = idempotent
        self.path = path

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def checkpoint(self, stream: str) -> int:
        """The last sequence number of `stream` that was applied; 0 for a stream never read."""
        row = self._database.execute("select stream, sequence from checkpoint").fetchone()
        return int(row["sequence"]) if row is not None and row["stream"] == stream else 0

    def apply(self, stream: str, events: Iterable[tuple[int, Event | None]]) -> int:
        """Apply events by sequence number (None: no event), durable on return; returns how many were new."""
        new = 0
        with transaction(self._database):
            last = self.checkpoint(stream)
            for sequence, event in events:
                if sequence <= last and self.idempotent:
                    continue
                last = max(last, sequence)
                if event is not None and (self._is_new(event) or not self.idempotent):
                    new += 1
                    self._project(event)
            self._database.execute(
                "insert into checkpoint (only_row, stream, sequence) values (1, ?, ?)"
                " on conflict do update set stream = excluded.stream, sequence = excluded.sequence",
                (stream, last),
            )
        return new

    def replace_by(self, other: "History") -> None:
        """Take over everything that `other` holds, in one transaction: no reader sees anything half-built."""
        self._database.execute("attach ? as rebuilt", (str(other.path),))
        try:
            with transaction(self._database):
                for table in _TABLES:
                    self._database.execute(f"delete from main.{table}")  # noqa: S608 names are ours
                    self._database.execute(f"insert into main.{table} select * from rebuilt.{table}")  # noqa: S608
        finally:
            self._database.execute("detach rebuilt")

    def orders(self, shopper: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest orders, of one shopper or of all."""
        rows = self._database.execute(
            "select * from orders where ?1 is null or shopper = ?1 order by placed_at desc, order_id limit ?2",
            (shopper, limit),
        )
        return [_public(dict(row)) for row in rows]

    def one(self, order_id: str) -> dict[str, Any] | None:
        """One order."""
        row = self._database.execute("select * from orders where order_id = ?", (order_id,)).fetchone()
        return None if row is None else _public(dict(row))

    def summary(self) -> dict[str, Any]:
        """Counts, and a digest of every row: equal digests mean equal models."""
        digest = hashlib.sha256()
        orders = 0
        for row in self._database.execute("select * from orders order by order_id"):
            digest.update(json.dumps(dict(row), sort_keys=True).encode())
            orders += 1
        events = self._database.execute("select count(*) from seen").fetchone()[0]
        return {"events": events, "orders": orders, "digest": digest.hexdigest()[:16]}

    def _is_new(self, event: Event) -> bool:
        return bool(
            self._database.execute("insert or ignore into seen (event_id) values (?)", (event.id,)).rowcount
        )

    def _project(self, event: Event) -> None:
        order_id = event.data.get("order_id", event.stream)
        status, rank = _RANKS.get(event.type, ("placed", 0))
        if rank and not self.idempotent:
            self._database.execute("update orders set rank = 0 where order_id = ?", (order_id,))
        self._database.execute(
            "insert into orders (order_id, status, rank) values (?, ?, 0) on conflict do nothing",
            (order_id, status),
        )
        data = event.data
        if event.type == "order.placed":
            self._database.execute(
                "update orders set shopper = ?, lines = ?, total_cents = ?, placed_at = ? where order_id = ?",
                (data["shopper"], json.dumps(data["lines"]), data["total_cents"], event.at, order_id),
            )
        self._database.execute(
            "update orders set status = case when ?1 > rank then ?2 else status end, rank = max(rank, ?1),"
            " changed_at = max(changed_at, ?3), reason = coalesce(?4, reason), tracking = coalesce(?5, tracking)"
            " where order_id = ?6",
            (rank, status, event.at, data.get("reason"), data.get("tracking"), order_id),
        )


def _public(row: dict[str, Any]) -> dict[str, Any]:
    del row["rank"]
    row["lines"] = json.loads(row["lines"])
    return row
