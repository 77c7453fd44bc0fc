"""What the mesh itself answers when no instance does: a problem (RFC 9457), the reason also in ``x-meshdev-reason``.

400, 431 and 501 for requests that are refused, 403 on a closed edge, 503 when no instance took the request in time, the
circuit is open or too many requests are under way, 502 when an instance broke off, 504 when it took too long.
"""

from http import HTTPStatus

import msgspec

from meshdev.wire.mesh import EdgeKey

REASON_HEADER = "x-meshdev-reason"
FAULT_HEADER = "x-meshdev-fault"
BY_US = "meshdev"


def problem(
    status: int, reason: str, kind: str, edge: EdgeKey, *, fault: str = "", bodiless: bool = False
) -> bytes:
    """A whole response that closes the connection; ``bodiless`` when it answers a HEAD.

    Beside the members of RFC 9457 the body tells who called whom, ``error``: the kind that telemetry counts, and which
    injected ``fault`` is at the bottom of it, if one is.
    """
    title = HTTPStatus(status).phrase
    detail = reason.translate({ord("\r"): " ", ord("\n"): " "})
    facts = {
        "by": BY_US,
        "error": kind,
        "caller": edge.caller,
        "callee": edge.callee,
        "endpoint": edge.endpoint,
    }
    named = ""
    if fault:
        facts["fault"] = fault
        named = f"{FAULT_HEADER}: {fault}\r\n"
    body = msgspec.json.encode({"title": title, "status": status, "detail": detail} | facts)
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
        f"{REASON_HEADER}: {detail}\r\n{named}connection: close\r\n\r\n"
    ).encode("latin-1", "replace")
    return head if bodiless else head + body
