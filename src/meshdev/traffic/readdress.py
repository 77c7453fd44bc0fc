"""A request's head made out to somebody else: another target in its first line, another Host. Pure.

For what stands between two names: a service that runs elsewhere is called by its own name and path, and what a client
asked of a proxy is asked of the origin itself (RFC 9112 §3.2). Everything else in the head keeps its bytes and order.
The heads that come in have been checked (`http1_head`).
"""

import re
from typing import Final, NamedTuple

_ABSOLUTE: Final = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)")
_AUTHORITY: Final = re.compile(
    rb"(?:[^@]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]@]+)(?::(?P<port>[0-9]{0,5}))?"
)
_HOST: Final = re.compile(rb"\r\nhost:[^\r]*", re.IGNORECASE)
_MOST_PORT: Final = 65535


class Absolute(NamedTuple):
    """A target in absolute form: ``http``, ``payments:8080``, ``/charges?dry=1``."""

    scheme: str
    authority: bytes
    path: bytes


def absolute(target: bytes) -> Absolute | None:
    """The parts of a target in absolute form, its path never empty; None for any other form."""
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        return None
    path = match[3] if match[3].startswith(b"/") else b"/" + match[3]
    return Absolute(match[1].decode("ascii").lower(), match[2], path)


def host_and_port(authority: bytes, default: int) -> tuple[str, int] | None:
    """The host, lowered and without brackets, and the port; None when it is no authority."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else default
    if not 0 < port <= _MOST_PORT:
        return None
    return match["host"].decode("latin-1").lower().strip("[]"), port


def below(target: bytes, base: bytes) -> bytes:
    """``target`` in origin form, below the path ``base`` (``/v1``, without a slash at its end)."""
    parts = absolute(target)
    path = target if parts is None else parts.path
    return base + path if path.startswith(b"/") else path


def readdressed(head: bytes, target: bytes, host: bytes) -> bytes:
    """``head`` asking for ``target`` of ``host``; a head without Host (HTTP/1.0) gets one."""
    line_end = head.index(b"\r\n")
    method, _, rest = head[:line_end].partition(b" ")
    version = rest.rpartition(b" ")[2]
    line = b"%b %b %b" % (method, target, version)
    fields = head[line_end:]
    named = b"\r\nHost: " + host
    new, count = _HOST.subn(lambda _: named, fields, 1)
    return line + new if count else line + named + fields


def without(head: bytes, names: tuple[bytes, ...]) -> bytes:
    """``head`` without the fields of these (lowered) names."""
    for name in names:
        if name in head.lower():
            head = re.sub(rb"\r\n" + re.escape(name) + rb":[^\r]*", b"", head, flags=re.IGNORECASE)
    return head
