"""URLs: a service and a target made into one, and taken apart again."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_LOCAL: Final = re.compile(r"(?:localhost|[0-9.]+|\[[0-9a-fA-F:.]+\])(?=:|\Z)")
_SAFE: Final = "/?:@!$&'()*+,;=-._~%"


def relative(target: str) -> str:
    """Path and query of a target, whether it came as a path or (to a proxy) as a whole URL."""
    found = _ABSOLUTE.match(target)
    rest = target[found.end() :] if found else target
    return rest if rest.startswith("/") else f"/{rest}"


def url_of(callee: str, target: str, urls: Mapping[str, str]) -> str:
    """The whole URL, with everything that may not stand in one percent-encoded."""
    base = urls.get(callee) or f"http://{callee}"
    encoded = quote(relative(target), safe=_SAFE, encoding="latin-1", errors="replace")
    return base.rstrip("/") + re.sub("%(?![0-9A-Fa-f]{2})", "%25", encoded)


def split_target(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The path as it is, and the decoded parameters of the query in their order."""
    path, _, query = relative(target).partition("?")
    return path, pairs_of(query)


def pairs_of(encoded: str) -> tuple[tuple[str, str], ...]:
    """Names and values of a query or of an urlencoded form, decoded; a name without ``=`` has an empty value."""
    pairs = (piece.partition("=") for piece in encoded.split("&") if piece)
    return tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)


def taken_apart(url: str) -> tuple[str, str] | None:
    """(callee, target) of a whole URL; None when it is no http(s) or ws(s) URL.

    The callee is the host, and the port with it only where the host says nothing (``localhost:8080``).
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https", "ws", "wss"} or not parts.netloc:
        return None
    found = _ABSOLUTE.match(url)
    rest = (url[found.end() :] if found else url).partition("#")[0]
    host = parts.netloc.rpartition("@")[2].lower()
    callee = host if _LOCAL.match(host) else host.partition(":")[0]
    return callee, rest if rest.startswith("/") else f"/{rest}"
