"""Whether a fault can do anything on an edge, by what is spoken there. Pure.

Faults on bytes, names and instances act everywhere. What an edge speaks is known by declaration or guessed from its
connections' first bytes; of one that is not known yet (``tcp``) nothing is said.
"""

from typing import Final

from meshdev.traffic.faults.kinds import FaultKind, Layer
from meshdev.traffic.protocols.cutting import Cuttable
from meshdev.traffic.protocols.table import has_statements, is_read, scanner_of

EVERYWHERE: Final = frozenset({Layer.BYTES, Layer.NAME, Layer.INSTANCE})
_STREAMS: Final = frozenset({"http2", "grpc"})


def reaches(kind: FaultKind, protocol: str) -> bool:
    """Whether it acts on what that protocol carries."""
    if kind.layer in EVERYWHERE or protocol in {"", "tcp"}:
        return True
    if protocol == "http":
        return kind.http is not None or kind.layer is Layer.STREAM  # callers of HTTP may begin with HTTP/2
    if protocol in _STREAMS:
        return kind.streams or kind.layer is Layer.STREAM
    if has_statements(protocol):
        return kind.statement is not None
    return kind.message is not None and is_read(protocol) and isinstance(scanner_of(protocol), Cuttable)


def in_vain(kind: FaultKind, edge: str, protocol: str) -> str:
    """Why it does nothing on ``edge``, in words; empty when it does something."""
    if reaches(kind, protocol):
        return ""
    acts_on = (
        ("HTTP", kind.http is not None and kind.layer is not Layer.STREAM),
        ("calls of gRPC and HTTP/2", kind.streams or kind.layer is Layer.STREAM),
        ("brokers' messages", kind.message is not None),
        ("statements of SQL", kind.statement is not None),
    )
    words = ", ".join(word for word, does in acts_on if does)
    return f"{kind.name} acts on {words}, and {edge} speaks {protocol}: it does nothing there"
