"""Following the event stream, and replaying it from its first message for a rebuild.

Deliveries may come twice and out of order. An event is applied when it is the next one; where one is missing, the
stream is asked for again from there.
"""

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from nats.aio.msg import Msg

from order_history.history import History
from shopkit.broker import Broker, Session
from shopkit.events import Event, decode

_log = logging.getLogger("replay")
T = TypeVar("T")


class Replay:
    """Feeds one history from the broker's stream."""

    def __init__(self, history: History, broker: Broker) -> None:
        self._history = history
        self._broker = broker
        self._rebuilding = asyncio.Lock()

    async def follow(self) -> None:
        """Apply events as they happen, for ever, from the checkpoint on."""
        while True:
            async with self._broker.session() as session:
                identity = session.stream_identity
                async for batch in await session.replay(self._history.checkpoint(identity) + 1):
                    # Something is missing when it is late, or when a rebuild has set the checkpoint back.
                    if not _apply(self._history, identity, batch):
                        break

    async def rebuild(self) -> dict[str, Any]:
        """Build the model again from message 1 and put it in the place of the old one; returns its summary."""
        async with self._rebuilding:
            built = False
            while not built:
                with tempfile.TemporaryDirectory(dir=self._history.path.parent, prefix="rebuild-") as scratch:
                    async with self._broker.session() as session:
                        await self._rebuild_in(Path(scratch) / "history.sqlite3", session)
                        built = True
        summary = self._history.summary()
        _log.info("rebuilt from the first event", extra=summary)
        return summary

    async def _rebuild_in(self, scratch: Path, session: Session) -> None:
        identity = session.stream_identity
        last = await session.last_sequence()
        with contextlib.closing(History(scratch)) as fresh:
            # Events go on happening meanwhile; from `last` on, the follower takes them as ever.
            while fresh.checkpoint(identity) < last:
                async for batch in await session.replay(fresh.checkpoint(identity) + 1):
                    if not _apply(fresh, identity, batch) or fresh.checkpoint(identity) >= last:
                        break
            self._history.replace_by(fresh)


def _apply(history: History, stream: str, batch: list[Msg]) -> bool:
    """Apply what follows the checkpoint; whether nothing was missing."""
    events = [(message.metadata.sequence.stream, message) for message in batch]
    following = next_ones(events, history.checkpoint(stream)) if history.idempotent else events
    if following:
        history.apply(stream, [(sequence, _event(message)) for sequence, message in following])
    return not history.idempotent or history.checkpoint(stream) >= max(sequence for sequence, _ in events)


def next_ones(events: Iterable[tuple[int, T]], checkpoint: int) -> list[tuple[int, T]]:
    """The events behind ``checkpoint`` in their order, each once, up to the first that is missing."""
    found = dict(events)
    following: list[tuple[int, T]] = []
    while (sequence := checkpoint + len(following) + 1) in found:
        following.append((sequence, found[sequence]))
    return following


def _event(message: Msg) -> Event | None:
    try:
        return decode(message.data)
    except msgspec.MsgspecError as error:
        # The reason says it all; a stack trace would add nothing.
        _log.error("not an event, on %s: %s", message.subject, error)
        return None
