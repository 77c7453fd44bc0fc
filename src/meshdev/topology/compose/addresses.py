"""Addresses in texts: which of the known names does a value lead to, on which port, by which scheme.

Read are URLs (also with several hosts, and ``jdbc:``), ``host:port`` anywhere (a list of Kafka's brokers), the forms of
connection strings (``@tcp(db:3306)``, ``host=db port=5432``, ``Server=db,1433``), options (``--host db``), and a bare
name where the variable says that it is one (``DB_HOST``, ``REDIS_SERVER``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from meshdev.topology.compose.protocols import port_of_scheme

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_PART = r"[^\s/?#'\")\]}|;,]+"
_URL = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.:-]*)://(?:[^\s/?#@'\"]*@)?(?P<hosts>{_PART}(?:,(?![A-Za-z][\w+.-]*://){_PART})*)"
)
_PAIR = re.compile(rf"(?<![\w.@/:-])(?P<host>{_HOST}):(?P<port>[0-9]{{2,5}})(?![\w.:-])")
_AT = re.compile(rf"@(?:tcp\()?(?P<host>{_HOST})(?::(?P<port>[0-9]{{2,5}}))?\)?")
_KEYED = re.compile(
    rf"(?:^|[\s;,&?'\"])(?:host|hostname|server|data source|addr|address)\s*=\s*(?:tcp:)?(?P<host>{_HOST})"
    r"(?:[,:](?P<port>[0-9]{2,5}))?",
    re.IGNORECASE,
)
_KEYED_PORT = re.compile(r"(?:^|[\s;,&?'\"])port\s*=\s*([0-9]{2,5})", re.IGNORECASE)
_OPTION = re.compile(
    rf"(?:^|\s)(?:-h|--?[a-z-]*(?:host|server|addr|address|broker)s?)[ =]\s*['\"]?(?P<host>{_HOST})(?![\w.:/-])"
)
_WHOLE = re.compile(rf"\s*{_HOST}(?:\s*,\s*{_HOST})*\s*")
_NAMES_A_HOST = re.compile(
    r"(?:^|_)(?:HOST|HOSTS|HOSTNAME|SERVER|SERVERS|ADDR|ADDRESS|ENDPOINT|ENDPOINTS|URL|URI|BROKER|BROKERS|NODES?|"
    r"CLUSTER|UPSTREAM|SERVICE|BACKEND|DSN|BOOTSTRAP)(?:_|$)|HOST(?:NAME|S)?$|(?:Host|Server)$",
)
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Found:
    """One address: the name as it is known, the port if it is said (or meant by the scheme), and the scheme."""

    name: str
    port: int | None = None
    scheme: str = ""


def addresses_in(
    value: str, names: Mapping[str, str], *, key: str = "", siblings: Mapping[str, str]
) -> list[Found]:
    """The addresses in ``value`` that lead to one of ``names`` (by lower-case host name), each once.

    ``key`` is the variable that holds it, ``siblings`` are the other variables, where ``X_PORT`` goes with ``X_HOST``.
    """
    found: dict[tuple[str, int | None], Found] = {}
    for item in (*_written(value, names), *_bare(value, names, key, siblings)):
        found.setdefault((item.name, item.port), item)
    sure = {item.name for item in found.values() if item.port is not None}
    return [item for item in found.values() if item.port is not None or item.name not in sure]


def _written(value: str, names: Mapping[str, str]) -> Iterator[Found]:
    rest = value
    for match in _URL.finditer(value):
        rest = rest.replace(match[0], " ")
        for host in match["hosts"].split(","):
            name, _, port = host.rpartition("@")[2].partition(":")
            known = _known(name, names)
            if known:
                yield Found(known, _port(port) or port_of_scheme(match["scheme"]), match["scheme"])
    beside = _KEYED_PORT.search(rest)
    for pattern in (_PAIR, _AT, _KEYED, _OPTION):
        for match in pattern.finditer(rest):
            known = _known(match["host"], names)
            port = _port(match.groupdict().get("port"))
            if known:
                yield Found(known, port or (_port(beside[1]) if beside and pattern is _KEYED else None))


def _bare(value: str, names: Mapping[str, str], key: str, siblings: Mapping[str, str]) -> Iterator[Found]:
    """Names alone, where the variable says that they are hosts."""
    if not key or not _NAMES_A_HOST.search(key) or not _WHOLE.fullmatch(value):
        return
    port = _port(siblings.get(re.sub(r"(?:HOST(?:NAME|S)?|SERVERS?|ADDR(?:ESS)?|URL)(?=_|$)", "PORT", key)))
    for part in value.split(","):
        known = _known(part.strip(), names)
        if known:
            yield Found(known, port)


def _known(host: str, names: Mapping[str, str]) -> str | None:
    return names.get(host.lower().rstrip("."))


def _port(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT else None
