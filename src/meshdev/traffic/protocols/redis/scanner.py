"""Redis and Valkey (RESP2, RESP3): commands and their answers, messages of channels, entries of streams.

| what passes | what is told |
|---|---|
| a command and its answer | one operation: the command, its first key's pattern, an error's first word as code |
| one that waits (BLPOP, XREADGROUP BLOCK) | the same without a latency, which is the caller's wish (``detail``) |
| MULTI, commands, EXEC | EXEC with its latency; each command without one, with its own outcome, once EXEC is answered |
| what was queued and is discarded | nothing: it never was |
| PUBLISH, XADD | a published message |
| a pushed message, entries that XREAD gives | delivered ones; an entry with a traceparent by itself |
| CLIENT REPLY OFF, SKIP | operations that end as they are asked |
| MONITOR, PSYNC, TLS, what is not RESP | it gives up |

Answers come in the order of the commands; pushes (RESP3) and messages to a subscriber (RESP2) stand between them.
Passwords (AUTH, HELLO, CONFIG SET) are never looked at.
"""

from collections import deque
from collections.abc import Sequence
from typing import ClassVar, Final

from meshdev.traffic.protocols.cutting import Cutter
from meshdev.traffic.protocols.key_pattern import key_pattern
from meshdev.traffic.protocols.operation import Operation, Outcome
from meshdev.traffic.protocols.redis.asked import Asked, asked_by, ended_by, operation_of
from meshdev.traffic.protocols.redis.commands import Manner
from meshdev.traffic.protocols.redis.replies import ARRAY, MAP, PUSH, Reply, ReplyReader, Watch
from meshdev.traffic.protocols.redis.requests import Request, RequestReader
from meshdev.traffic.protocols.redis.subscriptions import Subscriptions
from meshdev.traffic.protocols.redis.watches import Entries, Executed, Kind, Kinds, Pushed, kinds

MOST_WAITING: Final = 16_384
_QUEUED: Final = b"QUEUED"
_PLAIN: Final = frozenset((Manner.PLAIN, Manner.PUBLISHES, Manner.ADDS, Manner.WAITS, Manner.READS))
_CONFIRMED: Final = frozenset((Manner.SUBSCRIBES, Manner.UNSUBSCRIBES))
_CLIENT_REPLY: Final = 3  # words of CLIENT REPLY ON|OFF|SKIP


class RedisScanner:
    """Reads one connection of Redis along (`operation.Scanner`)."""

    __slots__ = (
        "_in_multi",
        "_kinds",
        "_mute",
        "_queued",
        "_replies",
        "_requests",
        "_resp3",
        "_skips",
        "_subscriptions",
        "_waiting",
        "_watched",
        "gave_up",
    )

    name: ClassVar[str] = "redis"

    def __init__(self) -> None:
        self.gave_up = ""
        self._requests = RequestReader()
        self._replies = ReplyReader()
        self._waiting: deque[Asked] = deque()
        self._queued: list[Asked] = []  # of the transaction that is open
        self._in_multi = False  # as far as was asked
        self._resp3 = False
        self._mute = False  # CLIENT REPLY OFF
        self._skips = False  # CLIENT REPLY SKIP
        self._subscriptions = Subscriptions()
        self._watched: Watch | None = None  # what looks into the answer that is being read
        self._kinds: Kinds | None = None  # what the server says, for who cuts it

    def waiting(self) -> int:
        """Commands that were asked and not answered yet."""
        return len(self._waiting) + len(self._queued)

    def cutter(self, *, asked: bool) -> Cutter:
        """From where the scanner is."""
        from meshdev.traffic.protocols.redis.cutting import AskedBorders  # noqa: PLC0415 - only faults need it
        from meshdev.traffic.protocols.redis.deliveries import AnsweredBorders  # noqa: PLC0415 - likewise

        if asked:
            out, skip, left, words = self._requests.place
            borders = AskedBorders(
                words,
                left,
                in_multi=self._in_multi,
                is_subscriber=not self._resp3 and self._subscribes(),
                resp3=self._resp3,
                skips=self._skips,
            )
            return Cutter(borders, out=out, skip=skip, bound=borders.bound)
        out, skip, levels = self._replies.place
        self._kinds = kinds()
        answered = AnsweredBorders(self._kinds, levels)
        return Cutter(answered, out=out, skip=skip, bound=answered.bound)

    def first_cutter(self, *, asked: bool) -> Cutter:
        """From the beginning; nothing was answered yet."""
        return RedisScanner().cutter(asked=True) if asked else self.cutter(asked=False)

    def _subscribes(self) -> bool:
        return bool(self._subscriptions) or any(it.manner is Manner.SUBSCRIBES for it in self._waiting)

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """Commands; those that nobody answers end here."""
        if self.gave_up:
            return ()
        done: list[Operation] = []
        for request in self._requests.feed(data):
            asked = asked_by(request, now)
            if (asked.manner in _PLAIN or self._is_answered(request)) and not self._mute and not self._skips:
                self._waiting.append(asked)
            else:
                done.append(operation_of(asked, now))
                self._skips = asked.manner is Manner.MANAGES and self._wish(request) == b"SKIP"
        if self.waiting() > MOST_WAITING:
            self._give_up(f"more than {MOST_WAITING} commands wait for their answers")
        elif self._requests.wrong:
            self._give_up(self._requests.wrong)
        return done

    def _is_answered(self, request: Request) -> bool:
        """What changes how the following is answered; whether it is answered itself."""
        match request.command.manner:
            case Manner.BEGINS:
                self._in_multi = True
            case Manner.EXECUTES | Manner.DISCARDS:
                self._in_multi = False
            case Manner.RESETS:
                self._in_multi = self._mute = self._skips = False
            case Manner.MANAGES:
                return self._manage(self._wish(request))
        return True

    def _manage(self, wish: bytes) -> bool:
        if wish and self._in_multi:
            self._give_up("CLIENT REPLY in a transaction")
        if wish == b"ON":
            self._mute = self._skips = False
        elif wish == b"OFF":
            self._mute = True
        return wish != b"SKIP"

    @staticmethod
    def _wish(request: Request) -> bytes:
        words = request.words
        is_reply = request.length == _CLIENT_REPLY and words[1].upper() == b"REPLY"
        return words[2].upper() if is_reply else b""

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """Answers, pushes, messages."""
        if self.gave_up:
            return ()
        done: list[Operation] = []
        replies, waiting = self._replies, self._waiting
        replies.put(data)
        while (reply := replies.take(self._watch)) is not None and not self.gave_up:
            watched, self._watched = self._watched, None
            if isinstance(watched, Pushed):
                pushed = self._subscriptions.pushed(watched.words, reply.size, waiting, now)
                if pushed is not None:
                    done.append(pushed)
            elif not waiting:
                self._give_up("the server answered what nobody had asked")
            elif reply.line == _QUEUED:
                self._queue(waiting.popleft())
            elif watched is None and waiting[0].manner in _PLAIN:
                done.append(operation_of(waiting.popleft(), now, reply))
            else:
                self._answer(waiting.popleft(), reply, watched, now, done)
        if replies.wrong:
            self._give_up(replies.wrong)
        return done

    def lost(self, now: float) -> Sequence[Operation]:
        """Commands without an answer; who only waited for something has lost nothing."""
        lost = [
            operation_of(asked, now)._replace(started=asked.started, outcome=Outcome.LOST)
            for asked in (*self._queued, *self._waiting)
            if not asked.waits
        ]
        self._waiting.clear()
        self._queued.clear()
        return lost

    def _give_up(self, why: str) -> None:
        self.gave_up = self.gave_up or why
        self._waiting.clear()
        self._queued.clear()

    def _watch(self, first: int) -> Watch | None:
        """Who looks into the aggregate that begins."""
        manner = self._waiting[0].manner if self._waiting else Manner.PLAIN
        watched: Watch | None = None
        hears = not self._resp3 and (bool(self._subscriptions) or manner in _CONFIRMED)
        if first == PUSH or (first == ARRAY and hears):
            watched = Pushed()
        elif manner is Manner.EXECUTES:
            watched = Executed()
        elif manner is Manner.READS:
            watched = Entries(first)
        if self._kinds is not None:
            kind = Kind.PUSHED if isinstance(watched, Pushed) else Kind.PLAIN
            self._kinds.append(Kind.ENTRIES if isinstance(watched, Entries) else kind)
        self._watched = watched
        return watched

    def _queue(self, asked: Asked) -> None:
        if asked.manner in _CONFIRMED:
            self._give_up("a subscription in a transaction")
        else:
            self._queued.append(asked)

    def _answer(
        self, asked: Asked, reply: Reply, watched: Watch | None, now: float, done: list[Operation]
    ) -> None:
        """The answer to a command that does more than ask."""
        operation = operation_of(asked, now, reply)
        if isinstance(watched, Entries):
            done += _delivered(operation, watched)
            return
        if isinstance(watched, Executed):
            done += self._executed(watched, now)
        if asked.manner is Manner.EXECUTES and reply.is_null:
            operation = operation._replace(
                outcome=Outcome.REFUSED, code="nil", detail="a watched key has changed"
            )
        done.append(operation)
        if reply.is_error:
            self._subscriptions.refused()
            if asked.manner is Manner.EXECUTES:
                self._queued.clear()
            return
        match asked.manner:
            case Manner.EXECUTES | Manner.DISCARDS:
                self._queued.clear()
            case Manner.GREETS:
                self._resp3 = reply.first == MAP
            case Manner.RESETS:
                self._resp3 = False
                self._queued.clear()
                self._subscriptions = Subscriptions()
            case Manner.STREAMS:
                self._give_up(f"after {asked.name} the server speaks unasked")

    def _executed(self, watched: Executed, now: float) -> list[Operation]:
        done = []
        for asked, error in zip(self._queued, watched.errors, strict=False):
            operation = operation_of(asked._replace(waits=False), now)
            if error:
                code, outcome = ended_by(error)
                operation = operation._replace(code=code, outcome=outcome)
            done.append(operation)
        return done


def _delivered(operation: Operation, entries: Entries) -> list[Operation]:
    """An operation for each stream of which something came, and one for each entry with a trace."""
    done = []
    for stream in entries.streams:
        target = key_pattern(stream.key) or operation.target
        rest = stream.entries - len(stream.traces)
        counted = [(rest, "", "")] if rest > 0 else []
        for count, trace, parent in (*counted, *((1, *ids) for ids in stream.traces)):
            done.append(operation._replace(target=target, messages_out=count, trace=trace, parent=parent))
            operation = operation._replace(bytes_in=0, bytes_out=0)
    return done or [operation]
