"""Traces are joined, begun and carried on."""

from shopkit import trace

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_request_joins_the_callers_trace() -> None:
    """The trace id stays, the caller's span becomes the parent."""
    span = trace.begin({"traceparent": CALLER, "x-request-id": "r-1"})
    assert span.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.parent_id == "00f067aa0ba902b7"
    assert span.request_id == "r-1"


def test_a_request_without_a_trace_begins_one() -> None:
    """Nonsense in the header counts as no header."""
    span = trace.begin({"traceparent": "nonsense"})
    assert len(span.trace_id) == 32
    assert span.parent_id == ""
    assert span.trace_id.startswith(span.request_id)


def test_calls_carry_the_span_they_are_made_in() -> None:
    """Outside of a request nothing is carried; inside, this span is the callee's parent."""
    assert trace.headers() == {}
    with trace.joined({"traceparent": CALLER}) as span:
        assert trace.headers() == {"traceparent": span.traceparent, "x-request-id": span.request_id}
        callee = trace.begin(trace.headers())
    assert (callee.trace_id, callee.parent_id) == (span.trace_id, span.span_id)
    assert trace.current() is None
