"""Guessing the route behind a request's target, so that telemetry counts `/orders/{id}` and not every order.

A path segment that looks like a value (a number, a UUID, a long hexadecimal or mixed word) becomes ``{id}``; the query
is left out. Guesses are for people and for sums: nothing is decided by them.
"""

import re
from typing import Final

MOST_SEGMENTS: Final = 12
MOST_BYTES: Final = 160
_VALUE: Final = re.compile(
    rb"(?<=/)(?:"
    rb"[0-9]+(?:[.,_-][0-9]+)*"  # numbers, dates, versions
    rb"|[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # UUID
    rb"|[0-9a-fA-F]{16,}"
    rb"|(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[0-9A-Za-z_=-]{16,}"  # ULID, KSUID, base64 of something
    rb"|[A-Za-z]{1,12}[-_](?:[0-9]{2,}|(?=[0-9a-f]*[0-9])[0-9a-f]{6,})"  # order-1042, cart_9f8e7d
    rb"|[^/]*(?:%[0-9A-Fa-f]{2}|@)[^/]*"  # whatever a person typed
    rb")(?=/|\Z)"
)
_COULD_HOLD_VALUE: Final = re.compile(rb"[0-9a-fA-F]{16}|[0-9%@]")


def route_of(target: bytes) -> str:
    """The guessed route of a target: ``/orders/17?full=1`` gives ``/orders/{id}``."""
    path = target.partition(b"?")[0]
    if not path.startswith(b"/") and path.startswith((b"http://", b"https://")):
        path = b"/" + path.split(b"/", 3)[-1] if path.count(b"/") > len("//") else b"/"
    if path.count(b"/") > MOST_SEGMENTS:
        path = b"/".join([*path.split(b"/")[: MOST_SEGMENTS + 1], b"..."])
    if _COULD_HOLD_VALUE.search(path):
        path = _VALUE.sub(b"{id}", path)
    return path[:MOST_BYTES].decode("utf-8", "replace")
