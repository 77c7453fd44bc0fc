"""Reading the logs of a run: the last lines, everything since a moment, following, paging back.

For the command line, the dashboard and the control API, in any process: only files are read, nobody is asked.
Lines of several nodes are merged by the time at which meshdev read them; within a node their order is the file's.

    reader = LogReader(log_dir)
    reader.tail(["orders"], 10)                         # the last ten lines
    view = reader.open()                                # all nodes, those of later too
    view.older(100); view.older(100)                    # page back
    view.newer()                                        # what has come meanwhile; never waits, call it at your pace
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heapreplace, merge
from pathlib import Path
from typing import NamedTuple

from meshdev.storage.backward import Backward
from meshdev.storage.forward import Forward
from meshdev.storage.layout import RECORD, Record, node_dir
from meshdev.storage.line import Batch, LogLine, Selection
from meshdev.storage.node import NodeFiles

_AT_ONCE = 1024 * 1024
"""Bytes that are read of one node at a time."""


class Totals(NamedTuple):
    """How many lines a node has logged in this run, and how many of the oldest the quota has taken."""

    lines: int
    dropped: int


class LogView:
    """A place in the logs of some nodes, from which one reads back and on. Made by `LogReader`.

    ``nodes`` None means all nodes that ``wants`` agrees to, those that appear later too. Nothing that is in `older`
    comes in `newer` again.
    """

    def __init__(
        self,
        log_dir: Path,
        nodes: Iterable[str] | None,
        *,
        at_end: bool = True,
        since_ns: int = 0,
        upto: float | None = None,
        wants: Callable[[str], bool] | None = None,
    ) -> None:
        self._log_dir = log_dir
        self._wants = wants
        self._named = None if nodes is None else tuple(dict.fromkeys(nodes))
        self._seen_ns = -1
        self._forward: dict[str, Forward] = {}
        self._backward: dict[str, Backward] = {}
        self._held: dict[str, list[Batch]] = {}
        for node in self._named if self._named is not None else self._present():
            files = NodeFiles(node, node_dir(log_dir, node))
            if at_end:
                backward = self._backward[node] = Backward(files, upto)
                self._forward[node] = backward.forward_from()
            else:
                forward = self._forward[node] = Forward(files)
                if since_ns:
                    forward.skip_to(since_ns)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that are read."""
        return tuple(self._forward)

    @property
    def at_beginning(self) -> bool:
        """Whether `older` has nothing more to give."""
        return all(backward.time_ns is None for backward in self._backward.values())

    def older_batches(self, least: int, most_bytes: int = _AT_ONCE) -> list[Batch]:
        """At least ``least`` lines before this place, in their order; fewer at the beginning or at ``most_bytes``."""
        found: list[Batch] = []
        lines = size = 0
        backwards = list(self._backward.values())
        latest = [
            (-time, at) for at, backward in enumerate(backwards) if (time := backward.time_ns) is not None
        ]
        heapify(latest)
        while latest and lines < least and size < most_bytes:
            at = latest[0][1]
            batch = backwards[at].take()
            time = backwards[at].time_ns
            if time is None:
                heappop(latest)
            else:
                heapreplace(latest, (-time, at))
            if batch is not None:
                found.append(batch)
                size += len(batch.data)
                lines += batch.data.count(b"\n")
        found.reverse()
        return found

    def older(
        self, least: int, selection: Selection | None = None, most_bytes: int = 256 * _AT_ONCE
    ) -> list[LogLine]:
        """At least ``least`` selected lines before this place, in their order; fewer at the beginning.

        After about ``most_bytes`` it gives what it has: ask again while `at_beginning` is false.
        """
        pages: list[list[LogLine]] = []
        lines = 0
        while lines < least and most_bytes > 0 and not self.at_beginning:
            batches = self.older_batches(least - lines if selection is None else max(least, 1000))
            most_bytes -= sum(len(batch.data) for batch in batches)
            page = _lines(batches, selection)
            lines += len(page)
            pages.append(page)
        return [line for page in reversed(pages) for line in page]

    def newer_batches(self, most_bytes: int = _AT_ONCE) -> list[Batch]:
        """What has come since the last time, about ``most_bytes`` of each node; empty when nothing has."""
        self._look_for_nodes()
        horizon = float("inf")
        for node, forward in self._forward.items():
            more = node in self._held
            if not more:
                batches, more = forward.poll(most_bytes)
                if batches:
                    self._held[node] = batches
            if more:
                horizon = min(horizon, self._held[node][-1].time)
        return list(merge(*self._release(horizon), key=lambda batch: batch.time))

    def _release(self, horizon: float) -> list[list[Batch]]:
        """What is not later than ``horizon``: the rest waits for nodes that have more of an earlier time."""
        released: list[list[Batch]] = []
        for node, batches in [*self._held.items()]:
            count = next((at for at, batch in enumerate(batches) if batch.time > horizon), len(batches))
            released.append(batches[:count])
            if count < len(batches):
                self._held[node] = batches[count:]
            else:
                del self._held[node]
        return released

    def newer(self, selection: Selection | None = None) -> list[LogLine]:
        """The selected lines that have come since the last time; never waits."""
        return _lines(self.newer_batches(), selection)

    def unfinished(self) -> list[LogLine]:
        """Lines whose end has not come (prompts, progress bars), as they are now."""
        pieces = (piece for forward in self._forward.values() for piece in forward.stitcher.unfinished())
        return _lines(sorted(pieces, key=lambda batch: batch.time), None)

    def close(self) -> None:
        """Let go of the files."""
        for forward in self._forward.values():
            forward.close()

    def _look_for_nodes(self) -> None:
        if self._named is None:
            for node in self._present():
                if node not in self._forward:
                    self._forward[node] = Forward(NodeFiles(node, self._log_dir / node))

    def _present(self) -> list[str]:
        """The nodes that have a folder now; empty when nothing has changed since the last look."""
        try:
            changed = self._log_dir.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if changed == self._seen_ns:
            return []
        self._seen_ns = changed
        nodes = LogReader(self._log_dir).nodes()
        return nodes if self._wants is None else [node for node in nodes if self._wants(node)]


class LogReader:
    """The logs of one run, in ``log_dir``; the folder need not exist yet."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir

    def nodes(self) -> list[str]:
        """The nodes that have logged something."""
        try:
            entries = list(self.log_dir.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))

    def tail(
        self, nodes: Iterable[str] | None = None, n: int = 100, selection: Selection | None = None
    ) -> list[LogLine]:
        """The last ``n`` selected lines, oldest first; lines without their end too."""
        view = self.open(nodes)
        lines = [*view.older(n, selection), *view.unfinished()]
        view.close()
        return lines[-n:] if n > 0 else []

    def since(
        self, when: float, nodes: Iterable[str] | None = None, selection: Selection | None = None
    ) -> Iterator[LogLine]:
        """The selected lines from ``when`` (epoch seconds) to now, oldest first."""
        view = self.open_at(when, nodes)
        while batches := view.newer_batches():
            yield from _lines(batches, selection)
        yield from view.unfinished()
        view.close()

    def open(
        self,
        nodes: Iterable[str] | None = None,
        *,
        upto: float | None = None,
        wants: Callable[[str], bool] | None = None,
    ) -> LogView:
        """A view that stands at the end as it is now, or behind what was read not later than ``upto``."""
        return LogView(self.log_dir, nodes, upto=upto, wants=wants)

    def open_at(self, when: float, nodes: Iterable[str] | None = None) -> LogView:
        """A view that stands at ``when`` (epoch seconds; 0: the beginning) and reads on from there only."""
        return LogView(self.log_dir, nodes, at_end=False, since_ns=int(when * 1e9))

    def totals(self) -> dict[str, Totals]:
        """How much each node has logged."""
        found: dict[str, Totals] = {}
        for node in self.nodes():
            files = NodeFiles(node, self.log_dir / node)
            segments = files.segments()
            first = next((index for segment in segments if (index := files.index(segment))), b"")
            last = next((index for segment in reversed(segments) if (index := files.index(segment))), b"")
            dropped = Record._make(RECORD.unpack_from(first)).line if first else 0
            found[node] = Totals(_lines_until_end(files, segments[-1], last) if last else 0, dropped)
        return found


def _lines_until_end(files: NodeFiles, segment: int, index: bytes) -> int:
    record = Record._make(RECORD.unpack_from(index, len(index) - RECORD.size))
    text = next(files.texts(segment, [record]), b"") if record.length else b""
    return record.line + text.count(b"\n")


def _lines(batches: list[Batch], selection: Selection | None) -> list[LogLine]:
    if selection is not None:
        return selection.lines(batches)
    return [line for batch in batches for line in batch.lines()]
