"""The spelling of URLs (RFC 3986 §2.1) and forms, for texts that are UTF-8 in latin-1 characters."""

from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

#: For patterns: the place before a word, an escape of JSON or of a URL included (``\\nTOKEN``, ``%3DTOKEN``).
WORD_START: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"

_SAFE: Final = "-_.~/:@,"


def decoded(text: str, *, plus: bool = True) -> str:
    """What a spelling means; ``plus``: of a form, where ``+`` is a blank."""
    if "%" not in text and not (plus and "+" in text):
        return text
    spaced = text.replace("+", " ") if plus else text
    return unquote_to_bytes(spaced.encode("latin-1", "replace")).decode("latin-1")


def encoded(text: str, safe: str = _SAFE) -> str:
    """The other way round."""
    return quote_from_bytes(text.encode("latin-1", "replace"), safe=safe)
