"""gRPC over HTTP/2: how a call is told apart, what its status means, its deadline, its messages.

The statuses of `REFUSALS` are the caller's mistake or a legitimate no; all others are failures of the callee, also
``ABORTED`` and ``RESOURCE_EXHAUSTED``, since the same call may go well later, and ``UNIMPLEMENTED``.
"""

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from typing import Final

from meshdev.traffic.protocols.http2.frames import Error
from meshdev.traffic.protocols.operation import Outcome

CONTENT_TYPE: Final = b"application/grpc"
PREFIX_SIZE: Final = 5
_PREFIX: Final = Struct(">BI")
_UNITS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_MOST_DIGITS: Final = 8


class Status(IntEnum):
    """How a call ended."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


REFUSALS: Final = frozenset(
    {
        Status.CANCELLED,
        Status.INVALID_ARGUMENT,
        Status.NOT_FOUND,
        Status.ALREADY_EXISTS,
        Status.PERMISSION_DENIED,
        Status.FAILED_PRECONDITION,
        Status.OUT_OF_RANGE,
        Status.UNAUTHENTICATED,
    }
)
_OF_RESETS: Final[Mapping[int, Status]] = {
    Error.REFUSED_STREAM: Status.UNAVAILABLE,
    Error.CANCEL: Status.CANCELLED,
    Error.ENHANCE_YOUR_CALM: Status.RESOURCE_EXHAUSTED,
    Error.INADEQUATE_SECURITY: Status.PERMISSION_DENIED,
}
_OF_HTTP: Final[Mapping[int, Status]] = {
    200: Status.UNKNOWN,  # without a status of gRPC's own
    400: Status.INTERNAL,
    401: Status.UNAUTHENTICATED,
    403: Status.PERMISSION_DENIED,
    404: Status.UNIMPLEMENTED,
    429: Status.UNAVAILABLE,
    502: Status.UNAVAILABLE,
    503: Status.UNAVAILABLE,
    504: Status.UNAVAILABLE,
}


def is_grpc(content_type: bytes) -> bool:
    """Whether a request is a call."""
    return content_type.startswith(CONTENT_TYPE) and content_type[len(CONTENT_TYPE) :][:1] in (
        b"",
        b"+",
        b";",
    )


def status_of(written: bytes) -> Status:
    """A ``grpc-status`` as it is written; what nobody knows is ``UNKNOWN``."""
    return Status(int(written)) if written.isdigit() and int(written[:3]) in set(Status) else Status.UNKNOWN


def status_of_http(status: int) -> Status:
    """What callers make of an answer without a status of gRPC's own."""
    return _OF_HTTP.get(status, Status.UNKNOWN)


def status_of_reset(error: int) -> Status:
    """What callers make of a stream that the callee resets."""
    return _OF_RESETS.get(error, Status.INTERNAL)


def outcome_of(status: Status) -> Outcome:
    """Who is to be blamed."""
    if status is Status.OK:
        return Outcome.OK
    return Outcome.REFUSED if status in REFUSALS else Outcome.FAILED


def timeout_of(written: bytes) -> float | None:
    """A ``grpc-timeout`` in seconds; None when it is none.

    >>> timeout_of(b"250m"), timeout_of(b"soon")
    (0.25, None)
    """
    unit = _UNITS.get(written[-1:])
    if unit is None or not written[:-1].isdigit() or len(written) > _MOST_DIGITS + 1:
        return None
    return int(written[:-1]) * unit


class Messages:
    """Counts the messages of one direction of a call, each behind a prefix of five bytes."""

    __slots__ = ("_left", "_prefix", "count")

    def __init__(self) -> None:
        self.count = 0
        self._left = 0  # bytes of the message that is under way
        self._prefix = b""

    def feed(self, buffer: bytes, at: int, end: int) -> None:
        """The bytes from ``at`` to ``end`` are more of the body."""
        if self._left:
            if end - at < self._left:
                self._left -= end - at
                return
            at += self._left
            self._left = 0
            self.count += 1
        elif self._prefix:
            missing = PREFIX_SIZE - len(self._prefix)
            self._prefix += buffer[at : min(end, at + missing)]
            if len(self._prefix) < PREFIX_SIZE:
                return
            self._left = int.from_bytes(self._prefix[1:], "big")
            self._prefix = b""
            at += missing
            if not self._left:
                self.count += 1
            self.feed(buffer, at, end)
            return
        while end - at >= PREFIX_SIZE:
            at += PREFIX_SIZE + _PREFIX.unpack_from(buffer, at)[1]
            if at > end:
                self._left = at - end
                return
            self.count += 1
        self._prefix = buffer[at:end]
