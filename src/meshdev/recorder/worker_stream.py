"""What one mesh worker tells: batches made into raw exchanges.

Rules: pieces are put together until their exchange is over · when the worker is gone, or nobody records any more, what
is still open is told as it is, broken off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from meshdev.recording.assembly.exchange import Pieces, Raw
from meshdev.wire.capture import (
    Batch,
    Closed,
    Facts,
    Item,
    Lost,
    Marker,
    Named,
    Opened,
    Piece,
    Whole,
)
from meshdev.wire.mesh import EdgeKey


@dataclass(slots=True)
class _Open:
    """An exchange that goes piece by piece; ``started`` in seconds since the epoch."""

    key: EdgeKey
    started: float
    asked: list[tuple[int, bytes]] = field(default_factory=list)
    heard: list[tuple[int, bytes]] = field(default_factory=list)

    def raw(self, took: int, facts: Facts, *, broken: bool, asked: int = 0, heard: int = 0) -> Raw:
        """What is known of it now."""
        return Raw(
            self.key,
            self.started,
            took,
            self.asked,
            self.heard,
            facts,
            sent=self.asked[-1][0] if self.asked else 0,
            first=self.heard[0][0] if self.heard else took,
            asked_bytes=asked,
            heard_bytes=heard,
            broken=broken,
        )


class WorkerStream:
    """Tells ``exchanged(raw, token)``, ``lost(count)`` and ``marked(token)``, in the order in which things came."""

    def __init__(
        self,
        exchanged: Callable[[Raw, int], None],
        lost: Callable[[int], None],
        marked: Callable[["WorkerStream", int], None],
    ) -> None:
        self._exchanged = exchanged
        self._lost = lost
        self._marked = marked
        self._edges: dict[int, EdgeKey] = {}
        self._open: dict[int, _Open] = {}

    def feed(self, batch: Batch) -> None:
        """What the worker said."""
        for item in batch.items:
            self._item(item, batch.clock)

    def unfinished(self) -> Iterator[Raw]:
        """What is still open, as it is now; it goes on."""
        for one in self._open.values():
            last = max((at for at, _ in (*one.asked[-1:], *one.heard[-1:])), default=0)
            yield one.raw(last, Facts(), broken=True)

    def close(self) -> None:
        """The worker is gone."""
        for raw in self.unfinished():
            self._exchanged(raw, 0)
        self._open.clear()

    def _item(self, item: Item, clock: float) -> None:
        match item:
            case Whole():
                self._exchanged(_raw(item, self._edges[item.edge], clock), item.token)
            case Piece():
                one = self._open.get(item.take)
                if one is not None:
                    (one.asked if item.asked else one.heard).append((item.at, item.data))
            case Opened():
                self._open[item.take] = _Open(self._edges[item.edge], item.started + clock)
            case Closed():
                self._close(item)
            case Named():
                self._edges[item.edge] = item.key
            case Lost():
                self._lost(item.exchanges)
            case Marker():
                self._marked(self, item.token)
            case _:
                assert_never(item)

    def _close(self, item: Closed) -> None:
        one = self._open.pop(item.take, None)
        if one is not None:
            sizes = {"asked": item.asked_bytes, "heard": item.heard_bytes}
            self._exchanged(one.raw(item.microseconds, item.facts, broken=item.lost, **sizes), 0)


def _raw(item: Whole, key: EdgeKey, clock: float) -> Raw:
    return Raw(
        key,
        item.started + clock,
        item.microseconds,
        _cut(item.request, item.sends, item.sent),
        _cut(item.answer, item.pieces, item.first),
        item.facts,
        item.sent,
        item.first,
        item.asked_bytes,
        item.heard_bytes,
    )


def _cut(data: bytes, offsets: tuple[tuple[int, int], ...], at: int) -> Pieces:
    """``data`` in the pieces in which it came; in one, at ``at``, when nothing is known of more."""
    if not offsets:
        return ((at, data),) if data else ()
    ends = [*(offset for offset, _ in offsets[1:]), len(data)]
    return [(when, data[offset:end]) for (offset, when), end in zip(offsets, ends, strict=True)]
