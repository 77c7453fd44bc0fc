"""Stock and reservations.

The rules: a reservation belongs to an order and is all or nothing. held → confirmed (the goods leave) or released
(they are free again) or expired (the same, by the clock). Every step may be repeated. A release of an order never
seen leaves a tombstone, so that a reservation still on its way finds the order over. For every product, always:
received = on hand + sold, and what is held never exceeds what is on hand.
"""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from shopkit.database import Database, connect, transaction

_SCHEMA = """
create table if not exists stock (
  sku      text primary key,
  received integer not null,
  on_hand  integer not null check (on_hand >= 0)
);
create table if not exists reservations (
  order_id   text primary key,
  status     text not null,
  expires_at real not null
);
create index if not exists reservations_held on reservations (expires_at) where status = 'held';
create table if not exists reserved (
  order_id text not null references reservations,
  sku      text not null,
  quantity integer not null check (quantity > 0),
  primary key (order_id, sku)
)
"""


class Status(StrEnum):
    """What became of a reservation."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"
    REFUSED = "refused"


class Reservation(msgspec.Struct, frozen=True):
    """A reservation as it stands; `short` says what was missing when it was refused."""

    order_id: str
    status: Status
    expires_at: float
    lines: dict[str, int]
    short: tuple[str, ...] = ()


class Level(msgspec.Struct, frozen=True):
    """One product: `available` is on hand and not held for anybody."""

    sku: str
    received: int
    on_hand: int
    held: int
    available: int


class Stock:
    """All stock in one SQLite file. `hold_seconds` is how long a reservation holds."""

    def __init__(self, path: Path, hold_seconds: float, now: Callable[[], float] = time.time) -> None:
        self._database: Database = connect(path, _SCHEMA)
        self._hold_seconds = hold_seconds
        self._now = now

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def receive(self, goods: Mapping[str, int]) -> None:
        """A delivery arrives."""
        with transaction(self._database):
            for sku, quantity in goods.items():
                self._database.execute(
                    "insert into stock (sku, received, on_hand) values (?1, ?2, ?2) on conflict do update set"
                    " received = received + excluded.received, on_hand = on_hand + excluded.on_hand",
                    (sku, quantity),
                )

    def levels(self) -> list[Level]:
        """Every product's level."""
        held = self._held()
        rows = self._database.execute("select sku, received, on_hand from stock order by sku").fetchall()
        return [
            Level(
                row["sku"],
                row["received"],
                row["on_hand"],
                held.get(row["sku"], 0),
                row["on_hand"] - held.get(row["sku"], 0),
            )
            for row in rows
        ]

    def find(self, order_id: str) -> Reservation | None:
        """The order's reservation as of now."""
        row = self._database.execute("select * from reservations where order_id = ?", (order_id,)).fetchone()
        if row is None:
            return None
        status = Status(row["status"])
        if status is Status.HELD and row["expires_at"] <= self._now():
            status = Status.EXPIRED
        lines = self._database.execute("select sku, quantity from reserved where order_id = ?", (order_id,))
        return Reservation(
            order_id, status, row["expires_at"], {line["sku"]: line["quantity"] for line in lines}
        )

    def reserve(self, order_id: str, lines: Mapping[str, int]) -> Reservation:
        """Hold everything or nothing; an order that has a reservation gets that one, whatever became of it.

        A refusal is not stored: the next delivery may change the answer.
        """
        with transaction(self._database):
            known = self.find(order_id)
            if known is not None:
                return known
            # Whatever is counted as free below must stay free, even if the clock is set back afterwards.
            self.expire()
            available = {level.sku: level.available for level in self.levels()}
            short = tuple(sku for sku, quantity in lines.items() if available.get(sku, 0) < quantity)
            if short:
                return Reservation(order_id, Status.REFUSED, 0.0, dict(lines), short)
            expires_at = self._now() + self._hold_seconds
            self._put(order_id, Status.HELD, expires_at)
            self._database.executemany(
                "insert into reserved (order_id, sku, quantity) values (?, ?, ?)",
                [(order_id, sku, quantity) for sku, quantity in lines.items()],
            )
            return Reservation(order_id, Status.HELD, expires_at, dict(lines))

    def confirm(self, order_id: str) -> Reservation | None:
        """The goods leave the shelf, once. Anything but HELD is answered as it stands."""
        with transaction(self._database):
            known = self.find(order_id)
            if known is None or known.status is not Status.HELD:
                return known
            for sku, quantity in known.lines.items():
                self._database.execute(
                    "update stock set on_hand = on_hand - ? where sku = ?", (quantity, sku)
                )
            self._put(order_id, Status.CONFIRMED, known.expires_at)
            return msgspec.structs.replace(known, status=Status.CONFIRMED)

    def release(self, order_id: str) -> Reservation:
        """Free what is held. A confirmed reservation stays confirmed: those goods have left."""
        with transaction(self._database):
            known = self.find(order_id) or Reservation(order_id, Status.HELD, 0.0, {})
            if known.status is not Status.HELD:
                return known
            self._put(order_id, Status.RELEASED, known.expires_at)
            return msgspec.structs.replace(known, status=Status.RELEASED)

    def expire(self) -> int:
        """Write down what the clock has ended; returns how many reservations that were."""
        return self._database.execute(
            "update reservations set status = 'expired' where status = 'held' and expires_at <= ?",
            (self._now(),),
        ).rowcount

    def _put(self, order_id: str, status: Status, expires_at: float) -> None:
        self._database.execute(
            "insert into reservations (order_id, status, expires_at) values (?, ?, ?)"
            " on conflict do update set status = excluded.status",
            (order_id, status, expires_at),
        )

    def _held(self) -> dict[str, int]:
        rows = self._database.execute(
            "select sku, sum(quantity) as quantity from reserved join reservations using (order_id)"
            " where status = 'held' and expires_at > ? group by sku",
            (self._now(),),
        )
        return {row["sku"]: row["quantity"] for row in rows}
