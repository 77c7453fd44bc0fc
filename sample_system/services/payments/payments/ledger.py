"""The ledger: one charge per key, whatever happens around it.

The rules: the first word on a key stands. A charge that is asked for again gets the stored answer. A void of a key
that was charged gives the money back, once; a void of a key never seen leaves a tombstone, so that a charge which
was still on its way (its caller has given up on it) arrives to find the door closed. Entries are only appended.
"""

from enum import StrEnum
from pathlib import Path

import msgspec

from payments.rules import Rules
from shopkit.database import Database, connect, transaction
from shopkit.events import timestamp

_SCHEMA = """
create table if not exists charges (
  key          text primary key,
  status       text not null,
  amount_cents integer not null,
  card         text not null,
  reason       text not null,
  at           text not null
);
create table if not exists entries (
  position     integer primary key autoincrement,
  key          text not null,
  kind         text not null check (kind in ('charge', 'refund')),
  amount_cents integer not null,
  at           text not null,
  unique (key, kind)
)
"""


class Status(StrEnum):
    """What became of a key."""

    CHARGED = "charged"
    DECLINED = "declined"
    REFUNDED = "refunded"
    VOIDED = "voided"


class Charge(msgspec.Struct, frozen=True):
    """The stored answer for one key."""

    key: str
    status: Status
    amount_cents: int
    card: str
    reason: str
    at: str


class Entry(msgspec.Struct, frozen=True):
    """Money that moved: a charge is positive, a refund negative."""

    position: int
    key: str
    kind: str
    amount_cents: int
    at: str


class KeyReusedError(Exception):
    """The key was used before for something else."""


class Ledger:
    """Charges and refunds in one SQLite file."""

    def __init__(self, path: Path, rules: Rules) -> None:
        self._database: Database = connect(path, _SCHEMA)
        self._rules = rules

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def find(self, key: str) -> Charge | None:
        """What is stored for the key."""
        row = self._database.execute("select * from charges where key = ?", (key,)).fetchone()
        if row is None:
            return None
        return Charge(
            row["key"], Status(row["status"]), row["amount_cents"], row["card"], row["reason"], row["at"]
        )

    def charge(self, key: str, amount_cents: int, card: str) -> tuple[Charge, bool]:
        """The answer for the key, and whether it was new. Raises KeyReusedError for another amount or card."""
        with transaction(self._database):
            known = self.find(key)
            if known is not None:
                if known.status != Status.VOIDED and (known.amount_cents, known.card) != (amount_cents, card):
                    raise KeyReusedError
                return known, False
            objection = self._rules.objection(key, amount_cents, card)
            status = Status.DECLINED if objection else Status.CHARGED
            charge = Charge(key, status, amount_cents, card, objection or "", timestamp())
            self._store(charge)
            if status is Status.CHARGED:
                self._enter(key, "charge", amount_cents)
            return charge, True

    def void(self, key: str) -> Charge:
        """Make sure that nothing is charged for the key: refund it, or keep it from ever being charged."""
        with transaction(self._database):
            known = self.find(key)
            if known is None:
                known = Charge(key, Status.VOIDED, 0, "", "voided before it arrived", timestamp())
                self._store(known)
            elif known.status is Status.CHARGED:
                known = msgspec.structs.replace(known, status=Status.REFUNDED)
                self._database.execute("update charges set status = ? where key = ?", (known.status, key))
                self._enter(key, "refund", -known.amount_cents)
            return known

    def entries(self, after: int, limit: int) -> list[Entry]:
        """The ledger from a position on."""
        rows = self._database.execute(
            "select * from entries where position > ? order by position limit ?", (after, limit)
        )
        return [Entry(**dict(row)) for row in rows]

    def _store(self, charge: Charge) -> None:
        self._database.execute(
            "insert into charges (key, status, amount_cents, card, reason, at) values (?, ?, ?, ?, ?, ?)",
            (charge.key, charge.status, charge.amount_cents, charge.card, charge.reason, charge.at),
        )

    def _enter(self, key: str, kind: str, amount_cents: int) -> None:
        self._database.execute(
            "insert into entries (key, kind, amount_cents, at) values (?, ?, ?, ?)",
            (key, kind, amount_cents, timestamp()),
        )
