"""The short forms of containers, as Compose writes them: one text for a mount, a port, a host, a grant of a file.

Each function gives the long form as plain tables with Compose's keys, or raises FormError with what is accepted.
"""

import re
from typing import Any

_DRIVE = re.compile(r"^(?:[A-Za-z]:\\|[A-Z]:/)")  # a volume may be called a, but not A
_PORT = re.compile(
    r"(?:(?P<ip>\[[^\]]*\]|[^:\[\]]*(?=:[^:]*:)):)?(?:(?P<published>\d+(?:-\d+)?)?:)?"
    r"(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>[A-Za-z]+))?"
)
_PROPAGATION = frozenset({"shared", "slave", "private", "rshared", "rslave", "rprivate"})
_CONSISTENCY = frozenset({"cached", "delegated", "consistent"})
_MOST_PORTS = 1000
_HIGHEST_PORT = 65535


class FormError(ValueError):
    """A text that is no such short form; `accepted` says what would be."""

    def __init__(self, accepted: str) -> None:
        super().__init__(accepted)
        self.accepted = accepted


def is_path(source: str) -> bool:
    """Whether the source of a mount is a path of the host, and not the name of a volume."""
    return source.startswith((".", "/", "~")) or bool(_DRIVE.match(source))


def volume(text: str) -> dict[str, Any]:
    """``SOURCE:TARGET:OPTIONS``, ``SOURCE:TARGET`` or ``TARGET`` as ``{type, source, target, …}``."""
    parts = _volume_parts(text)
    if not text.strip() or len(parts) > 3 or not all(parts[:2]):  # noqa: PLR2004 -- source, target, options
        raise FormError('a mount such as "./data:/data", "data:/data:ro" or "/data"')
    if len(parts) == 1:
        return {"type": "volume", "target": parts[0]}
    source, target = parts[:2]
    found: dict[str, Any] = {
        "type": "bind" if is_path(source) else "volume",
        "source": source,
        "target": target,
    }
    for option in parts[2].split(",") if parts[2:] else ():
        _volume_option(found, option.strip())
    return found


def _volume_parts(text: str) -> list[str]:
    drive = _DRIVE.match(text)
    parts = text[2:].split(":") if drive else text.split(":")
    return [text[:2] + parts[0], *parts[1:]] if drive else parts


def _volume_option(found: dict[str, Any], option: str) -> None:
    if option in ("ro", "rw"):
        found["read_only"] = option == "ro"
    elif option in ("z", "Z"):
        found.setdefault("bind", {})["selinux"] = option
    elif option == "nocopy":
        found.setdefault("volume", {})["nocopy"] = True
    elif option in _PROPAGATION:
        found.setdefault("bind", {})["propagation"] = option
    elif option in _CONSISTENCY:
        found["consistency"] = option
    else:
        raise FormError("options ro, rw, z, Z, nocopy, or a propagation such as rshared")


def ports(text: str) -> list[dict[str, Any]]:
    """``IP:PUBLISHED:TARGET/PROTOCOL`` and its shorter forms; a range gives one table for each port."""
    match = _PORT.fullmatch(text.strip())
    if match is None:
        raise FormError('ports such as "8080:80", "127.0.0.1:8080:80/udp", "3000-3005:3000-3005" or 80')
    targets = _range(match["target"])
    common: dict[str, Any] = {"protocol": (match["protocol"] or "tcp").lower()}
    if match["ip"]:
        common["host_ip"] = match["ip"].strip("[]")
    if len(targets) == 1 and "-" in (match["published"] or ""):
        return [{"target": targets[0], "published": match["published"], **common}]
    published = _range(match["published"]) if match["published"] else []
    if published and len(published) != len(targets):
        raise FormError("as many published ports as ports inside")
    if not published:
        return [{"target": target, **common} for target in targets]
    return [
        {"target": target, "published": str(outer), **common}
        for target, outer in zip(targets, published, strict=True)
    ]


def _range(text: str) -> list[int]:
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 0 < low <= high <= _HIGHEST_PORT or high - low >= _MOST_PORTS:
        raise FormError("ports from 1 to 65535, in ranges of up to 1000")
    return list(range(low, high + 1))


def host(text: str) -> tuple[str, str]:
    """``HOST:IP`` or ``HOST=IP`` (IPv6 with or without brackets)."""
    name, sign, address = re.split(r"([:=])", text, maxsplit=1) if re.search("[:=]", text) else (text, "", "")
    if not (name.strip() and sign and address.strip()):
        raise FormError(
            'a host and its address, such as "db.local:10.0.0.5" or "host.docker.internal:host-gateway"'
        )
    return name.strip(), address.strip().removeprefix("[").removesuffix("]")


def pair(text: str) -> tuple[str, str]:
    """``NAME:ALIAS`` or ``NAME``, as links are written."""
    name, _, alias = text.partition(":")
    return name, alias or name
