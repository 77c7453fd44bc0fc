"""Values that the caller chose, recorded and actual: what comes in is read as it was recorded, what goes out as it is.

Only values that cannot be a coincidence are bound. One recorded value may stand for several actual ones (a recording of
one order plays any number of them), one actual value always stands for one recorded value.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from meshdev.recording.matching.shape import TIMES, Shape, shape_of

MOST: Final = 50_000
MOST_SEARCHED: Final = 256 << 10
_LEAST: Final = 6
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{6,96}")
_BYTES: Final = re.compile(rb"[A-Za-z0-9_-]{6,96}")

Own = dict[str, str]


@lru_cache(16_384)
def bindable(text: str) -> bool:
    """Whether a value is distinct enough to be known again wherever it comes up."""
    if len(text) < _LEAST or not _TEXT.fullmatch(text):
        return False
    shape = shape_of(text)
    return shape is not Shape.PLAIN and shape not in TIMES


class Bindings:
    """What was bound while a recording is played."""

    def __init__(self) -> None:
        self._recorded: dict[str, str] = {}  # by actual
        self._actual: dict[str, str] = {}  # by recorded, the latest

    def __len__(self) -> int:
        return len(self._recorded)

    def bind(self, recorded: str, actual: str) -> None:
        """From now on the one stands for the other."""
        if len(self._recorded) >= MOST:
            for old in list(self._recorded)[: MOST // 2]:
                del self._recorded[old]
        self._recorded[actual] = recorded
        self._actual[recorded] = actual

    def actual(self, recorded: str) -> str | None:
        """What stands for a recorded value at the moment."""
        return self._actual.get(recorded)

    def read(self, target: str, data: bytes) -> tuple[str, bytes, Own]:
        """A request as it would have been recorded, and which actual value stood for which recorded one."""
        own: Own = {}
        known = self._recorded
        if not known.keys().isdisjoint(_TEXT.findall(target)):
            target = _TEXT.sub(lambda match: self._put(match[0], own), target)
        if data and len(data) <= MOST_SEARCHED:
            words = [found.decode() for found in _BYTES.findall(data)]
            if not known.keys().isdisjoint(words):
                data = _BYTES.sub(lambda match: self._put(match[0].decode(), own).encode(), data)
        return target, data, own

    def _put(self, word: str, own: Own) -> str:
        recorded = self._recorded.get(word)
        if recorded is None:
            return word
        own[recorded] = word
        return recorded

    def holder(self, recorded: str) -> str | None:
        """The actual value that stands for a recorded one and for no other, if there is one."""
        actual = self._actual.get(recorded)
        return actual if actual is not None and self._recorded.get(actual) == recorded else None

    def word(self, text: str) -> str:
        """One value as it would have been recorded."""
        return self._recorded.get(text, text)

    def items(self) -> Mapping[str, str]:
        """Recorded → latest actual."""
        return self._actual
