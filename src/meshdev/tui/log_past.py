"""Asking the history of the logs from the loop: pages and searches run in a thread, one at a time, and can be given up.

Rules: a page that goes on where the last one ended goes on reading there; any other begins at the edge of what is
shown. Whoever asks for something else gives up what is under way (`stop`).
"""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from meshdev.storage.history import Edge, History, Progress
from meshdev.telemetry.logline_filter import LogFilter, Term
from meshdev.tui.follow_log import edge_of, lines_of
from meshdev.tui.scrollback import Line

PAGE = 500
SLICE = 0.3
"""Seconds after which a page is given as far as it is."""


class Page(NamedTuple):
    """Lines, and whether the history ends with them in the direction that was asked for."""

    lines: Sequence[Line]
    end: bool


class Window(NamedTuple):
    """What surrounds the line ``at``."""

    lines: Sequence[Line]
    at: int
    beginning: bool


class Past:
    """The history of what passes ``wanted``; ``back_to`` is how far the first lines that are shown have looked."""

    def __init__(self, log_dir: Path, wanted: LogFilter, now: float) -> None:
        self._log_dir = log_dir
        self._wanted = wanted
        self._now = now
        self._cancel = threading.Event()
        self._reading: tuple[History, Line | None] | None = None
        self.back_to: float | None = None
        self.progress = Progress()

    def stop(self) -> None:
        """Give up what is under way; the next question is a new one."""
        self._cancel.set()
        self._cancel = threading.Event()
        self._reading = None
        self.progress = Progress()

    async def older(self, top: Sequence[Line]) -> Page:
        """What is before the first of the ``top`` lines that are shown; perhaps nothing yet."""
        first = top[0] if top else None
        if self._reading is None or self._reading[1] != first:
            edge = edge_of(top, self.back_to) if first is None or self.back_to is not None else edge_of(top)
            self._reading = (await asyncio.to_thread(self._history, edge, None), first)
        self.back_to = None
        history = self._reading[0]
        entries = await asyncio.to_thread(history.older, PAGE, within=SLICE)
        lines = lines_of(entries)
        self._reading = (history, lines[0] if lines else first)
        return Page(lines, history.at_beginning)

    async def newer(self, after: float) -> Page:
        """What is later than ``after``."""
        return await asyncio.to_thread(self._newer, after)

    async def find(self, term: Term, edge: Edge | None, after: float | None) -> Window | None:
        """The nearest line that holds ``term``, before ``edge`` or ``after`` a moment, with what surrounds it."""
        return await asyncio.to_thread(self._find, term, edge, after)

    # --- in the thread ----------------------------------------------------------------------------

    def _history(self, edge: Edge | None, after: float | None) -> History:
        def tell(progress: Progress) -> None:
            self.progress = progress

        return History(
            self._log_dir, self._wanted, edge=edge, after=after, now=self._now, cancel=self._cancel, tell=tell
        )

    def _newer(self, after: float) -> Page:
        history = self._history(None, after)
        try:
            lines = lines_of(history.newer(PAGE))
        finally:
            history.close()
        return Page(lines, len(lines) < PAGE)

    def _find(self, term: Term, edge: Edge | None, after: float | None) -> Window | None:
        search = self._history(edge, after)
        try:
            found = search.older(1, term) if edge is not None else search.newer(1, term)
        finally:
            search.close()
        if not found:
            return None
        entry = found[-1] if edge is not None else found[0]
        around = self._history(None, entry.time)
        try:
            before, behind = around.older(PAGE), around.newer(PAGE)
        finally:
            around.close()
        place = next((at for at in range(len(before) - 1, -1, -1) if before[at][:4] == entry[:4]), None)
        at = len(before) - 1 if place is None else place
        return Window(lines_of([*before, *behind]), at, around.at_beginning)
