"""Which addresses a caller's network has, and what its bridge is called. Pure.

Networks are /24 of ``10.197.0.0/16``, the first free one from a place drawn from the network's name, so that a project
mostly has the same ones. In each: ``.1`` is the bridge, ``.2`` to ``.127`` are for names that the caller knows, one
for each callee, from ``.128`` on the engine gives addresses to containers.
"""

import zlib
from collections.abc import Collection, Iterator
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

_ALL = IPv4Network("10.197.0.0/16")
_COUNT = 256
MOST_NAMES = 126


def bridge_name(network: str) -> str:
    """The interface's name, which may have 15 characters."""
    return f"md-{sha256(network.encode()).hexdigest()[:10]}"


def candidates(name: str, taken: Collection[IPv4Network]) -> Iterator[IPv4Network]:
    """Networks that overlap none of ``taken``, the likeliest first."""
    start = zlib.crc32(name.encode())
    base = int(_ALL.network_address)
    for step in range(_COUNT):
        network = IPv4Network((base + ((start + step) % _COUNT) * 256, 24))
        if not any(network.overlaps(other) for other in taken):
            yield network


def gateway(network: IPv4Network) -> str:
    """The bridge's own address."""
    return str(network.network_address + 1)


def name_address(network: IPv4Network, index: int) -> str:
    """The address of the caller's name number ``index``, from 0."""
    return str(network.network_address + 2 + index)


def container_range(network: IPv4Network) -> str:
    """What the engine may give away."""
    return str(IPv4Network((int(network.network_address) + 128, 25)))


def routes(table: str) -> list[IPv4Network]:
    """The networks of ``/proc/net/route`` (default routes left out)."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[7] != "00000000":  # noqa: PLR2004
            found.append(IPv4Network(f"{_address(fields[1])}/{_address(fields[7])}", strict=False))
    return found


def _address(little: str) -> IPv4Address:
    return IPv4Address(int.from_bytes(bytes.fromhex(little), "little"))
