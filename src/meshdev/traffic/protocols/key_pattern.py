"""Guessing the pattern behind a key, a channel or a topic: ``session:9f8e7d6c`` and its like are ``session:{id}``.

A part (between ``:``, ``/``, ``.``, ``|``, braces and the like) that looks like a value becomes ``{id}``: numbers and
dates, UUIDs, long hexadecimal or mixed words, the number behind a word (``user1042``, ``cart-42``), whatever holds an
``@``. Guesses are for people and for sums, as in `traffic.route`; nothing is decided by them.
"""

import re
from functools import lru_cache
from typing import Final

MOST_PARTS: Final = 8
MOST_CHARACTERS: Final = 96
_MOST_READ: Final = 256
_LEFT: Final = rb"(?<![0-9A-Za-z_@%-])"
_VALUE: Final = re.compile(
    rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUID, also behind a word
    rb"|" + _LEFT + rb"(?:"
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)?"
    rb"|[0-9]+(?:[._,-][0-9]+)*"  # numbers, dates, versions
    rb"|[0-9a-fA-F]{16,}"
    rb"|(?=[A-Za-z=]*[0-9])(?=[0-9=]*[A-Za-z])[0-9A-Za-z=]{16,}"  # ULID, base64 of something
    rb"|(?=[0-9a-f]*[0-9])[0-9a-f]{6,}"
    rb"|[^:/|@\s]*@[^:/|\s]*"  # whatever a person typed
    rb")(?![0-9A-Za-z_@%-])"
    rb"|(?<=[A-Za-z])(?P<dash>[-_]?)(?:[0-9]{2,}|(?<=[-_])(?=[0-9a-f]*[0-9])[0-9a-f]{6,})(?![0-9A-Za-z_@%-])"
)
_COULD_HOLD_VALUE: Final = re.compile(rb"[0-9@]")
_BORDER: Final = re.compile(rb"[:/|]")


@lru_cache(maxsize=4096)
def key_pattern(key: bytes) -> str:
    """The guessed pattern of a key, at most `MOST_CHARACTERS` long; what cannot be printed is replaced."""
    key = key[:_MOST_READ]
    parts = _BORDER.split(key, MOST_PARTS)
    if len(parts) > MOST_PARTS:
        key = key[: len(key) - len(parts[-1])] + b"..."
    if _COULD_HOLD_VALUE.search(key):
        key = _VALUE.sub(_named, key)
    text = key.decode("utf-8", "replace")
    return text if text.isprintable() and len(text) <= MOST_CHARACTERS else _plain(text)


def _named(match: re.Match[bytes]) -> bytes:
    return (match["dash"] or b"") + b"{id}"


def _plain(text: str) -> str:
    return "".join(it if it.isprintable() else "\ufffd" for it in text[:MOST_CHARACTERS])
