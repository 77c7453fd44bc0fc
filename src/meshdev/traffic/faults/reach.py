"""Whether a fault can do anything on an edge, by what is spoken there. Pure.

Faults on bytes, names and instances act everywhere. What an edge speaks is known by declaration or guessed from its
connections' first bytes; of one that is not known yet (``tcp``) nothing is said.
"""

from typing import Final

from meshdev.traffic.faults.kinds import FaultKind, Layer
from meshdev.traffic.protocols.cutting import Cuttable
from meshdev.traffic.protocols.table import is_read, scanner_of

_STREAMS: Final = frozenset({"http2", "grpc"})
_NEEDED: Final = {
    Layer.HTTP: "HTTP",
    Layer.STREAM: "calls of gRPC and HTTP/2",
    Layer.MESSAGE: "messages of NATS, AMQP and MQTT",
}


def reaches(kind: FaultKind, protocol: str) -> bool:
    """Whether it acts on what that protocol carries."""
    if kind.layer not in _NEEDED or protocol in {"", "tcp"}:
        return True
    match kind.layer:
        case Layer.HTTP:
            return protocol == "http" or (kind.streams and protocol in _STREAMS)
        case Layer.STREAM:
            return protocol == "http" or protocol in _STREAMS  # callers of HTTP may begin with HTTP/2
        case _:
            return is_read(protocol) and isinstance(scanner_of(protocol), Cuttable)


def in_vain(kind: FaultKind, edge: str, protocol: str) -> str:
    """Why it does nothing on ``edge``, in words; empty when it does something."""
    if reaches(kind, protocol):
        return ""
    acts_on = _NEEDED[kind.layer] + (" and its calls of gRPC" if kind.streams else "")
    return f"{kind.name} acts on {acts_on}, and {edge} speaks {protocol}: it does nothing there"
