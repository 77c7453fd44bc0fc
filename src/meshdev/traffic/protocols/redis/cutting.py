"""Where the commands of a caller end; PUBLISH, SPUBLISH and XADD are messages (`redis.publishing` has what is done).

Other commands may be of any length: they pass word by word. Nothing is put into a transaction, into a command, or
behind a word that is about the next command. Commands in one line are no messages, and neither is what a subscriber of
RESP2 says: the server refuses it.
"""

from collections.abc import Sequence
from typing import Final

from meshdev.traffic.protocols.cutting import MOST_MESSAGE, LostPlaceError, Message, Part, Unit
from meshdev.traffic.protocols.redis.commands import Manner, command_of
from meshdev.traffic.protocols.redis.publishing import (
    SKIP_ANSWER,
    in_its_place,
    message_of,
    repeated,
    with_payload,
    words_of,
)
from meshdev.traffic.protocols.redis.requests import MOST_HEAD
from meshdev.traffic.protocols.redis.said import array, count_at

_STAR, _DOLLAR = b"*$"
_MOST_LINE: Final = 64 * 1024
_LONG: Final = 64  # bytes of a word that means nothing here
_KEPT: Final = 3  # words: CLIENT REPLY SKIP
_PUBLISHES: Final = frozenset((Manner.PUBLISHES, Manner.ADDS))
_NOTHING_LATER: Final = frozenset((Manner.SUBSCRIBES, Manner.RESETS, Manner.STREAMS))
_LOOKED_AT: Final = frozenset((Manner.MANAGES, Manner.GREETS))  # commands whose next words are looked at


class AskedBorders:
    """What a caller says, from a place where ``left`` words of a command with these first ``words`` are to come."""

    __slots__ = ("_in_multi", "_is_subscriber", "_left", "_lost", "_next", "_resp3", "_words")

    def __init__(
        self,
        words: Sequence[bytes] = (),
        left: int = 0,
        *,
        in_multi: bool = False,
        is_subscriber: bool = False,
        resp3: bool = False,
        skips: bool = False,
    ) -> None:
        self._words = list(words[:_KEPT])
        self._left = left
        self._in_multi = in_multi
        self._is_subscriber = is_subscriber
        self._resp3 = resp3
        self._next = skips  # what was said last is about the next command
        self._lost = 0
        if words and not left:
            self._end()

    @property
    def bound(self) -> bool:
        """Whether what follows belongs to what was said last."""
        return self._left > 0 or self._in_multi or self._next

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The command at ``at``, or as many words of it as are here."""
        if self._left:
            return self._plain(data, at, at, self._left, self._words)
        return self._command(data, at) if data[at] == _STAR else self._line(data, at)

    def _command(self, data: bytes, at: int) -> Unit | None:
        """The command that begins at ``at``."""
        stop = _head_end(data, at)
        if stop < 0:
            return None
        count = count_at(data, at, stop)
        begin = stop + 2
        if count <= 0:
            return Unit(begin - at, bound=self.bound)
        word = _word(data, begin)
        if word is None:
            return None
        if command_of(word).manner in _PUBLISHES and not self._is_subscriber:
            unit = self._message(data, at, begin, count)
            if unit is None or unit.parts:
                return unit
        return self._plain(data, at, begin, count, [])

    # --- messages ---------------------------------------------------------------------------------

    def _message(self, data: bytes, at: int, begin: int, count: int) -> Unit | None:
        """A command that publishes, as a whole; without parts if it is none, or too long for one."""
        place = begin
        for _ in range(count):
            if place > len(data):
                break
            stop = _head_end(data, place)
            if stop < 0:
                return None if len(data) - at < MOST_MESSAGE else Unit(0)
            if data[place] != _DOLLAR:
                raise LostPlaceError
            place = stop + 4 + max(count_at(data, place, stop), 0)
        if place - at > MOST_MESSAGE:
            return Unit(0)
        if place > len(data):
            return None
        message = message_of(words_of(data[at:place]), fixed=self._in_multi)
        if message is None:
            return Unit(0)
        self._next = False
        return Unit(place - at, parts=(message,), bound=self._in_multi)

    def payload(self, data: bytes) -> bytes:
        """Messages are parts here."""
        raise NotImplementedError

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """Messages are parts here."""
        raise NotImplementedError

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """The command, something in its place, or several."""
        (message,), ((times, change),) = messages, parts
        if times == 1 and change is None:
            return data
        words = words_of(data)
        if not times:
            self._lost += 1
            return in_its_place(words, self._lost)
        if change is not None:
            words = with_payload(words, change)
        if times > 1 and message.fixed:
            return repeated(words, times)
        said = array(*words)
        return said + (SKIP_ANSWER + said) * (times - 1)

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """It leaves without an answer."""
        del message
        return SKIP_ANSWER + (
            data if part.payload is None else array(*with_payload(words_of(data), part.payload))
        )

    # --- everything else --------------------------------------------------------------------------

    def _line(self, data: bytes, at: int) -> Unit | None:
        """A command in one line."""
        stop = data.find(b"\n", at, at + _MOST_LINE)
        if stop < 0:
            if len(data) - at >= _MOST_LINE:
                raise LostPlaceError
            return None
        self._words = data[at:stop].split()
        last = self._end() if self._words else False
        return Unit(stop + 1 - at, last=last, bound=self.bound)

    def _plain(self, data: bytes, at: int, begin: int, left: int, words: list[bytes]) -> Unit | None:
        """Words that are here, and the beginning of one more."""
        place = begin
        kept = list(words)
        while left and place < len(data):
            stop = _head_end(data, place)
            if stop < 0:
                break
            size = count_at(data, place, stop)
            if data[place] != _DOLLAR or size < 0:
                raise LostPlaceError
            word, end = data[stop + 2 : stop + 2 + min(size, _LONG)], stop + 4 + size
            wanted = not kept or (len(kept) < _KEPT and command_of(kept[0]).manner in _LOOKED_AT)
            if wanted:
                if size <= _LONG and end > len(data):
                    break
                kept.append(word)
            place, left = end, left - 1
        if place == begin:
            return None
        self._words, self._left = kept, left
        last = False if left else self._end()
        return Unit(place - at, last=last, bound=self.bound)

    def _end(self) -> bool:
        """A command is complete; whether what is held back has to leave before it."""
        words = self._words
        name = words[0].upper()
        manner = command_of(name).manner
        self._next = name == b"ASKING"
        last = (manner in _NOTHING_LATER or name == b"QUIT") and not self._in_multi
        match manner:
            case Manner.BEGINS:
                self._in_multi = True
            case Manner.EXECUTES | Manner.DISCARDS:
                self._in_multi = False
            case Manner.RESETS:
                self._in_multi = self._is_subscriber = self._resp3 = False
            case Manner.GREETS:
                self._resp3 = words[1:2] == [b"3"] or (self._resp3 and len(words) == 1)
            case Manner.SUBSCRIBES:
                self._is_subscriber = not self._resp3
            case Manner.MANAGES:
                self._next = [word.upper() for word in words[1:]] == [b"REPLY", b"SKIP"]
        return last


def _head_end(data: bytes, at: int) -> int:
    stop = data.find(b"\r\n", at, at + MOST_HEAD)
    if stop < 0 and len(data) - at >= MOST_HEAD:
        raise LostPlaceError
    return stop


def _word(data: bytes, at: int) -> bytes | None:
    """The first word; empty when it is too long for one that is known, None when it is not here yet."""
    stop = _head_end(data, at)
    if stop < 0:
        return None
    size = count_at(data, at, stop)
    if data[at] != _DOLLAR or size < 0:
        raise LostPlaceError
    if size > _LONG:
        return b""
    word = data[stop + 2 : stop + 2 + size]
    return word if len(word) == size else None
