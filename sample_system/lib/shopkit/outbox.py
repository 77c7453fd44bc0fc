"""The outbox: events leave for the broker at least once, in order, exactly as they were stored.

Whoever records an event puts it into the outbox *in the same transaction*; the relay publishes what is there and
marks it once the broker has acknowledged. A crash in between publishes again: the message id (the event's id) lets
the broker drop the copy, and lets every consumer drop what still comes through. While the broker is down, events
wait here. When the broker comes back *empty* (its store was deleted), everything is published again.
"""

import asyncio
import contextlib
import logging
from pathlib import Path

from shopkit import lease
from shopkit.broker import Broker, Session
from shopkit.database import Database, transaction
from shopkit.events import Event, encode

SCHEMA = """
create table if not exists outbox (
  position   integer primary key autoincrement,
  event_id   text not null unique,
  subject    text not null,
  body       blob not null,
  traceparent text not null,
  published  integer not null default 0
);
create index if not exists outbox_waiting on outbox (position) where published = 0;
create table if not exists relay (
  only_row   integer primary key check (only_row = 1),
  stream     text not null
)
"""
_BATCH = 100
_POLL_SECONDS = 0.5

_log = logging.getLogger("outbox")


def put(database: Database, event: Event) -> bytes:
    """Queue `event` for the broker and return its bytes; call it inside the transaction that records it."""
    body = encode(event)
    database.execute(
        "insert into outbox (event_id, subject, body, traceparent) values (?, ?, ?, ?)",
        (event.id, event.type, body, event.trace.get("traceparent", "")),
    )
    return body


def waiting(database: Database) -> int:
    """How many events have not been acknowledged by the broker yet."""
    return int(database.execute("select count(*) from outbox where published = 0").fetchone()[0])


class Relay:
    """Publishes the outbox of one database for as long as `run` runs."""

    def __init__(self, database: Database, broker: Broker, lease_file: Path) -> None:
        self._database = database
        self._broker = broker
        self._lease_file = lease_file
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Something was put into the outbox: don't wait for the next poll."""
        self._nudged.set()

    async def run(self) -> None:
        """Publish for ever; the broker may come and go. One incarnation at a time does it."""
        async with lease.held(self._lease_file):
            while True:
                async with self._broker.session() as session:
                    self._begin_again_if_emptied(session)
                    while session.alive:
                        if not await self._publish_batch(session):
                            await self._wait()

    def _begin_again_if_emptied(self, session: Session) -> None:
        known = self._database.execute("select stream from relay").fetchone()
        if known is not None and known["stream"] == session.stream_identity:
            return
        with transaction(self._database):
            self._database.execute("update outbox set published = 0 where published = 1")
            self._database.execute(
                "insert into relay (only_row, stream) values (1, ?) on conflict do update set stream = excluded.stream",
                (session.stream_identity,),
            )
        if known is not None:
            _log.warning("the broker lost its store: every event is published again")

    async def _publish_batch(self, session: Session) -> bool:
        rows = self._database.execute(
            "select position, event_id, subject, body, traceparent from outbox where published = 0"
            " order by position limit ?",
            (_BATCH,),
        ).fetchall()
        acknowledged = 0
        try:
            for row in rows:
                await session.publish(row["subject"], row["body"], row["event_id"], row["traceparent"])
                acknowledged = row["position"]
        finally:
            if acknowledged:
                self._database.execute(
                    "update outbox set published = 1 where published = 0 and position <= ?", (acknowledged,)
                )
        return len(rows) == _BATCH

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._nudged.wait()
        self._nudged.clear()
