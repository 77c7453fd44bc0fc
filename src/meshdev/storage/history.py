"""The logs of a run as one history: paged back and on from any moment, filtered, searched, without loading it all.

For threads: a `History` reads the files in small steps, says how far it is (`Progress`), and stops when it is told to
(`AbandonedError`). It lets go of the interpreter between steps, so that a loop in another thread stays quick.

    history = History(log_dir, parse_log_filter("level>=warn"))
    entries = history.older(200)          # the last 200 that pass, with what else was in the same batches
    entries = history.older(200)          # before those
    history = History(log_dir, wanted, edge=Edge(shown))          # before the oldest that is shown
    matches = history.older(1, Term("declined"))                  # the last one is the nearest

Rules: entries are in the order of time; what is at the `Edge` already is not given again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event
from typing import NamedTuple

from meshdev.errors import StorageError
from meshdev.storage.entries import Entry, Sift
from meshdev.storage.layout import Source
from meshdev.storage.line import Batch
from meshdev.storage.reader import LogReader
from meshdev.telemetry.logline_filter import LogFilter, Term

_STEP = 256 * 1024
"""Bytes between two looks whether to go on."""
_WORK, _BREATH = 0.004, 0.0005
"""Seconds of work after which other threads get this much time."""
_TELL = 0.1
_TELLING = 2000
"""Characters of an entry by which it is known again: what is shown may be cut."""


class AbandonedError(StorageError):
    """A search or a page that nobody waits for any more."""


class Progress(NamedTuple):
    """How much was looked at: lines, bytes, and the time of the last batch."""

    lines: int = 0
    size: int = 0
    at: float = 0.0


class Edge:
    """Where what is shown begins: the time of its first entry (or ``at``), and all that is shown of that time."""

    def __init__(self, entries: Iterable[Entry], at: float | None = None) -> None:
        rest = iter(entries)
        first = next(rest, None)
        self.time = first.time if first is not None and at is None else at or 0.0
        self.shown: Counter[tuple[str, Source, str]] = Counter()
        while first is not None and first.time == self.time:
            self.shown[_identity(first)] += 1
            first = next(rest, None)

    def __repr__(self) -> str:
        return f"<Edge at {self.time} with {self.shown.total()} entries>"


def _identity(entry: Entry) -> tuple[str, Source, str]:
    return entry.node, entry.source, entry.text[:_TELLING]


class History:
    """See the module. Stands at the end as it is now, before ``edge``, or after all that is not later than ``after``.

    ``now`` is what ``since=10m`` counts from.
    """

    def __init__(
        self,
        log_dir: Path,
        wanted: LogFilter,
        *,
        edge: Edge | None = None,
        after: float | None = None,
        now: float | None = None,
        cancel: Event | None = None,
        tell: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self._wanted = wanted
        self._now = time.time() if now is None else now
        self._since = self._now - wanted.within if wanted.within is not None else 0.0
        self._edge_time = edge.time if edge is not None else 0.0
        self._shown = Counter(edge.shown) if edge is not None else Counter()
        self._cancel = cancel or Event()
        self._tell = tell
        self._told = time.monotonic()
        self._rested = 0.0
        self._forth: Sift | None = None
        self.at_beginning = False
        self.progress = Progress()
        upto = edge.time if edge is not None else after
        self.view = LogReader(log_dir).open(upto=upto, wants=wanted.wants_node)

    def close(self) -> None:
        """Let go of the files."""
        self.view.close()

    def older(self, least: int, *extra: Term, within: float | None = None) -> list[Entry]:
        """At least ``least`` entries before this place that hold ``extra`` too; fewer at the beginning.

        After ``within`` seconds it gives what it has: ask again while `at_beginning` is false.
        """
        end = time.monotonic() + within if within is not None else None
        pages: list[list[Entry]] = []
        count = 0
        lines = 1 << 30 if self._wanted or extra else max(least, 200)
        while count < least and not self.at_beginning and (end is None or time.monotonic() < end):
            batches = self.view.older_batches(lines, _STEP)
            sift = Sift(self._wanted, self._now, extra)
            page = self._fresh(sift.entries(batches))
            self.at_beginning = self.view.at_beginning or bool(batches and batches[0].time < self._since)
            self._looked(sift.seen, batches, batches[0].time if batches else 0.0)
            count += len(page)
            pages.append(page)
        return [entry for page in reversed(pages) for entry in page]

    def newer(self, least: int, *extra: Term) -> list[Entry]:
        """At least ``least`` entries after this place that hold ``extra`` too; fewer at the end as it is now."""
        if self._forth is None:
            self._forth = Sift(self._wanted, self._now, extra)
        found: list[Entry] = []
        while len(found) < least and (batches := self.view.newer_batches(_STEP)):
            seen = self._forth.seen
            found += self._forth.entries(batches)
            self._looked(self._forth.seen - seen, batches, batches[-1].time)
        return found

    def _fresh(self, entries: list[Entry]) -> list[Entry]:
        """Without what stands behind the edge already."""
        if not self._shown or (entries and entries[-1].time != self._edge_time):
            return entries
        kept: list[Entry] = []
        for entry in reversed(entries):
            if entry.time == self._edge_time and self._shown[_identity(entry)] > 0:
                self._shown[_identity(entry)] -= 1
            else:
                kept.append(entry)
        kept.reverse()
        return kept

    def _looked(self, lines: int, batches: Sequence[Batch], at: float) -> None:
        """Count, tell, breathe; raises AbandonedError when nobody waits any more."""
        size = sum(len(batch.data) for batch in batches)
        self.progress = Progress(
            self.progress.lines + lines, self.progress.size + size, at or self.progress.at
        )
        if self._cancel.is_set():
            raise AbandonedError("nobody waits for this search any more")
        now = time.monotonic()
        if now - self._told > _TELL:
            self._told = now
            self._tell(self.progress)
        worked = time.thread_time()  # of another thread, when the pages are read in several
        if not 0.0 <= worked - self._rested < _WORK:
            time.sleep(_BREATH)
            self._rested = worked
