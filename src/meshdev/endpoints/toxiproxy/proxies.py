"""Proxies, their addresses, and how they are told."""

from dataclasses import dataclass, field
from typing import Final

from meshdev.endpoints.toxiproxy.toxics import Toxic
from meshdev.traffic.faults.kinds import Direction

LOOPBACK: Final = "127.0.0.1"
_MOST_PORTS: Final = 65535


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edge of the system listens, whom it leads to at the moment (``HOST:PORT``), and whether it is open."""

    listen: str
    upstream: str
    enabled: bool = True


@dataclass(slots=True)
class Proxy:
    """One proxy; ``toxics`` are in the order of their creation. An edge of the system may be ``hidden`` (deleted)."""

    name: str
    listen: str
    upstream: str
    enabled: bool = True
    is_edge: bool = False
    hidden: bool = False
    toxics: list[Toxic] = field(default_factory=list)

    def toxic(self, name: str) -> Toxic | None:
        """The toxic of that name."""
        return next((toxic for toxic in self.toxics if toxic.name == name), None)

    def toxic_views(self) -> list[dict[str, object]]:
        """Its toxics as they are told: upstream first, each stream in order."""
        streams = (Direction.UPSTREAM, Direction.DOWNSTREAM)
        return [toxic.view() for stream in streams for toxic in self.toxics if toxic.stream is stream]

    def view(self) -> dict[str, object]:
        """As it is told."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": self.toxic_views(),
        }


def port_of(listen: str) -> int:
    """The port that ``listen`` asks for, 0 for any; the host is ours to choose. Raises ValueError.

    >>> port_of("0.0.0.0:26379"), port_of(":0"), port_of("")
    (26379, 0, 0)
    """
    text = listen.rpartition(":")[2]
    if not listen:
        return 0
    if not (text.isascii() and text.isdecimal()) or int(text) > _MOST_PORTS or ":" not in listen:
        raise ValueError(f"listen tcp: address {listen}: invalid port")
    return int(text)


def same_listen(asked: str, actual: str) -> bool:
    """Whether a proxy that listens at ``actual`` is where ``asked`` wants it."""
    try:
        return asked == actual or port_of(asked) == port_of(actual)
    except ValueError:
        return False


def split_upstream(upstream: str) -> tuple[str, int]:
    """Host and port; port 0, which nobody answers, when there is none.

    >>> split_upstream("localhost:6379"), split_upstream("[::1]:80")
    (('localhost', 6379), ('::1', 80))
    """
    host, _, port = upstream.rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() and int(port) <= _MOST_PORTS else 0
    return host.strip("[]") or LOOPBACK, number
