"""A callee's parent is our own span; nothing but that is touched."""

import pytest

from meshdev.traffic.trace_context import PARENT_BYTES, TRACE_BYTES, find_parent, without_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "line", [f"traceparent: {GOOD}", f"TraceParent:{GOOD}\t ", f"traceparent: cc-{GOOD[3:]}-more"]
)
def test_a_parent_is_found(line: str) -> None:
    """Whatever the name's case, the blanks, or a later version's additions."""
    raw = f"GET / HTTP/1.1\r\nx-note: {GOOD}\r\n{line}\r\nHost: a\r\n\r\n".encode()
    at = find_parent(raw)
    assert raw[at - TRACE_BYTES - 1 : at + PARENT_BYTES] == f"{TRACE}-00f067aa0ba902b7".encode()
    assert raw.rfind(b"00f067aa0ba902b7") == at


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00-aa-bb-01",
        f"ff-{GOOD[3:]}",
        GOOD.upper(),
        f"{GOOD}-more",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{GOOD}, {GOOD}",
    ],
)
def test_what_is_malformed_is_no_parent(value: str) -> None:
    """W3C Trace Context §3.2.2: a new trace begins then."""
    assert find_parent(f"GET / HTTP/1.1\r\ntraceparent: {value}\r\n\r\n".encode()) == 0


def test_lines_of_a_trace_are_taken_out() -> None:
    """Those and no others, neighbours and all."""
    fields = b"Tracestate: a=b\r\nx-traceparent: 1\r\nTRACEPARENT: x\r\ntraceparent: y\r\nHost: z\r\n\r\n"
    assert without_trace(fields) == b"x-traceparent: 1\r\nHost: z\r\n\r\n"
