"""Where a server's answers end; messages of channels are messages, entries that XREAD gives parts of an answer.

What an answer is cannot be seen in its bytes; the scanner reads them first and notes it (`Kinds`). Answers of any
length pass element by element. Entries in the answer of a transaction are no messages. An answer of which no entry is
left is nothing, as if the caller's patience had ended.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from meshdev.traffic.protocols.cutting import MOST_MESSAGE, LostPlaceError, Message, Part, Unit
from meshdev.traffic.protocols.redis.publishing import changed_fields, headers_of
from meshdev.traffic.protocols.redis.replies import ARRAY, ATTRIBUTE, MAP, PUSH
from meshdev.traffic.protocols.redis.said import (
    array,
    bulk,
    element,
    elements_at,
    end_of,
    line_end,
    string_at,
)
from meshdev.traffic.protocols.redis.watches import Kind, Kinds

_BEGUN: Final = frozenset(b"*~>%|")
_CHANNEL_AT: Final = {b"message": 1, b"smessage": 1, b"pmessage": 2}
_NOTHING: Final = {ARRAY: b"*-1\r\n", MAP: b"_\r\n"}


class AnsweredBorders:
    """What a server says, from a place where ``levels`` of elements are to come."""

    __slots__ = ("_kind", "_kinds", "_levels")

    def __init__(self, noted: Kinds, levels: Sequence[int] = ()) -> None:
        self._kinds = noted
        self._levels = [level for level in levels if level]
        self._kind: Kind | None = None  # of the answer that is not whole yet

    @property
    def bound(self) -> bool:
        """Whether an answer is under way."""
        return bool(self._levels)

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The answer at ``at``, or as much of it as is here."""
        if not self._levels and data[at] in _BEGUN:
            if line_end(data, at) < 0:
                return None
            if self._kind is None:
                kind = Kind.PUSHED if data[at] == PUSH else Kind.PLAIN
                kind = self._kinds.popleft() if self._kinds else kind
                self._kind = Kind.PLAIN if data[at] == ATTRIBUTE else kind
            if self._kind is not Kind.PLAIN and len(data) - at <= MOST_MESSAGE:
                end = end_of(data, at)
                if end < 0:
                    return None
                kind, self._kind = self._kind, None
                return self._pushed(data, at, end) if kind is Kind.PUSHED else self._entries(data, at, end)
        self._kind = None
        return self._plain(data, at)

    def _plain(self, data: bytes, at: int) -> Unit | None:
        levels, place = list(self._levels) or [1], at
        while levels and place < len(data):
            then = element(data, place, levels)
            if then < 0:
                break
            place = then
        if place == at:
            return None
        self._levels = levels
        return Unit(place - at, bound=bool(levels))

    def _pushed(self, data: bytes, at: int, end: int) -> Unit:
        places = elements_at(data, at)[:-1]
        word = string_at(data, places[0]) if places else None
        channel = _CHANNEL_AT.get(word or b"", 0)
        if not channel or len(places) != channel + 2:
            return Unit(end - at)
        name = string_at(data, places[channel]) or b""
        return Unit(end - at, Message(name.decode("utf-8", "replace"), inner=name.startswith(b"__")))

    def payload(self, data: bytes) -> bytes:
        """The last word of a pushed message."""
        return string_at(data, elements_at(data, 0)[-2]) or b""

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """Another last word."""
        return data[: elements_at(data, 0)[-2]] + bulk(payload)

    # --- entries ----------------------------------------------------------------------------------

    def _entries(self, data: bytes, at: int, end: int) -> Unit:
        found: list[Message] = []
        try:
            for key, entries in _streams(data, at):
                name = (string_at(data, key) or b"").decode("utf-8", "replace")
                inner = name.startswith("__")
                for begin in elements_at(data, entries)[:-1]:
                    fields = _fields(data, begin)
                    if fields is not None:  # its mark is where it stands
                        found.append(
                            Message(name, partial(headers_of, fields), inner, begin - at, fixed=True)
                        )
        except (IndexError, LostPlaceError):
            return Unit(end - at)
        return Unit(end - at, parts=found)

    def with_parts(self, data: bytes, messages: Sequence[Message], parts: Sequence[Part]) -> bytes:
        """An answer without entries that were lost, with others twice or spoilt; nothing if none is left."""
        if all(part == Part() for part in parts):
            return data
        changed = {message.mark: part for message, part in zip(messages, parts, strict=True)}
        streams: list[bytes] = []
        for key, entries in _streams(data, 0):
            left: list[bytes] = []
            places = elements_at(data, entries)
            for begin, stop in pairwise(places):
                part = changed.get(begin, Part())
                left += [_entry(data, begin, stop, part)] * part.times
            if left:
                name = data[key : end_of(data, key)]
                streams.append(name + b"*%d\r\n" % len(left) + b"".join(left))
        if not streams:
            return _NOTHING[data[0]]
        head, before = (b"%%%d\r\n", b"") if data[0] == MAP else (b"*%d\r\n", b"*2\r\n")
        return head % len(streams) + b"".join(before + stream for stream in streams)

    def alone(self, data: bytes, message: Message, part: Part) -> bytes:
        """No entry leaves alone."""
        raise NotImplementedError


def _streams(data: bytes, at: int) -> list[tuple[int, int]]:
    """Where the key and the entries of each stream stand."""
    places = elements_at(data, at)[:-1]
    if data[at] == MAP:
        return list(zip(places[::2], places[1::2], strict=True))
    pairs = [elements_at(data, place) for place in places]
    return [(pair[0], pair[1]) for pair in pairs]


def _fields(data: bytes, at: int) -> list[bytes] | None:
    """Names and values of the entry at ``at``; None when it has none (any more)."""
    places = elements_at(data, at)
    if len(places) != 3:  # noqa: PLR2004 - its id, its fields, its end
        raise LostPlaceError
    if data[places[1]] != ARRAY or data.startswith(_NOTHING[ARRAY], places[1]):
        return None
    return [string_at(data, place) or b"" for place in elements_at(data, places[1])[:-1]]


def _entry(data: bytes, begin: int, stop: int, part: Part) -> bytes:
    fields = _fields(data, begin)
    if part.payload is None or fields is None:
        return data[begin:stop]
    return data[begin : elements_at(data, begin)[1]] + array(*changed_fields(fields, part.payload))
