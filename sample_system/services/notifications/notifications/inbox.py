"""The inbox: one message per event at most. The event's id is the key, so a second delivery changes nothing.

Events may come in any order: a message that is written before anybody knows whose it is finds its shopper later.
"""

from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import msgspec

from notifications.wording import message
from shopkit.database import Database, connect, transaction
from shopkit.events import Event

_SCHEMA = """
create table if not exists messages (
  event_id text primary key,
  type     text not null,
  order_id text not null,
  shopper  text not null,
  subject  text not null,
  text     text not null,
  at       text not null
)
"""


class Message(msgspec.Struct, frozen=True):
    """What one shopper was told."""

    event_id: str
    type: str
    order_id: str
    shopper: str
    subject: str
    text: str
    at: str


class Inbox:
    """Everything that was ever sent; not ``idempotent``, it writes for every delivery anew (`demonstration`)."""

    def __init__(self, path: Path, *, idempotent: bool = True) -> None:
        self._database: Database = connect(path, _SCHEMA)
        self._idempotent = idempotent

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def take(self, events: Iterable[Event]) -> int:
        """Write the messages for `events`, durable on return; returns how many were new."""
        new = 0
        with transaction(self._database):
            for event in events:
                wording = message(event)
                if wording is None:
                    continue
                order_id = event.data.get("order_id", event.stream)
                key = event.id if self._idempotent else uuid4().hex
                row = (key, event.type, order_id, self._shopper(event, order_id), *wording, event.at)
                new += self._database.execute(
                    "insert or ignore into messages (event_id, type, order_id, shopper, subject, text, at)"
                    " values (?, ?, ?, ?, ?, ?, ?)",
                    row,
                ).rowcount
        return new

    def messages(self, shopper: str | None, limit: int) -> list[Message]:
        """The newest messages, of one shopper or of all."""
        rows = self._database.execute(
            "select * from messages where ?1 is null or shopper = ?1 order by rowid desc limit ?2",
            (shopper, limit),
        )
        return [Message(**dict(row)) for row in rows]

    def _shopper(self, event: Event, order_id: str) -> str:
        """Only the first event of an order says whose it is; what was written before it is given its shopper here."""
        if "shopper" in event.data:
            shopper = str(event.data["shopper"])
            self._database.execute(
                "update messages set shopper = ? where order_id = ? and shopper = ''", (shopper, order_id)
            )
            return shopper
        row = self._database.execute(
            "select shopper from messages where order_id = ? limit 1", (order_id,)
        ).fetchone()
        return "" if row is None else str(row["shopper"])
