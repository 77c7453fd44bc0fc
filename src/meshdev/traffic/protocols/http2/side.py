"""Where one direction of an HTTP/2 connection stands between two reads: `Side`.

A frame is in one of three states: its head is not whole yet, or it is wanted whole and is not (``rest``) · its payload
is passing by (``left``, of the body of ``stream`` if that is somebody's, then ``padding``) · it is over. A header
block goes on over CONTINUATION frames until it is whole (``block``).
"""

from typing import TYPE_CHECKING, Generic, TypeVar

from meshdev.traffic.protocols.http2.frames import FIRST_TABLE_SIZE
from meshdev.traffic.protocols.http2.heads import Asked, Heard
from meshdev.traffic.protocols.http2.hpack_blocks import BlockReader

if TYPE_CHECKING:
    from meshdev.traffic.protocols.http2.stream import Stream

T = TypeVar("T", Asked, Heard)


class Side(Generic[T]):
    """One direction; ``reader`` knows its header table."""

    __slots__ = (
        "begun",
        "block",
        "block_flags",
        "block_for",
        "block_of",
        "ends",
        "last",
        "left",
        "padding",
        "reader",
        "rest",
        "settings",
        "stream",
        "table_size",
    )

    def __init__(self, reader: BlockReader[T]) -> None:
        self.reader: BlockReader[T] = reader
        self.begun = False  # its first frame, or the preface, was seen
        self.rest = b""
        self.left = 0
        self.padding = 0
        self.stream: Stream | None = None  # whose body is passing
        self.ends = 0  # the stream that ends with the frame that is passing
        self.block = bytearray()
        self.block_of = 0  # the stream of a header block that is not whole yet
        self.block_for = 0  # the stream that it tells of: not the same for what is pushed
        self.block_flags = 0
        self.settings: dict[int, int] = {}  # as this side has said them
        self.table_size = FIRST_TABLE_SIZE  # what it lets the table of what it hears have, agreed upon
        self.last = 0  # the highest stream that was opened from here


AnySide = Side[Asked] | Side[Heard]
