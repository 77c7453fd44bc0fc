"""The event store appends, refuses what was decided on old knowledge, and publishes what it stores."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from orders.event_store import ConflictError, EventStore
from shopkit.events import decode


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    """An empty store."""
    store = EventStore(tmp_path / "events.sqlite3")
    yield store
    store.close()


def test_a_streams_events_are_numbered_from_one(store: EventStore) -> None:
    """Without a gap, and apart from other streams."""
    store.append("a", 0, [("order.placed", {"n": 1}), ("order.stock_reserved", {"n": 2})])
    store.append("b", 0, [("order.placed", {})])
    store.append("a", 2, [("order.completed", {"n": 3})])
    assert [(event.version, event.type, event.data["n"]) for event in store.load("a")] == [
        (1, "order.placed", 1),
        (2, "order.stock_reserved", 2),
        (3, "order.completed", 3),
    ]
    assert store.load("nobody") == []


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_who_decides_on_old_knowledge_is_refused(store: EventStore, seen: int) -> None:
    """And leaves nothing behind, neither in the store nor in the outbox."""
    store.append("a", 0, [("order.placed", {}), ("order.stock_reserved", {})])
    if seen == 3:
        store.append("a", 2, [("order.completed", {})])
        seen = 2
    before = [event.id for event in store.load("a")]
    with pytest.raises(ConflictError):
        store.append("a", seen, [("order.cancelled", {})])
    assert [event.id for event in store.load("a")] == before
    assert store.database.execute("select count(*) from outbox").fetchone()[0] == len(before)


def test_what_is_published_is_what_is_stored(store: EventStore) -> None:
    """Byte for byte, in the same transaction."""
    store.append("a", 0, [("order.placed", {"text": "ü €"}), ("order.completed", {})])
    rows = store.database.execute(
        "select outbox.body as sent, events.body as kept from events join outbox on id = event_id"
    )
    pairs = [(row["sent"], row["kept"]) for row in rows]
    assert len(pairs) == 2
    assert all(sent == kept for sent, kept in pairs)
    assert decode(pairs[0][0]).data == {"text": "ü €"}


@pytest.mark.parametrize("statement", ["update events set type = 'x'", "delete from events"])
def test_history_cannot_be_changed(store: EventStore, statement: str) -> None:
    """Not even by somebody with a SQL prompt."""
    store.append("a", 0, [("order.placed", {})])
    with pytest.raises(sqlite3.IntegrityError, match="events are never"):
        store.database.execute(statement)


def test_open_streams_survive_their_process(tmp_path: Path) -> None:
    """The next incarnation finds what is left to do, and not what has ended."""
    store = EventStore(tmp_path / "e.sqlite3")
    for stream in ("a", "b", "c"):
        store.append(stream, 0, [("order.placed", {})])
    store.append("b", 1, [("order.cancelled", {})], closes=True)
    store.close()
    again = EventStore(tmp_path / "e.sqlite3")
    assert again.open_streams() == ["a", "c"]
    again.close()


def test_the_feed_is_everything_in_order(store: EventStore) -> None:
    """Page by page."""
    for stream in ("a", "b", "c"):
        store.append(stream, 0, [("order.placed", {})])
    seen, after = [], 0
    while True:
        page, after = store.feed(after, 2)
        if not page:
            break
        seen += [event.stream for _, event in page]
    assert seen == ["a", "b", "c"]
    assert store.newest(2) == ["c", "b"]
