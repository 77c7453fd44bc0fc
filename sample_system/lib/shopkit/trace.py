"""The trace that a request belongs to: taken from the caller, carried by log lines, calls and events.

W3C Trace Context (``traceparent``) plus the plainer ``x-request-id``. A request that comes without either starts
a trace of its own.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


@dataclass(frozen=True, slots=True)
class Trace:
    """One span of one trace; `parent_id` is the caller's span, empty at the root."""

    trace_id: str
    span_id: str
    parent_id: str
    request_id: str
    flags: str = "01"

    @property
    def traceparent(self) -> str:
        """The header that a callee gets: this span becomes its parent."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(headers: Mapping[str, str]) -> Trace:
    """A new span below the one that `headers` (lower-case names) name, or the root of a new trace."""
    match = _TRACEPARENT.match(headers.get("traceparent", ""))
    trace_id, parent_id, flags = match.groups() if match else (secrets.token_hex(16), "", "01")
    request_id = headers.get("x-request-id") or trace_id[:16]
    return Trace(trace_id, secrets.token_hex(8), parent_id, request_id, flags)


def current() -> Trace | None:
    """The span in which this code runs, if any."""
    return _current.get()


def headers() -> dict[str, str]:
    """What an outgoing call or event carries so that its receiver joins the trace."""
    trace = _current.get()
    return {} if trace is None else {"traceparent": trace.traceparent, "x-request-id": trace.request_id}


@contextmanager
def joined(carried: Mapping[str, str]) -> Iterator[Trace]:
    """Run a block as part of the trace that `carried` headers name."""
    trace = begin(carried)
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)
