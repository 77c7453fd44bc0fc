"""For demonstration: what a consumer does that takes every delivery at its word."""

import os


def idempotent() -> bool:
    """Whether a second delivery changes nothing; not with ``IDEMPOTENCY=off``, to see what that is good for."""
    return os.environ.get("IDEMPOTENCY", "on") != "off"
