"""One stream of one incarnation: bytes come in as the pipe gives them, whole lines go out.

Rules: nothing is looked at line by line. The text is cut at the last line feed; the rest is kept and completed by
what comes next. A rest is given away unfinished (`OPEN`) after a quiet moment or when it outgrows the memory that a
line may take, and goes on in a later chunk. The end of the stream finishes a line that has no end.
"""

from typing import TYPE_CHECKING, Protocol

from meshdev.storage.waiting import Chunk

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from meshdev.storage.layout import Source


class Sink(Protocol):
    """What a stream gives its chunks to. All but ``lock`` are used with the lock held."""

    lock: "threading.Lock"
    line_most: int

    def now(self) -> float:
        """Epoch seconds."""

    def take(self, node: str, chunk: Chunk) -> None:
        """Queue a chunk."""

    def remember(self, stream: "LogStream") -> None:
        """The stream keeps a line without its end: call its `settle` by and by."""

    def forget(self, stream: "LogStream") -> None:
        """The stream keeps nothing any more."""


class LogStream:
    """Made by `LogStore.stream`.

    ``tap``, when set, gets every piece of whole lines at once, on the thread that feeds: for those who look for a
    pattern in the log (probes, dependents).
    """

    __slots__ = ("_node", "_open", "_since", "_sink", "_size", "_source", "_tail", "tap")

    def __init__(self, sink: Sink, node: str, source: "Source") -> None:
        self._sink = sink
        self._node = node
        self._source = source
        self._tail: list[bytes] = []
        self._size = 0
        self._since = 0.0
        self._open = False
        self.tap: Callable[[bytes], None] | None = None

    def __repr__(self) -> str:
        return f"<LogStream {self._source} of {self._node}>"

    def feed(self, data: bytes) -> None:
        """Take what was read, whole lines or not."""
        cut = data.rfind(b"\n") + 1
        parts: list[bytes] = []
        with self._sink.lock:
            if cut:
                parts = [*self._tail, data[:cut]]
                self._emit(parts, is_open=False)
            if cut < len(data):
                self._keep(data[cut:])
        if parts and self.tap is not None:
            self.tap(b"".join(parts))

    def end(self) -> None:
        """The stream is over: a line without its end is finished."""
        parts: list[bytes] = []
        with self._sink.lock:
            if self._tail or self._open:
                parts = [*self._tail, b"\n"]
                self._emit(parts, is_open=False)
            self._sink.forget(self)
        if parts and self.tap is not None:
            self.tap(b"".join(parts))

    def settle(self, now: float, quiet: float) -> bool:
        """Give away a line without its end when nothing came for ``quiet`` seconds; says whether nothing is kept."""
        if self._tail and not 0 <= now - self._since < quiet:
            self._emit([*self._tail], is_open=True)
        return not self._tail

    def _keep(self, rest: bytes) -> None:
        self._tail.append(rest)
        self._size += len(rest)
        self._since = self._sink.now()
        if self._size >= self._sink.line_most:
            self._emit([*self._tail], is_open=True)
        else:
            self._sink.remember(self)

    def _emit(self, parts: list[bytes], *, is_open: bool) -> None:
        size = sum(map(len, parts))
        chunk = Chunk(self._source, int(self._sink.now() * 1e9), parts, size, is_open, self._open)
        self._tail.clear()
        self._size = 0
        self._open = is_open
        self._sink.take(self._node, chunk)
