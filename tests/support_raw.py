"""Raw exchanges, as a worker tells them."""

from collections.abc import Sequence
from typing import Any

from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.recording.model import Exchange
from meshdev.wire.capture import Facts
from meshdev.wire.mesh import EdgeKey

KEY = EdgeKey("orders", "payments", "http")
FACTS = Facts("payments-0@1", b"a" * 32 + b"-" + b"b" * 16, 200)

Pieces = Sequence[tuple[int, bytes]]


def raw(asked: bytes | Pieces, heard: bytes | Pieces = b"", facts: Facts = FACTS, **more: Any) -> Raw:
    """An exchange on orders -> payments: request and answer at once, or in pieces."""
    said = [(0, asked)] if isinstance(asked, bytes) else asked
    got = [(1000, heard)] if isinstance(heard, bytes) else heard
    return Raw(KEY, 100.0, 5000, said, [piece for piece in got if piece[1]], facts, **more)


def exchange(
    asked: bytes | Pieces, heard: bytes | Pieces = b"", facts: Facts = FACTS, **more: Any
) -> Exchange:
    """The same, understood; fails if it cannot be."""
    found = assemble(raw(asked, heard, facts, **more), "1")
    assert found is not None
    return found


def frame(payload: bytes, *, opcode: int = 1, fin: bool = True, mask: bytes = b"", rsv: int = 0) -> bytes:
    """A WebSocket frame."""
    head = bytes([(0x80 if fin else 0) | rsv | opcode])
    size, masked = len(payload), 0x80 if mask else 0
    if size < 126:
        head += bytes([masked | size])
    elif size < 1 << 16:
        head += bytes([masked | 126]) + size.to_bytes(2)
    else:
        head += bytes([masked | 127]) + size.to_bytes(8)
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if mask else payload
    return head + mask + body
