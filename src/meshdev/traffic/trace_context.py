"""W3C trace context, as far as a mesh needs it: a head in which the callee's parent is our own span. Sans-IO.

| ``traceparent`` | what the callee gets |
|---|---|
| absent | a new one |
| well-formed | the same trace and flags, our span as the parent id, in place |
| malformed, or more than one | a new one; the others are taken out, and ``tracestate`` with them (Trace Context §4.3) |

Everything else stays as it is, byte by byte.
"""

import re
from typing import Final

_NAME: Final = b"\r\ntraceparent:"
_VALUE: Final = re.compile(
    rb"[\t ]*+(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[^\r]*+)?[\t ]*+\r"
)
_LINES: Final = re.compile(rb"(?i)(?<=\r\n)trace(?:parent|state):[^\r]*+\r\n")
_IDS: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
TRACE_BYTES: Final = 32
PARENT_BYTES: Final = 16
FIRST_VERSION: Final = b"00"


def find_parent(raw: bytes) -> int:
    """Where the parent id begins in a checked head with one traceparent, behind the trace's id and a hyphen.

    0 if it is malformed.
    """
    at = raw.find(_NAME)
    if at < 0:
        at = raw.lower().find(_NAME)
    match = _VALUE.match(raw, at + len(_NAME))
    if match is None or (match[1] == FIRST_VERSION and match[3]):
        return 0
    return match.end(2) + 1


def without_trace(fields: bytes) -> bytes:
    """Header lines without those that tell of a trace."""
    return _LINES.sub(b"", b"\r\n" + fields)[2:]


def ids_at(data: bytes, at: int, end: int) -> tuple[str, str]:
    """The trace's and the parent's id of the traceparent that begins at ``at`` and ends before ``end``, as text.

    Both are empty if it is malformed.
    """
    match = _IDS.match(data, at, end)
    return (match[1].decode(), match[2].decode()) if match else ("", "")
