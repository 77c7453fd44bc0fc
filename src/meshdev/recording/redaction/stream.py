"""Redaction of what is too large to hold: pieces in, pieces out, secrets across a border found.

A block is looked at together with `REACH` characters before it (already given out, so only for context) and behind it
(not given out yet). A secret, with what tells that it is one, is found when it is no longer than that. Memory is
bounded, nothing is parsed: JSON is found by its ``"name": "value"`` here.
"""

from typing import Final

from meshdev.recording.redaction.scanner import Scanner

REACH: Final = 16 * 1024
BLOCK: Final = 64 * 1024


class Stream:
    """One body in passing."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._before = ""
        self._waiting = ""

    def feed(self, data: bytes) -> bytes:
        """What can be given out after this piece: nothing, often."""
        self._waiting += data.decode("latin-1")
        made = []
        while len(self._waiting) >= BLOCK + REACH:
            made.append(self._pass(BLOCK))
        return b"".join(made)

    def end(self) -> bytes:
        """The rest."""
        return self._pass(len(self._waiting))

    def _pass(self, count: int) -> bytes:
        window = self._before + self._waiting
        first = len(self._before)
        offsets = [first, first + count]
        new = self._scanner.look(window, offsets)
        self._before = window[max(0, first + count - REACH) : first + count]
        self._waiting = self._waiting[count:]
        return new[offsets[0] : offsets[1]].encode("latin-1", "replace")
