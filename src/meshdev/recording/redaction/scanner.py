"""Looks through a text for everything in the catalogue, and for what is already known to be secret.

Texts are bytes as latin-1 characters. A find that is a placeholder, or lies within one, stays: that makes redaction
idempotent, whatever the kinds would say about their own products.
"""

from collections.abc import Iterable
from string import ascii_letters, digits
from typing import Final

from meshdev.recording.redaction.catalogue import CATALOGUE
from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.kinds import Context, Edit, Kind
from meshdev.recording.redaction.mint import is_placeholder
from meshdev.recording.redaction.suspicion import Suspicion, words_of

_WORD: Final = ascii_letters + digits + "_-"
_RUNS: Final = (_WORD, _WORD + ".~+/=")
_FARTHEST: Final = 512


def _run_around(text: str, start: int, end: int, members: str) -> str:
    before = text[max(0, start - _FARTHEST) : start]
    behind = text[end : end + _FARTHEST]
    first = start - len(before) + len(before.rstrip(members))
    return text[first : end + len(behind) - len(behind.lstrip(members))]


def _within_placeholder(text: str, start: int, end: int) -> bool:
    return any(is_placeholder(_run_around(text, start, end, members)) for members in _RUNS)


class Scanner:
    """One look, with the defaults' kinds and the user's."""

    def __init__(self, context: Context, suspicion: Suspicion, users: Iterable[Kind] = ()) -> None:
        self._context = context
        self._suspicion = suspicion
        self.users = tuple(users)
        self._kinds = (*CATALOGUE, *self.users)

    def suspects(self, data: bytes) -> bool:
        """Whether there may be something in it."""
        if self._suspicion(data):
            return True
        if not self.users:
            return False
        text = data.decode("latin-1")
        return any(kind.pattern.search(text) for kind in self.users)

    def scan(self, text: str, offsets: list[int] | None = None, *, program: bool = False) -> str:
        """The text without secrets. ``program``: program text, where names say little."""
        lower = text.lower()
        for kind in self._kinds:
            if kind.hints and not any(hint in lower for hint in kind.hints):
                continue
            if program and kind.prose:
                continue
            text = self._apply(kind, text, offsets)
        return self.replace_known(text, offsets)

    def look(self, text: str, offsets: list[int] | None = None, *, program: bool = False) -> str:
        """The same, after the cheap question."""
        if not self.suspects(text.encode("latin-1", "replace")):
            return text
        return self.scan(text, offsets, program=program)

    def _apply(self, kind: Kind, text: str, offsets: list[int] | None) -> str:
        edits: list[Edit] = []
        for found in kind.pattern.finditer(text):
            edit = kind.replace(found, self._context)
            if edit is None:
                continue
            start, end, new = edit
            if text[start:end] != new and not _within_placeholder(text, start, end):
                edits.append(edit)
        return substitute(text, edits, offsets) if edits else text

    def replace_known(self, text: str, offsets: list[int] | None = None) -> str:
        """The text without the secrets that are known."""
        known = self._context.mint.known
        if not len(known):
            return text
        words = words_of(text.encode("latin-1", "replace"))
        if known.absent(words):
            return text
        for secret, placeholder in known.among(words):
            edits: list[Edit] = []
            at = text.find(secret)
            while at >= 0:
                if not _within_placeholder(text, at, at + len(secret)):
                    edits.append((at, at + len(secret), placeholder))
                at = text.find(secret, at + len(secret))
            if edits:
                text = substitute(text, edits, offsets)
        return text
