"""A service's own SQLite file: durable before it is acknowledged, safe for two incarnations at once.

The connection is used from the event loop directly: a statement takes well under a millisecond, and a transaction
never awaits, so handlers stay serialised without locks. WAL and a busy timeout let the next incarnation of the
service open the file while the old one still drains; ``synchronous=FULL`` means that what was answered survives
`kill -9` and a power cut alike.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Database = sqlite3.Connection
_SCHEME = "sqlite:///"


def location(service: str) -> Path:
    """What ``$DATABASE_URL`` (``sqlite:///path``) says; else ``.data/<service>.sqlite3`` in the working directory."""
    url = os.environ.get("DATABASE_URL", f"{_SCHEME}.data/{service}.sqlite3")
    if not url.startswith(_SCHEME):
        sys.exit(f"{service}: DATABASE_URL must look like sqlite:////place/of/file, got {url!r}")
    return Path(url.removeprefix(_SCHEME))


def connect(path: Path, schema: str) -> Database:
    """Open (and create) the file and apply `schema`, which must be idempotent (``create … if not exists``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    database.row_factory = sqlite3.Row
    _enter_wal(database)
    database.execute("pragma synchronous = full")
    database.execute("pragma foreign_keys = on")
    with transaction(database):
        for statement in schema.split(";"):
            if statement.strip():
                database.execute(statement)
    return database


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """All or nothing. Never await inside: the connection is shared by every handler of the process."""
    database.execute("begin immediate")
    try:
        yield
    except BaseException:
        database.execute("rollback")
        raise
    database.execute("commit")


def _enter_wal(database: Database) -> None:
    # SQLite doesn't apply the busy timeout to the switch of the journal mode; two incarnations may collide here.
    for attempt in range(50):
        try:
            database.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError:
            if attempt == 49:  # noqa: PLR2004 the last of the tries above
                raise
            time.sleep(0.02)
        else:
            return
