"""URLs of databases that run elsewhere: whether an edge can lead there, and the URL that leads over it.

A client that is to check whom it speaks to by name must speak to it by that name, so such a URL stays as it is:
``sslmode=verify-full`` and the like. So do several hosts in one URL, and sockets.
"""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

_PORTS: Final = {
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "valkey": 6379,
}
_CHECKS: Final = ("verify", "strict")
_CHECKING: Final = frozenset({"sslmode", "ssl-mode", "ssl_mode", "tls"})


def database_port(url: str) -> int | None:
    """The port of the one host that ``url`` names; None when no edge can stand in between."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    usual = _PORTS.get(parts.scheme.partition("+")[0])
    if usual is None or not parts.hostname or "," in parts.netloc:
        return None
    checked = any(
        key.lower() in _CHECKING and value.lower().startswith(_CHECKS)
        for key, value in parse_qsl(parts.query)
    )
    return None if checked else port or usual


def moved(url: str, host: str, port: int) -> str:
    """``url`` with another host and port; user, path and options stay.

    >>> moved("postgres://ana:pw@db.example/shop?connect_timeout=3", "127.0.0.1", 17001)
    'postgres://ana:pw@127.0.0.1:17001/shop?connect_timeout=3'
    """
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host}:{port}").geturl()
