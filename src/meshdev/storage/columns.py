"""Looking for what stands in the columns of structured lines, which is not in the line as it was written. Pure.

``order=7`` is what is shown of ``"order":7``, and so it is what people look for. A line is folded only if each word of
what is looked for is somewhere in it; many lines at once are put aside by the same words. That never hides anything:
where letters are escaped, or a number or a level is shown in another way than it was written, words are not relied on.
"""

import re

from meshdev.telemetry.folding import LEVELS, fold

_WORDS = re.compile(r"[a-z0-9_]+")
_NUMBER = re.compile(r"\d+(?:e\d*)?")
_BEGINS_JSON = b"\n{"
_ESCAPED = b"\\u"
# A number that may be shown with other digits than it has in the line: very long ones, and those with an exponent.
_ODD_NUMBER = re.compile(rb"[:,\[]\s*-?[\d.]*(?:\de|\d{16})")
# A level that is shown by another name than it has in the line.
_RENAMED = re.compile(rb'(?:level\w*|severity|lvl)"?\s*[:=]\s*"?(?:\d\d\b|err\b|critical\b)')


class Columns:
    """What is looked for, as ``literal`` text that must be in the columns (empty: nothing is known of it)."""

    __slots__ = ("_level", "_numbers", "_words")

    def __init__(self, literal: str) -> None:
        words = _WORDS.findall(literal.lower())
        numbers = {word for word in words if _NUMBER.fullmatch(word)}
        levels = [name.lower() for name in LEVELS]
        named = {word for word in words if any(word in level for level in levels)}
        self._words = tuple(word.encode() for word in words if word not in named | numbers)
        self._numbers = tuple(word.encode() for word in numbers)
        self._level = tuple(word.encode() for word in named)

    def may_hold(self, small: bytes) -> bool:
        """Whether a line among many, in small letters, may have it in its columns."""
        if b"=" not in small and _BEGINS_JSON not in small and small[:1] != b"{":
            return False
        return _ESCAPED in small or not small.isascii() or self._has_words(small)

    def of(self, plain: str) -> str:
        """The line as it is shown in columns, where what is looked for may stand in them; else empty."""
        if not plain.startswith("{") and "=" not in plain:
            return ""
        small = plain.casefold().encode("utf-8", "replace")
        if not (_ESCAPED in small or self._has_words(small)):
            return ""
        folded = fold(plain)
        return "" if folded is None else str(folded)

    def _has_words(self, small: bytes) -> bool:
        return (
            all(word in small for word in self._words)
            and (all(word in small for word in self._numbers) or _ODD_NUMBER.search(small) is not None)
            and (all(word in small for word in self._level) or _RENAMED.search(small) is not None)
        )
