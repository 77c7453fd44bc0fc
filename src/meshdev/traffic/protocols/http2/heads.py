"""What the header blocks of HTTP/2 say that matters to an operation: a request's, and an answer's."""

from typing import Final, NamedTuple

from meshdev.kernel.quantity import format_duration
from meshdev.traffic.protocols.http2.grpc import Status, is_grpc, status_of, timeout_of
from meshdev.traffic.protocols.http2.hpack_blocks import Fields
from meshdev.traffic.route import MOST_BYTES, route_of
from meshdev.traffic.trace_context import ids_at

_MOST_METHOD: Final = 32
_MOST_TRACEPARENT: Final = 256
_MOST_LENGTH: Final = 20


class Asked(NamedTuple):
    """A request's head, or a call's: then ``name`` is ``package.Service/Method``. ``deadline`` in seconds.

    ``fields`` are there only where streams are kept.
    """

    name: str
    target: str
    grpc: bool
    deadline: float | None = None
    trace: str = ""
    parent: str = ""
    fields: Fields = ()

    @property
    def detail(self) -> str:
        """The deadline, for a person."""
        return "" if self.deadline is None else f"deadline {format_duration(self.deadline)}"


class Heard(NamedTuple):
    """An answer's head, or its trailers; ``status`` is 0 in trailers, ``length`` -1 where none is told."""

    status: int = 0
    grpc_status: Status | None = None
    length: int = -1
    fields: Fields = ()


def asked_of(fields: Fields) -> Asked:
    """What is asked."""
    method = path = content = timeout = trace = b""
    for name, value in fields:
        if name == b":path":
            path = value
        elif name == b":method":
            method = value
        elif name == b"content-type":
            content = value
        elif name == b"grpc-timeout":
            timeout = value
        elif name == b"traceparent" and len(value) < _MOST_TRACEPARENT:
            trace = value
        elif name == b":authority" and not path:
            path = value  # of a CONNECT, which has no path
    ids = ids_at(trace, 0, len(trace)) if trace else ("", "")
    if is_grpc(content):
        return Asked(path[1:MOST_BYTES].decode("utf-8", "replace"), "", True, timeout_of(timeout), *ids)  # noqa: FBT003
    return Asked(method[:_MOST_METHOD].decode("latin-1"), route_of(path), False, None, *ids)  # noqa: FBT003


def heard_of(fields: Fields) -> Heard:
    """What is answered."""
    status, grpc_status, length = 0, None, -1
    for name, value in fields:
        if name == b":status":
            status = int(value) if value.isdigit() and len(value) == len("200") else 0
        elif name == b"grpc-status":
            grpc_status = status_of(value)
        elif name == b"content-length" and value.isdigit() and len(value) < _MOST_LENGTH:
            length = int(value)
    return Heard(status, grpc_status, length)


def asked_whole(fields: Fields) -> Asked:
    """What is asked, and how."""
    return Asked(*asked_of(fields)[:-1], fields)


def heard_whole(fields: Fields) -> Heard:
    """What is answered, and how."""
    return Heard(*heard_of(fields)[:-1], fields)
