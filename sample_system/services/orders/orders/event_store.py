"""The append-only event store: streams with versions, optimistic concurrency, an outbox in the same transaction.

The rules: an event is never changed or deleted; the events of a stream are numbered from 1 without a gap; whoever
appends says which version they have seen, and is refused when somebody else was faster. What is published is, byte
for byte, what is stored.
"""

import sqlite3
from pathlib import Path
from typing import Any

from shopkit import outbox
from shopkit.database import Database, connect, transaction
from shopkit.events import Event, decode

_SCHEMA = """
create table if not exists events (
  position integer primary key autoincrement,
  id       text not null unique,
  stream   text not null,
  version  integer not null,
  type     text not null,
  body     blob not null,
  unique (stream, version)
);
create table if not exists open_streams (stream text primary key)
"""
_IMMUTABLE = """
create trigger if not exists events_are_never_{verb}d before {verb} on events
begin select raise(abort, 'events are never {verb}d'); end
"""


class ConflictError(Exception):
    """Somebody else has appended to the stream in the meantime: load it again and decide anew."""


class EventStore:
    """Every order's events in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.database: Database = connect(path, _SCHEMA + ";" + outbox.SCHEMA)
        for verb in ("update", "delete"):
            self.database.execute(_IMMUTABLE.format(verb=verb))

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def load(self, stream: str) -> list[Event]:
        """The stream's events, oldest first; empty when there is no such stream."""
        rows = self.database.execute("select body from events where stream = ? order by version", (stream,))
        return [decode(row["body"]) for row in rows]

    def append(
        self, stream: str, seen: int, facts: list[tuple[str, dict[str, Any]]], *, closes: bool = False
    ) -> None:
        """Append facts to a stream of which version `seen` is known (0: it is new). Raises ConflictError.

        `closes` says that nothing more will be appended: the stream is no longer listed as open.
        """
        events = [
            Event.now(type_, stream, version, data)
            for version, (type_, data) in enumerate(facts, start=seen + 1)
        ]
        try:
            with transaction(self.database):
                for event in events:
                    body = outbox.put(self.database, event)
                    self.database.execute(
                        "insert into events (id, stream, version, type, body) values (?, ?, ?, ?, ?)",
                        (event.id, event.stream, event.version, event.type, body),
                    )
                if closes:
                    self.database.execute("delete from open_streams where stream = ?", (stream,))
                elif seen == 0:
                    self.database.execute("insert into open_streams (stream) values (?)", (stream,))
        except sqlite3.IntegrityError as error:
            raise ConflictError(stream) from error

    def open_streams(self) -> list[str]:
        """The streams that are not closed, oldest first."""
        return [
            row["stream"] for row in self.database.execute("select stream from open_streams order by rowid")
        ]

    def feed(self, after: int, limit: int) -> tuple[list[tuple[int, Event]], int]:
        """Up to `limit` events of all streams after a position, each with its own, and the position to go on from."""
        rows = self.database.execute(
            "select position, body from events where position > ? order by position limit ?", (after, limit)
        ).fetchall()
        return [(row["position"], decode(row["body"])) for row in rows], rows[-1][
            "position"
        ] if rows else after

    def newest(self, limit: int) -> list[str]:
        """The streams that began last, newest first."""
        rows = self.database.execute(
            "select stream from events where version = 1 order by position desc limit ?", (limit,)
        )
        return [row["stream"] for row in rows]
