"""One call being played: the callee's messages in their turn, those that followed one of the caller's behind that.

Rules: a message of the caller's is recognised as in a WebSocket's conversation, noise and all · one that is not there
here may be there in another recorded call that went alike so far: then it is that one · the end of what the caller says
is a turn like a message · a call that its caller had given up, or that went on, stays open · one that broke off is
UNAVAILABLE.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meshdev.recording.calls import call_message, call_status, told_status
from meshdev.recording.model import Exchange, Headers, Message, MessageKind
from meshdev.recording.replay.calls.translated import Words, trailers_of
from meshdev.recording.replay.conversation import recognised
from meshdev.recording.replay.timing import Pace
from meshdev.traffic.protocols.http2.grpc import Status

_encode = msgspec.json.encode
_decode = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class Say:
    """A message of the callee's, ``delay`` seconds after what came before it."""

    delay: float
    data: bytes


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The call's end; without a ``status`` it stays open until its caller has had enough."""

    delay: float
    status: Status | None
    message: str = ""
    trailers: Headers = ()


@dataclass(frozen=True, slots=True)
class Surprise:
    """The caller said what was not recorded here."""

    reason: str


Turn = Say | CallEnd


class Dialogue:
    """See the module. `opening` first, then `received` and `ended`; each gives what is said then."""

    def __init__(
        self,
        exchange: Exchange,
        words: Words,
        pace: Pace,
        begun: int,
        heard: Sequence[Any] | None,
        actual: Callable[[str], str | None],
        others: Callable[[], Sequence[Exchange]],
    ) -> None:
        self._exchange = exchange
        self._words = words
        self._pace = pace
        self._heard = heard
        self._actual = actual
        self._others = others
        self._bound: dict[str, str] = {}
        self._at = self._count = 0
        self._clock = 0
        self._over = False
        self._skip(begun)

    @property
    def exchange(self) -> Exchange:
        """The recorded call."""
        return self._exchange

    def opening(self, *, ended: bool) -> tuple[Turn, ...] | Surprise:
        """What is said to the caller's opening; ``ended`` when that was all it has to say."""
        return self.ended() if ended else self._until_asked()

    def received(self, data: bytes) -> tuple[Turn, ...] | Surprise:
        """What is said to one more message of the caller's."""
        if self._over:
            return ()
        asked = _encode(self._words.decoded(data, outgoing=True))
        at = self._next_asked()
        bound = self._fits(self._exchange, at, data, asked)
        if bound is None:
            other = self._other(data, asked)
            if other is None:
                return Surprise("this message of the caller's was not recorded here")
            self._exchange, bound = other
            self._heard = None
            at = self._next_asked()
        self._bound.update(bound)
        turns = self._up_to(at)
        self._clock = max(self._clock, self._exchange.messages[at].at)
        self._at = at + 1
        return (*turns, *self._until_asked())

    def ended(self) -> tuple[Turn, ...] | Surprise:
        """What is said when the caller has said all."""
        if self._over:
            return ()
        messages = self._exchange.messages
        at = self._next_asked()
        if at < len(messages) and messages[at].kind is not MessageKind.CLOSE:
            return Surprise("the caller said more when it was recorded")
        turns = self._up_to(at)
        if at < len(messages):
            self._clock = max(self._clock, messages[at].at)
        self._at = min(at + 1, len(messages))
        return (*turns, *self._until_asked())

    # --- where it stands --------------------------------------------------------------------------

    def _skip(self, begun: int) -> None:
        """The caller's first ``begun`` messages are said."""
        for at, message in enumerate(self._exchange.messages):
            if not begun:
                return
            if message.outgoing:
                begun -= 1
                self._clock, self._at = message.at, at + 1

    def _next_asked(self) -> int:
        messages = self._exchange.messages
        return next((at for at in range(self._at, len(messages)) if messages[at].outgoing), len(messages))

    def _fits(self, exchange: Exchange, at: int, data: bytes, asked: bytes) -> Mapping[str, str] | None:
        """What is bound when the message there may stand for the caller's."""
        if at >= len(exchange.messages) or exchange.messages[at].kind is MessageKind.CLOSE:
            return None
        expected = exchange.messages[at]
        recorded = _encode(self._words.decoded(expected.data, outgoing=True))
        known = any(name.encode() in recorded for name in self._bound)
        if expected.data == data and not known:
            return {}
        return recognised(recorded, asked, exchange.started + expected.at / 1e6, self._bound, self._actual)

    def _other(self, data: bytes, asked: bytes) -> tuple[Exchange, Mapping[str, str]] | None:
        """Another recorded call that went like this one so far, and goes on with this message."""
        said = self._exchange.messages[: self._at]
        for other in self._others():
            if len(other.messages) <= self._at or not _alike(said, other.messages):
                continue
            at = next(
                (at for at in range(self._at, len(other.messages)) if other.messages[at].outgoing),
                len(other.messages),
            )
            bound = self._fits(other, at, data, asked)
            if bound is not None:
                return other, bound
        return None

    # --- what is said -----------------------------------------------------------------------------

    def _up_to(self, at: int) -> list[Turn]:
        return [self._say(one) for one in self._exchange.messages[self._at : at] if not one.outgoing]

    def _until_asked(self) -> tuple[Turn, ...]:
        at = self._next_asked()
        turns = self._up_to(at)
        self._at = at
        if at == len(self._exchange.messages):
            turns.append(self._end())
        return tuple(turns)

    def _say(self, message: Message) -> Say:
        delay = self._pace.seconds(message.at - self._clock)
        self._clock = max(self._clock, message.at)
        data = self._renewed(message)
        self._count += 1
        return Say(delay, data)

    def _renewed(self, message: Message) -> bytes:
        """The message with the caller's values in it."""
        plain = self._words.decoded(message.data, outgoing=False)
        heard = self._heard
        content = heard[self._count] if heard is not None and self._count < len(heard) else plain
        if self._bound:
            text = _encode(content)
            for recorded, actual in self._bound.items():
                text = text.replace(_encode(recorded)[1:-1], _encode(actual)[1:-1])
            content = _decode(text)
        return (self._words.encoded(content) or message.data) if content != plain else message.data

    def _end(self) -> CallEnd:
        self._over = True
        exchange = self._exchange
        delay = self._pace.seconds(exchange.microseconds - self._clock)
        if told_status(exchange) is None and exchange.error in {"", "caller-reset"}:
            return CallEnd(delay, None)
        return CallEnd(delay, call_status(exchange), call_message(exchange), trailers_of(exchange))


def _alike(said: Sequence[Message], others: Sequence[Message]) -> bool:
    return all(
        one.outgoing is other.outgoing and one.kind is other.kind and one.data == other.data
        for one, other in zip(said, others, strict=False)
    )
