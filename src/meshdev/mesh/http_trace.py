"""What is spliced into a request's head on its way: our span as the callee's parent, and a request id.

The ids of trace and span go with the exchange, so that a call can be found in the callee's logs and traces.
"""

from binascii import hexlify
from random import Random, SystemRandom

from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.trace_context import PARENT_BYTES, TRACE_BYTES, without_trace


class Tracer:
    """Draws the ids of one edge's calls."""

    __slots__ = ("_draw",)

    def __init__(self) -> None:
        self._draw = Random(SystemRandom().getrandbits(128)).getrandbits  # noqa: S311 - names, not secrets

    def spliced(self, head: RequestHead) -> tuple[bytes, bytes]:
        """The head as the callee gets it, and the ids: the trace's 32 digits, a hyphen, the span's 16.

        A request id that we give is the trace's.
        """
        draw, raw, line = self._draw, head.raw, head.line
        at = head.parent_at
        if at:
            trace_at = at - TRACE_BYTES - 1
            ids = raw[trace_at:at] + hexlify((draw(64) or 1).to_bytes(8))
            if head.has_request_id:
                return b"".join((raw[:trace_at], ids, raw[at + PARENT_BYTES :])), ids
            name = ids[:TRACE_BYTES]
            fields = raw[len(line) : trace_at]
            return b"".join(
                (line, b"x-request-id: ", name, b"\r\n", fields, ids, raw[at + PARENT_BYTES :])
            ), ids
        ids = hexlify(draw(192).to_bytes(24), b"-", -16)
        fields = raw[len(line) :]
        if head.traced:
            fields = without_trace(fields)
        if head.has_request_id:
            return b"".join((line, b"traceparent: 00-", ids, b"-01\r\n", fields)), ids
        name = ids[:TRACE_BYTES]
        return b"".join(
            (line, b"traceparent: 00-", ids, b"-01\r\nx-request-id: ", name, b"\r\n", fields)
        ), ids
