"""Waiting for a line: a sink that passes output on and looks for patterns while somebody waits for them.

Patterns are searched line by line, so ``^`` and ``$`` mean the line. A pattern is reported once per incarnation. When
all have been seen, nothing but the passing on is left.
"""

import re
from collections.abc import Callable, Iterable

from meshdev.runners.output import OutputSink

_LINE_MOST = 64 * 1024


class MatchingSink:
    """Passes everything to ``sink``; ``matched`` hears each of ``patterns`` (as written) when a line has it."""

    def __init__(self, sink: OutputSink, patterns: Iterable[str], matched: Callable[[str], None]) -> None:
        self._sink = sink
        self._matched = matched
        self._waiting = {pattern: re.compile(pattern.encode()) for pattern in patterns}
        self._rest = b""

    def write(self, chunk: bytes) -> None:
        """Pass on, then look at the lines that are whole now, and at the one that has only begun."""
        self._sink.write(chunk)
        if self._waiting:
            self._look(chunk)

    def end(self) -> None:
        """The last line may lack its end."""
        if self._waiting and self._rest:
            self._search([self._rest])
        self._sink.end()

    def forget(self, pattern: str) -> None:
        """Nobody waits for ``pattern`` any more (another stream had it)."""
        self._waiting.pop(pattern, None)

    def _look(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._rest = self._rest[-_LINE_MOST:]
        self._search(lines)
        self._search([self._rest], whole=False)

    def _search(self, lines: list[bytes], *, whole: bool = True) -> None:
        for pattern, expression in tuple(self._waiting.items()):
            if not whole and pattern.endswith("$"):
                continue  # what will be the end of this line isn't known yet
            if any(expression.search(line.rstrip(b"\r")) for line in lines):
                del self._waiting[pattern]
                self._matched(pattern)
