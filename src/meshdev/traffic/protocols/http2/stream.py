"""One stream of an HTTP/2 connection, from its request's head to its answer's end: how it becomes an operation."""

from typing import Final

from meshdev.traffic.protocols.http2.frames import Error, error_name
from meshdev.traffic.protocols.http2.grpc import (
    Messages,
    Status,
    outcome_of,
    status_of_http,
    status_of_reset,
)
from meshdev.traffic.protocols.http2.heads import Asked, Heard
from meshdev.traffic.protocols.operation import Operation, Outcome

_INFORMATIONAL: Final = range(100, 200)
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_NEAR_DEADLINE: Final = 0.95  # the caller's clock began before ours


class Stream:
    """What is known of it so far."""

    __slots__ = (
        "answered_by",
        "asked",
        "bytes_in",
        "bytes_out",
        "faults",
        "grpc_status",
        "said",
        "sent",
        "started",
        "status",
        "whole_at",
    )

    def __init__(self, asked: Asked, now: float, size: int) -> None:
        self.asked = asked
        self.started = now
        self.bytes_in = size
        self.bytes_out = 0
        self.sent = Messages() if asked.grpc else None
        self.said = Messages() if asked.grpc else None
        self.status = 0
        self.grpc_status: Status | None = None
        self.faults: tuple[str, ...] = ()
        self.answered_by = ""
        self.whole_at = -1  # so many bytes of the callee's are all of its answer, if it has told

    def passed(self, buffer: bytes, at: int, end: int, now: float, *, by_caller: bool) -> None:
        """The bytes from ``at`` to ``end`` were more of a body; ``now`` is for who keeps them."""
        del now
        if by_caller:
            self.bytes_in += end - at
            messages = self.sent
        else:
            self.bytes_out += end - at
            messages = self.said
        if messages is not None:
            messages.feed(buffer, at, end)

    def heard(self, head: Heard, now: float) -> None:
        """A head of the callee's, or its trailers."""
        del now
        if head.status and head.status not in _INFORMATIONAL:
            self.status = head.status
            self.whole_at = self.bytes_out + head.length if head.length >= 0 else -1
        if head.grpc_status is not None:
            self.grpc_status = head.grpc_status

    def asked_all(self, now: float) -> None:
        """The caller has said all."""

    def given_up(self, now: float) -> None:
        """Nothing more of it can be read."""

    def answered(self, now: float) -> Operation:
        """The callee has said all."""
        if self.asked.grpc:
            status = self.grpc_status
            return self._call(now, status_of_http(self.status) if status is None else status)
        if self.status < _CLIENT_ERROR:
            return self._operation(now, Outcome.OK, "")
        outcome = Outcome.REFUSED if self.status < _SERVER_ERROR else Outcome.FAILED
        return self._operation(now, outcome, str(self.status))

    def reset(self, now: float, error: int, *, by_caller: bool) -> Operation:
        """One side has reset it, before the answer was complete."""
        if not self.asked.grpc:
            refused = by_caller or error in (Error.CANCEL, Error.NO_ERROR)
            return self._operation(now, Outcome.REFUSED if refused else Outcome.FAILED, error_name(error))
        if not by_caller:
            return self._call(now, status_of_reset(error))
        deadline = self.asked.deadline
        late = deadline is not None and 0.0 < deadline * _NEAR_DEADLINE <= now - self.started
        return self._call(now, Status.DEADLINE_EXCEEDED if late else Status.CANCELLED)

    def lost(self, now: float, code: str = "") -> Operation:
        """Nothing more will come; who has all of an answer by its length need not wait for its end (curl does not)."""
        if not code and not self.asked.grpc and 0 <= self.whole_at <= self.bytes_out:
            return self.answered(now)
        return self._operation(now, Outcome.LOST, code)

    def _call(self, now: float, status: Status) -> Operation:
        return self._operation(now, outcome_of(status), "" if status is Status.OK else status.name)

    def _operation(self, now: float, outcome: Outcome, code: str) -> Operation:
        asked, sent, said = self.asked, self.sent, self.said
        return Operation(
            asked.name,
            asked.target,
            self.started,
            now,
            outcome,
            code,
            self.bytes_in,
            self.bytes_out,
            detail=asked.detail,
            trace=asked.trace,
            parent=asked.parent,
            messages_in=None if sent is None else sent.count,
            messages_out=None if said is None else said.count,
            faults=self.faults,
            by=self.answered_by if self.status else "",
        )
