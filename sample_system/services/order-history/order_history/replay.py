"""Following the event stream, and replaying it from its first message for a rebuild."""

import asyncio
import contextlib
import logging
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from nats.aio.msg import Msg

from order_history.history import History
from shopkit.broker import Broker, Session
from shopkit.events import Event, decode

_log = logging.getLogger("replay")


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
                    events = _events(batch)
                    # A rebuild may have set the checkpoint back: start over from there.
                    if events[0][0] != self._history.checkpoint(identity) + 1:
                        break
                    self._history.apply(identity, events)

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
            if last:
                async for batch in await session.replay(1):
                    fresh.apply(identity, _events(batch))
                    if fresh.checkpoint(identity) >= last:
                        break
            self._history.replace_by(fresh)


def _events(batch: list[Msg]) -> list[tuple[int, Event | None]]:
    return [(message.metadata.sequence.stream, _event(message)) for message in batch]


def _event(message: Msg) -> Event | None:
    try:
        return decode(message.data)
    except msgspec.MsgspecError as error:
        # The reason says it all; a stack trace would add nothing.
        _log.error("not an event, on %s: %s", message.subject, error)
        return None
