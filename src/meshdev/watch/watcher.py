"""The shell around it all: a thread that observes, a timer of the event loop that reports when it is quiet.

Rules: the thread asks every `TICK` (an idle watcher costs about half a percent of a core); what it sees reaches the
loop in one call for each look. Reports are made on the loop, in order. After `close` nothing is reported, and no
thread is left.
"""

import asyncio
import logging
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from meshdev.topology.model import Watch
from meshdev.watch.observer import Observer, Sighting
from meshdev.watch.quiet import PERIOD, Changed, Quiet

log = logging.getLogger(__name__)

TICK = 0.04
"""Seconds between two looks."""

_T = TypeVar("_T")
Watches = Mapping[str, Sequence[Watch]]


class Watcher:
    """Reports the services whose files have changed.

    Used on one event loop: ``report(changed)`` and ``warn(text)`` are called there. ``root`` is the project's
    folder: files below it are reported relative to it. ``polling`` None means: where the system cannot tell.
    """

    def __init__(
        self,
        root: Path,
        report: Callable[[Changed], None],
        warn: Callable[[str], None],
        *,
        period: float = PERIOD,
        polling: bool | None = None,
    ) -> None:
        self._root = root
        self._report = report
        self._warn = warn
        self._quiet = Quiet(period)
        self._polling = _system_is_deaf(root) if polling is None else polling
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._watched: frozenset[str] = frozenset()
        self._orders: list[tuple[Watches, asyncio.Future[None]]] = []
        self._order = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meshdev-watch", daemon=True)
        self._thread.start()

    def watch(self, watches: Watches) -> asyncio.Future[None]:
        """From now on watch for these services and no others; the future is done when that is in force, or failed."""
        self._quiet.forget(self._watched - watches.keys())
        self._watched = frozenset(watches)
        applied: asyncio.Future[None] = self._loop.create_future()
        with self._order:
            self._orders.append(({name: tuple(wanted) for name, wanted in watches.items()}, applied))
        return applied

    async def close(self) -> None:
        """Stop watching; returns when the thread has ended."""
        self._stop.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.to_thread(self._thread.join)
        for _, applied in self._orders:
            applied.cancel()

    # --- on the loop -------------------------------------------------------------------------------

    def _seen(self, sighting: Sighting) -> None:
        if self._stop.is_set():
            return
        now = self._loop.time()
        if sighting.repository_locked is not None:
            self._quiet.repository_moved(now, locked=sighting.repository_locked)
        for target, paths in sighting.files.items():
            if target.service in self._watched:
                self._quiet.changed(target.service, target.watch, map(self._shown, paths), now)
        self._set_timer()

    def _ring(self) -> None:
        self._timer = None
        for changed in self._quiet.due(self._loop.time()):
            self._report(changed)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._quiet.next_deadline()
        if deadline is not None and not self._stop.is_set():
            self._timer = self._loop.call_at(deadline, self._ring)

    def _told(self, text: str) -> None:
        if not self._stop.is_set():
            self._warn(text)

    def _shown(self, path: str) -> str:
        return path.removeprefix(f"{self._root}/")

    # --- on the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        observer = Observer(self._root, now=self._loop.time, warn=self._tell, polling=self._polling)
        try:
            while not self._stop.wait(TICK):
                try:
                    self._step(observer)
                except Exception as error:
                    log.exception("file watching stumbled")
                    self._tell(f"file watching stumbled and goes on: {error}")
        finally:
            observer.close()

    def _step(self, observer: Observer) -> None:
        with self._order:
            orders, self._orders = self._orders, []
        if orders:
            applied = [future for _, future in orders]
            try:
                observer.apply(orders[-1][0])
            except Exception as error:
                self._call(_settle, (applied, error))
                raise
            self._call(_settle, (applied, None))
        sighting = observer.look()
        if sighting.files or sighting.repository_locked is not None:
            self._call(self._seen, sighting)

    def _tell(self, text: str) -> None:
        self._call(self._told, text)

    def _call(self, function: Callable[[_T], None], argument: _T) -> None:
        if not self._stop.is_set():
            self._loop.call_soon_threadsafe(function, argument)


def _settle(outcome: tuple[list[asyncio.Future[None]], Exception | None]) -> None:
    applied, error = outcome
    for future in applied:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def _system_is_deaf(root: Path) -> bool:
    """Whether changes go unnoticed: Windows' own drives, seen from WSL."""
    return "microsoft" in platform.release().lower() and root.is_relative_to("/mnt")
