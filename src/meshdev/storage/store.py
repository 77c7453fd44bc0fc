"""The daemon's side of the logs: takes bytes as they come, writes them in bulk.

Rules:
- A thread of its own writes what has gathered, at most every 25 ms, so the event loop never waits for a disk.
- When the disk refuses (full, read-only, broken), the newest text stays in bounded memory, what must go is counted,
  ``warn`` is called once, and when the disk is back the log says what is missing. The child never waits.
- When the run's quota is used up, the noisiest node's oldest segment goes first; a quiet node keeps everything.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.storage.layout import MESHDEV_STREAM, Source, node_dir
from meshdev.storage.segments import NodeLog
from meshdev.storage.stream import LogStream
from meshdev.storage.waiting import Chunk, Waiting

_MESHDEV = Source("", 0, MESHDEV_STREAM)


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Sizes in bytes, times in seconds.

    ``segment``, ``node`` and ``run`` are disk space; ``line`` is what one line may hold in memory before it is
    written in pieces; ``memory`` is what all nodes may hold while the disk refuses. Text is written after ``gather``
    at the latest, a line without its end after ``quiet``; a disk that refuses is tried again after ``retry``.
    """

    segment: int = 8 * 1024 * 1024
    node: int = 64 * 1024 * 1024
    run: int = 1024 * 1024 * 1024
    line: int = 1024 * 1024
    memory: int = 32 * 1024 * 1024
    gather: float = 0.025
    quiet: float = 0.2
    retry: float = 1.0


@dataclass(frozen=True, slots=True)
class NodeStats:
    """What a node has logged in this run, and what was lost because the disk refused."""

    lines: int
    bytes: int
    dropped_lines: int
    dropped_bytes: int


@dataclass(slots=True)
class _Node:
    """A node's log, what waits to be written to it, and what has been written."""

    log: NodeLog
    waiting: Waiting = field(default_factory=Waiting)
    lines: int = 0
    bytes: int = 0


class LogStore:
    """All logs of one run.

    ``clock`` gives epoch seconds. ``warn(node, text)`` is called on the writing thread. Without `start` there is no
    thread, and nothing is written before `flush` (tests, scripts).
    """

    def __init__(
        self,
        log_dir: Path,
        *,
        clock: Callable[[], float],
        limits: LogLimits | None = None,
        warn: Callable[[str, str], None] = lambda _node, _text: None,
    ) -> None:
        self.log_dir = log_dir
        self.limits = limits or LogLimits()
        self.lock = threading.Lock()
        self.line_most = self.limits.line
        self.now = clock
        self._warn = warn
        self._nodes: dict[str, _Node] = {}
        self._tails: set[LogStream] = set()
        self._waiting_size = 0
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write by itself."""
        self._thread = threading.Thread(target=self._run, name="meshdev-logs", daemon=True)
        self._thread.start()

    def stream(self, node: str, instance: str, generation: int, stream: str) -> LogStream:
        """A place to put one stream of one incarnation; ``stream`` is ``stdout`` or ``stderr``."""
        self._node(node)
        return LogStream(self, node, Source(instance, generation, stream))

    def note(self, node: str, text: str) -> None:
        """Put a line by meshdev itself into a node's log."""
        self._node(node)
        with self.lock:
            self.take(node, self._meshdev_line(text))

    def flush(self) -> None:
        """Write all whole lines now, and the other lines that have fallen silent."""
        with self._writing:
            with self.lock:
                now = self.now()
                self._tails = {tail for tail in self._tails if not tail.settle(now, self.limits.quiet)}
                nodes = {name: node for name, node in self._nodes.items() if node.waiting.chunks}
            for name, node in nodes.items():
                self._write(name, node)
            if nodes:
                self._trim()

    def close(self) -> None:
        """Write everything that was read, line ends or not, and stop."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for stream in [*self._tails]:
            stream.end()
        self.flush()
        for node in self._nodes.values():
            node.log.close()

    def stats(self) -> dict[str, NodeStats]:
        """What each node has logged so far."""
        with self.lock:
            return {
                name: NodeStats(node.lines, node.bytes, node.waiting.lost.lines, node.waiting.lost.bytes)
                for name, node in self._nodes.items()
            }

    @property
    def congested(self) -> bool:
        """Whether so much waits for the disk that a reader of pipes does well to pause."""
        return self._waiting_size > self.limits.memory // 2 and not self._refused()

    # --- for LogStream; the lock is held -----------------------------------------------------------

    def take(self, node: str, chunk: Chunk) -> None:
        """Queue a chunk; when too much waits, the noisiest node's oldest goes."""
        self._nodes[node].waiting.put(chunk)
        self._waiting_size += chunk.size
        if self._waiting_size > self.limits.memory:
            self._shed()
        if not self._wake.is_set():
            self._wake.set()

    def remember(self, stream: LogStream) -> None:
        """A stream keeps a line without its end."""
        if stream not in self._tails:
            self._tails.add(stream)
            self._wake.set()

    def forget(self, stream: LogStream) -> None:
        """A stream keeps nothing any more."""
        self._tails.discard(stream)

    # --- the writing side --------------------------------------------------------------------------

    def _run(self) -> None:
        patience: float | None = None
        while not self._closing.is_set():
            self._wake.wait(patience)
            if self._closing.wait(self.limits.retry if self._refused() else self.limits.gather):
                return
            self._wake.clear()
            self.flush()
            with self.lock:
                patience = self.limits.quiet if self._tails or self._waiting_size else None

    def _write(self, name: str, node: _Node) -> None:
        with self.lock:
            chunks = node.waiting.take()
            self._waiting_size -= sum(chunk.size for chunk in chunks)
            marker = self._marker(node.waiting)
        try:
            node.log.append([*marker, *chunks])
        except OSError as error:
            self._refuse(name, node, chunks, os.strerror(error.errno or 0))
            return
        with self.lock:
            node.waiting.written()
            node.lines += sum(chunk.lines() for chunk in chunks)
            node.bytes += sum(chunk.size for chunk in chunks)

    def _refuse(self, name: str, node: _Node, chunks: list[Chunk], reason: str) -> None:
        with self.lock:
            first = not self._refused()
            node.waiting.put_back(chunks, reason)
            self._waiting_size += sum(chunk.size for chunk in chunks)
            self._shed()
        if first:
            self._warn(
                name,
                f"cannot write logs to {self.log_dir}: {reason}; the newest lines are kept in memory. "
                "Free some space, or remove old runs beside this one",
            )

    def _refused(self) -> bool:
        return any(node.waiting.refused for node in self._nodes.copy().values())

    def _shed(self) -> None:
        excess = self._waiting_size - self.limits.memory
        if excess > 0:
            noisiest = max((node.waiting for node in self._nodes.values()), key=lambda waiting: waiting.size)
            before = noisiest.size
            noisiest.shed(excess)
            self._waiting_size -= before - noisiest.size

    def _marker(self, waiting: Waiting) -> list[Chunk]:
        """The line that stands where lines are missing."""
        if not waiting.refused and not waiting.gap.bytes:
            return []
        lost = f"{waiting.gap.lines} lines ({waiting.gap.bytes} bytes) were lost"
        return [
            self._meshdev_line(
                f"meshdev: this log could not be written for a while ({waiting.refused or 'the disk is too slow'}): "
                f"{lost if waiting.gap.bytes else 'nothing was lost'}"
            )
        ]

    def _meshdev_line(self, text: str) -> Chunk:
        data = text.replace("\n", " ").encode(errors="replace") + b"\n"
        return Chunk(_MESHDEV, int(self.now() * 1e9), [data], len(data))

    def _trim(self) -> None:
        """Keep each node and the whole run within their quotas."""
        logs = [node.log for node in self._nodes.copy().values()]
        try:
            for log in logs:
                while log.size > self.limits.node and log.drop_oldest():
                    pass
            while sum(log.size for log in logs) > self.limits.run:
                by_noise = sorted(logs, key=lambda log: log.size, reverse=True)
                if not any(log.drop_oldest() for log in by_noise):
                    # Nobody has a closed segment: close the noisiest, so that there is one the next time.
                    by_noise[0].rotate()
                    return
        except OSError as error:
            self._warn("", f"cannot trim logs in {self.log_dir}: {os.strerror(error.errno or 0)}")

    def _node(self, name: str) -> _Node:
        with self.lock:
            if name not in self._nodes:
                self._nodes[name] = _Node(NodeLog(node_dir(self.log_dir, name), self.limits.segment))
            return self._nodes[name]
