"""A few threads that do not keep the daemon from ending: a build that takes minutes must not hold up its exit."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """At most ``most`` threads, started as they are needed."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._started = 0
        self._idle = 0
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Have ``work`` done in one of the threads."""
        future: Future[T] = Future()
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._started < self._most:
                self._started += 1
                threading.Thread(target=self._run, name=f"{self._name} {self._started}", daemon=True).start()
        self._work.put((future, work))
        return future

    def close(self) -> None:
        """Let the threads end when they are done; what nobody has begun is cancelled."""
        with suppress(Exception):
            while True:
                entry = self._work.get_nowait()
                if entry is not None:
                    entry[0].cancel()
        for _ in range(self._started):
            self._work.put(None)

    def _run(self) -> None:
        while (entry := self._work.get()) is not None:
            future, work = entry
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001 -- whoever waits for it is told
                    future.set_exception(error)
            with self._lock:
                self._idle += 1
