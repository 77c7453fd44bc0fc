"""What a reader of logs gets: batches of whole lines as bytes, and single lines made from them when they are shown.

Rules: bytes are decoded a batch at a time, as UTF-8 with replacement characters; a line ends with a line feed and
with nothing else; a line longer than `LINE_MOST` is cut for display and says how much is missing; what a terminal
would obey is taken out, but for colours (`telemetry.ansi`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from meshdev.storage.layout import Source
from meshdev.telemetry.ansi import displayed, needs_care, strip_ansi
from meshdev.telemetry.logline import Level, continues, ends_trace, level_of

LINE_MOST = 64 * 1024
"""Bytes of a line that are shown at most."""


class LogLine(NamedTuple):
    """One line. ``time`` is epoch seconds (when meshdev read it), ``instance`` is empty for meshdev's own lines."""

    node: str
    instance: str
    generation: int
    stream: str
    time: float
    text: str


class Batch(NamedTuple):
    """Whole lines of one source that were read in one moment; the last may lack its line feed."""

    node: str
    source: Source
    time: float
    data: bytes

    def texts(self) -> list[str]:
        """The lines' text, ready to be shown."""
        data = self.data
        if len(data) > LINE_MOST:
            data = b"\n".join(map(shortened, data.split(b"\n")))
        text = data.decode("utf-8", "replace")
        texts = text.split("\n")
        if not texts[-1]:
            texts.pop()
        return [displayed(line) for line in texts] if needs_care(text) else texts

    def lines(self) -> list[LogLine]:
        """The lines."""
        return [LogLine(self.node, *self.source, self.time, text) for text in self.texts()]


def shortened(line: bytes) -> bytes:
    """A line as far as it is shown, with what is missing."""
    if len(line) <= LINE_MOST:
        return line
    return line[:LINE_MOST] + cut_mark(len(line) - LINE_MOST)


def cut_mark(missing: int) -> bytes:
    """What stands at the end of a line that is not shown whole."""
    return f"… [{missing:,} more bytes]".encode()


@dataclass(slots=True)
class Selection:
    """Which lines are wanted; the default wants all.

    ``pattern`` is searched in a line without its colours. ``level`` is the least level wanted: lines that belong to
    another (stack traces) go with it, and a line that says no level is wanted only when ``level`` is UNKNOWN.
    ``since`` and ``until`` are epoch seconds. A selection remembers the last level of each source, so use one
    selection for one reading.
    """

    pattern: re.Pattern[str] | None = None
    level: Level = Level.UNKNOWN
    instances: frozenset[str] = frozenset()
    streams: frozenset[str] = frozenset()
    since: float | None = None
    until: float | None = None
    _heads: dict[tuple[str, Source], Level] = field(default_factory=dict, init=False, repr=False)

    def lines(self, batches: Iterable[Batch]) -> list[LogLine]:
        """The wanted lines of batches that come in their order."""
        found: list[LogLine] = []
        for batch in batches:
            if self._wants(batch):
                found += self._filtered(batch)
        return found

    def _wants(self, batch: Batch) -> bool:
        return (
            (not self.instances or batch.source.instance in self.instances)
            and (not self.streams or batch.source.stream in self.streams)
            and (self.since is None or batch.time >= self.since)
            and (self.until is None or batch.time <= self.until)
        )

    def _filtered(self, batch: Batch) -> list[LogLine]:
        pattern = self.pattern
        if self.level is Level.UNKNOWN:
            if pattern is None:
                return batch.lines()
            if _cannot_match(pattern, batch.data):
                return []
        texts = batch.texts()
        if self.level is not Level.UNKNOWN:
            texts = self._severe(texts, batch)
        if pattern is not None:
            texts = [text for text in texts if pattern.search(strip_ansi(text))]
        return [LogLine(batch.node, *batch.source, batch.time, text) for text in texts]

    def _severe(self, texts: list[str], batch: Batch) -> list[str]:
        key = (batch.node, batch.source)
        head = self._heads.get(key, Level.UNKNOWN)
        wanted: list[str] = []
        for text in texts:
            level = level_of(text)
            belongs = continues(text) or (head >= Level.ERROR and ends_trace(text))
            head = max(head, level) if belongs else level
            if head >= self.level:
                wanted.append(text)
        self._heads[key] = head
        return wanted


_LITERAL = re.compile(r"[\w \-/:,;'\"=@#%&<>!~]+")


def _cannot_match(pattern: re.Pattern[str], data: bytes) -> bool:
    """A quick look at a whole batch for a pattern without any magic; colours may split what it looks for."""
    if pattern.flags & re.IGNORECASE or _LITERAL.fullmatch(pattern.pattern) is None:
        return False
    return pattern.pattern.encode() not in data and b"\x1b" not in data
