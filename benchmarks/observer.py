"""What the services tell: one Unix datagram socket that hears "ready", "child" and "done" with the sender's own clock.

The same observer serves every tool, so nothing depends on how a tool notices that a service is ready.
"""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Word:
    """One datagram; ``at`` is the sender's CLOCK_MONOTONIC in seconds, which is `time.monotonic` here."""

    what: str
    name: str
    pid: int
    at: float
    lines: int


def parse(data: bytes) -> Word:
    """``what NAME PID NANOSECONDS LINES``; raises ValueError for anything else."""
    what, name, pid, at, lines = data.decode().split()
    return Word(what, name, int(pid), int(at) / 1e9, int(lines))


class Observer:
    """Keeps every word in the order of arrival."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.words: list[Word] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def said(self, what: str) -> list[Word]:
        """All words of this sort so far."""
        return [word for word in self.words if word.what == what]

    def listen(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Hear until ``enough`` or the time is over; whether it was enough."""
        deadline = time.monotonic() + seconds
        while not enough():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return enough()
            self.words.append(parse(self._socket.recv(4096)))
        return True
