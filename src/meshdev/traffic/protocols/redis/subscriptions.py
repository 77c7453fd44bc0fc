"""Who has subscribed to what on a connection of Redis, as far as it is needed to tell an answer from a message.

The confirmations have counts: of channels and patterns together, of shard channels alone. So nothing is kept by name.
"""

from collections import deque
from typing import Final

from meshdev.traffic.protocols.key_pattern import key_pattern
from meshdev.traffic.protocols.operation import MOST_PAYLOAD, Kind, Operation
from meshdev.traffic.protocols.redis.asked import Asked, operation_of
from meshdev.traffic.protocols.redis.commands import Manner
from meshdev.traffic.protocols.redis.replies import PUSH, Reply

_CHANNELS, _PATTERNS, _SHARDS = range(3)
_SUBSCRIBE: Final = {b"subscribe": _CHANNELS, b"psubscribe": _PATTERNS, b"ssubscribe": _SHARDS}
_UNSUBSCRIBE: Final = {b"unsubscribe": _CHANNELS, b"punsubscribe": _PATTERNS, b"sunsubscribe": _SHARDS}
_CHANNEL_AT: Final = {b"message": 1, b"smessage": 1, b"pmessage": 2}


class Subscriptions:
    """The subscriptions of one connection."""

    __slots__ = ("_counts", "_missing")

    def __init__(self) -> None:
        self._counts = [0, 0, 0]
        self._missing = 0  # confirmations to come for the command that waits first

    def __bool__(self) -> bool:
        return any(self._counts)

    def refused(self) -> None:
        """The command that waits first was answered by an error."""
        self._missing = 0

    def pushed(self, words: list[bytes], size: int, waiting: deque[Asked], now: float) -> Operation | None:
        """A push has come: a message, a confirmation (for the first of ``waiting``), or what means nothing here."""
        word = words[0] if words else b""
        at = _CHANNEL_AT.get(word)
        if at is not None:
            return _message(words, at, size, now)
        which = _SUBSCRIBE.get(word, _UNSUBSCRIBE.get(word))
        if which is not None:
            return self._confirmed(words, which, size, waiting, now)
        if word == b"pong" and waiting and waiting[0].name == "PING":
            return operation_of(waiting.popleft(), now, Reply(PUSH, b"", size))
        return None

    def _confirmed(
        self, words: list[bytes], which: int, size: int, waiting: deque[Asked], now: float
    ) -> Operation | None:
        before = self._counts[which]
        self._count(words, which)
        asked = waiting[0] if waiting else None
        if asked is None or asked.name.lower().encode() != words[0]:
            return None  # nobody waits for it: a slot has moved, or answers are switched off
        first = self._missing == 0
        if first:
            self._missing = asked.length - 1 or max(before, 1)
        self._missing -= 1
        if not self._missing:
            waiting.popleft()
        if asked.manner is Manner.UNSUBSCRIBES:
            return None if self._missing else operation_of(asked, now, Reply(PUSH, b"", size))
        target = key_pattern(words[1]) if len(words) > 1 else ""
        told = asked._replace(target=target, kind=Kind.SUBSCRIBE, size=asked.size if first else 0)
        return operation_of(told, now, Reply(PUSH, b"", size))

    def _count(self, words: list[bytes], which: int) -> None:
        text = b"".join(words[2:3])
        count = int(text) if text.isdigit() else 0
        if which == _CHANNELS:
            count -= self._counts[_PATTERNS]
        elif which == _PATTERNS:
            count -= self._counts[_CHANNELS]
        self._counts[which] = max(count, 0)


def _message(words: list[bytes], at: int, size: int, now: float) -> Operation:
    target = key_pattern(words[at]) if at < len(words) else ""
    payload = b"".join(words[at + 1 : at + 2])[:MOST_PAYLOAD]
    return Operation(
        words[0].decode(),
        target,
        now,
        now,
        bytes_out=size,
        kind=Kind.DELIVER,
        messages_out=1,
        payload=payload,
    )
