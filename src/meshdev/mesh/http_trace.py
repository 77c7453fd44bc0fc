"""What is spliced into a request's head on its way: our span as the callee's parent, and a request id.

The ids of trace and span go with the exchange, so that a call can be found in the callee's logs and traces.
"""

from random import Random, SystemRandom

from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.trace_context import PARENT_BYTES, without_trace


class Tracer:
    """Draws the ids of one edge's calls."""

    __slots__ = ("_draw",)

    def __init__(self) -> None:
        self._draw = Random(SystemRandom().getrandbits(128)).getrandbits  # noqa: S311 - names, not secrets

    def spliced(self, head: RequestHead) -> tuple[bytes, str]:
        """The head as the callee gets it, and the ids: the trace's 32 digits, a hyphen, the span's 16.

        A request id that we give is the trace's.
        """
        draw = self._draw
        at = head.parent_at
        if at:
            ids = f"{head.trace}-{draw(64) or 1:016x}"
            raw = head.raw
            named = ids.encode()
            parent, rest = named[-PARENT_BYTES:], raw[at + PARENT_BYTES :]
            if head.request_id is not None:
                return raw[:at] + parent + rest, ids
            line = head.line
            return b"%bx-request-id: %b\r\n%b%b%b" % (
                line,
                named[:32],
                raw[len(line) : at],
                parent,
                rest,
            ), ids
        drawn = f"{draw(192) or 1:048x}"
        ids = f"{drawn[:32]}-{drawn[32:]}"
        name = ids.encode()
        fields = without_trace(head.fields) if head.traced else head.fields
        if head.request_id is not None:
            return b"%btraceparent: 00-%b-01\r\n%b" % (head.line, name, fields), ids
        return b"%btraceparent: 00-%b-01\r\nx-request-id: %b\r\n%b" % (
            head.line,
            name,
            name[:32],
            fields,
        ), ids
