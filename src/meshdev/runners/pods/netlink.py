"""The few things that a new network needs, as rtnetlink requests (rtnetlink(7)): no program is run for them.

Each acts in the network namespace that its caller is in. All raise OSError with what the kernel said.
"""

import ipaddress
import os
import socket
import struct
from typing import Final

_NEWLINK: Final = 16
_NEWADDR: Final = 20
_NEWROUTE: Final = 24
_REQUEST_ACK: Final = 0x1 | 0x4
_CREATE_ONLY: Final = 0x400 | 0x200
_ERROR: Final = 2
_IFF_UP: Final = 1
_MTU: Final = 65535  # the most that a veth takes: fewer packets for the same bytes

_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 4, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_OIF = 1, 4
_TABLE_MAIN, _TABLE_LOCAL = 254, 255
_PROTOCOL_STATIC: Final = 4
_SCOPE_LINK, _SCOPE_HOST = 253, 254
_TYPE_UNICAST, _TYPE_LOCAL = 1, 2


def up(name: str) -> None:
    """Switch an interface on."""
    index = socket.if_nametoindex(name)
    _ask(_NEWLINK, 0, _link(index, _IFF_UP))


def add_veth(name: str, peer: str, peer_net: int) -> None:
    """A cable: one end ``name`` here, the other ``peer`` in the network behind the descriptor ``peer_net``."""
    mtu = _attribute(_IFLA_MTU, struct.pack("=I", _MTU))
    there = (
        _link() + _text(_IFLA_IFNAME, peer) + mtu + _attribute(_IFLA_NET_NS_FD, struct.pack("=I", peer_net))
    )
    data = _attribute(_INFO_DATA, _attribute(_VETH_PEER, there))
    kind = _attribute(_INFO_KIND, b"veth")
    _ask(
        _NEWLINK,
        _CREATE_ONLY,
        _link() + _text(_IFLA_IFNAME, name) + mtu + _attribute(_IFLA_LINKINFO, kind + data),
    )


def add_address(name: str, address: str) -> None:
    """An address of the interface, for it alone (/32)."""
    packed = socket.inet_aton(address)
    head = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex(name))
    _ask(_NEWADDR, _CREATE_ONLY, head + _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed))


def route_to(network: str, name: str) -> None:
    """``network`` is to be found on the interface."""
    _route(network, name, _TABLE_MAIN, _SCOPE_LINK, _TYPE_UNICAST)


def be_all_of(network: str, name: str = "lo") -> None:
    """Every address of ``network`` is this machine's own."""
    _route(network, name, _TABLE_LOCAL, _SCOPE_HOST, _TYPE_LOCAL)


def _route(network: str, name: str, table: int, scope: int, sort: int) -> None:
    parsed = ipaddress.IPv4Network(network)
    head = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, parsed.prefixlen, 0, 0, table, _PROTOCOL_STATIC, scope, sort, 0
    )
    to = _attribute(_RTA_DST, parsed.network_address.packed)
    over = _attribute(_RTA_OIF, struct.pack("=I", socket.if_nametoindex(name)))
    _ask(_NEWROUTE, _CREATE_ONLY, head + to + over)


def _link(index: int = 0, flags: int = 0) -> bytes:
    return struct.pack("=BBHiII", socket.AF_UNSPEC, 0, 0, index, flags, flags)


def _text(kind: int, text: str) -> bytes:
    return _attribute(kind, text.encode() + b"\0")


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _ask(kind: int, flags: int, body: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.sendall(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST_ACK | flags, 1, 0) + body)
        reply = link.recv(65536)
    _, sort, _, _, _ = struct.unpack_from("=IHHII", reply)
    code = struct.unpack_from("=i", reply, 16)[0]
    if sort == _ERROR and code != 0:
        raise OSError(-code, os.strerror(-code))
