"""Databases as the control API shows them: whose they are, who connects, and which statements take how long.

| call | answer |
|---|---|
| GET /v1/databases | list of `DatabaseView` |

Part of `wire.control`, and by its rules.
"""

from msgspec import Struct


class StatementView(Struct, frozen=True, kw_only=True):
    """All statements of one fingerprint that one service sent, since the daemon started.

    ``text`` has no values in it (empty: everything that is more than is told apart). ``count`` are those that are over,
    ``errors`` the ones that failed or got no answer, ``refused`` those that the database said no to. Percentiles, and
    ``total_ms``, which is all of their time together, are None and 0 where nothing was measured.
    """

    service: str
    name: str
    target: str
    text: str
    count: int
    errors: int = 0
    refused: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    total_ms: float = 0.0


class DatabaseUserView(Struct, frozen=True, kw_only=True):
    """A service that uses a database, by the topology or because it was seen; figures as for edges.

    ``foreign``: the data is another service's. ``denied`` is the rule that keeps it out.
    """

    service: str
    declared: bool = True
    foreign: bool = False
    denied: str = ""
    connections: int = 0
    requests: int = 0
    errors: int = 0
    rps: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None


class DatabaseView(Struct, frozen=True, kw_only=True):
    """A database; ``runs`` is ``process``, ``container``, ``file``, ``remote`` or ``stub``, ``path`` a file's place.

    ``protocol`` is what is spoken there, empty where nothing passes an edge (files, and what is reached directly).
    ``statements`` are sorted by the time that they took together, the longest first.
    """

    name: str
    engine: str = ""
    owner: str = ""
    exclusive: bool = False
    runs: str = ""
    path: str = ""
    protocol: str = ""
    read: bool = False
    users: list[DatabaseUserView] = []
    statements: list[StatementView] = []
