"""What the mesh itself answers when no instance does: a problem (RFC 9457), the reason also in ``x-meshdev-reason``.

400, 431 and 501 for requests that are refused, 503 when no instance took the request in time, 502 when one broke off.
"""

from http import HTTPStatus

import msgspec

REASON_HEADER = "x-meshdev-reason"


def problem(status: int, reason: str, *, bodiless: bool = False) -> bytes:
    """A whole response that closes the connection; ``bodiless`` when it answers a HEAD."""
    title = HTTPStatus(status).phrase
    detail = reason.translate({ord("\r"): " ", ord("\n"): " "})
    body = msgspec.json.encode({"title": title, "status": status, "detail": detail})
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
        f"{REASON_HEADER}: {detail}\r\nconnection: close\r\n\r\n"
    ).encode("latin-1", "replace")
    return head if bodiless else head + body
