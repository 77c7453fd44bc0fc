"""An injected answer on a stream of HTTP/2: its fields and its body."""

import json
from typing import Final

from meshdev.traffic.faults.http import Answer
from meshdev.traffic.protocols.http2.hpack_blocks import Fields

FAULT_HEADER: Final = b"x-meshdev-fault"
_MOST_BODY: Final = 16384  # what every window has room for at its beginning


def injected(answer: Answer, fault: str) -> tuple[Fields, bytes]:
    """An answer's fields and body; without a body of its own it is a problem document (RFC 9457)."""
    given = list(answer.fields)
    body = answer.body
    if body is None:
        detail = f"injected on purpose by the fault {fault}"
        told = {"status": answer.status, "detail": detail, "by": "meshdev", "error": "fault", "fault": fault}
        body = json.dumps(told, separators=(",", ":")).encode()
        given.insert(0, ("content-type", "application/problem+json"))
    body = body[:_MOST_BODY]
    if body:
        given.append(("content-length", str(len(body))))
    fields = ((name.lower().encode("latin-1", "replace"), _plain(value)) for name, value in given)
    return ((b":status", str(answer.status).encode()), *fields, (FAULT_HEADER, _plain(fault))), body


def _plain(text: str) -> bytes:
    """A field's value: in one line."""
    return " ".join(text.split()).encode("utf-8", "replace")
