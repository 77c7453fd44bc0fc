"""Header fields, and which of them belong to the connection, to the framing, or to a trace."""

from collections.abc import Collection, Iterable
from typing import Final

from meshdev.recording.model import Headers

CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
FRAMING: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
TRACING: Final = frozenset(
    {
        "b3", "baggage", "traceparent", "tracestate", "uber-trace-id", "x-amzn-trace-id", "x-b3-flags",
        "x-b3-parentspanid", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid", "x-cloud-trace-context",
        "x-correlation-id", "x-request-id",
    }
)  # fmt: skip
CLIENT: Final = frozenset(
    {
        "accept-encoding", "accept-language", "cache-control", "dnt", "forwarded", "origin", "pragma", "priority",
        "referer", "upgrade-insecure-requests", "user-agent", "via", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-port", "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
"""What a client says of itself and of the way; `without` also takes its ``sec-`` fields for such."""


def first(headers: Headers, name: str) -> str:
    """The first field's value, or an empty text."""
    return next((value for key, value in headers if key.lower() == name), "")


def every(headers: Headers, name: str) -> tuple[str, ...]:
    """The values of all fields of this name."""
    return tuple(value for key, value in headers if key.lower() == name)


def without(headers: Headers, names: Collection[str]) -> Headers:
    """Less the fields of these (lower-case) names."""
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def essential(headers: Headers) -> Headers:
    """Those of a request that say something about the request, not about client, way, framing or trace."""
    plain = without(headers, CONNECTION | FRAMING | TRACING | CLIENT | {"host", "expect"})
    return tuple(pair for pair in plain if not pair[0].lower().startswith("sec-"))


def grouped(headers: Headers) -> dict[str, list[str]]:
    """Values by name, as the name was written first; names that differ only in case are one."""
    names: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for key, value in headers:
        found.setdefault(names.setdefault(key.lower(), key), []).append(value)
    return found


def spread(groups: Iterable[tuple[str, str | Iterable[str]]]) -> Headers:
    """Pairs again, of values by name; a single text counts as one value."""
    return tuple(
        (name, value)
        for name, values in groups
        for value in ([values] if isinstance(values, str) else values)
    )
