"""Bridges of this machine, by the ``ip`` command. Needs CAP_NET_ADMIN.

A bridge has an address for each name that its caller knows. Docker makes it with the network; Podman with the network's
first container, and removes it with the last: there it is made by us beforehand, and held by a port that nobody uses.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

_INTERFACES = Path("/sys/class/net")


def exists(interface: str) -> bool:
    """Whether there is one of that name."""
    return (_INTERFACES / interface).exists()


def add_addresses(bridge: str, addresses: Iterable[str]) -> str:
    """Put ``addresses`` on ``bridge``; those that are there already are fine. Returns what is wrong, else ""."""
    return _ip(f"address replace {address}/32 dev {bridge} noprefixroute" for address in addresses)


def hold(bridge: str, gateway: str) -> str:
    """Make ``bridge`` with its own address (``10.197.1.1/24``), so that it stays. Returns what is wrong, else ""."""
    port, peer = _port(bridge), _port(bridge, "q")
    return _ip(
        (
            f"link add {bridge} type bridge",
            f"link add {port} type veth peer name {peer}",
            f"link set {port} master {bridge} up",
            f"link set {bridge} up",
            f"address replace {gateway} dev {bridge}",
        )
    )


def let_go(bridge: str) -> None:
    """Hold it no longer, so that Podman takes it down, its firewall's rules and all, with the last container."""
    if exists(_port(bridge)):
        _ip((f"link delete {_port(bridge)}",))


def release(bridge: str) -> None:
    """Remove what is still there of ``bridge`` when its network is gone."""
    let_go(bridge)
    if exists(bridge):
        _ip((f"link delete {bridge}",))


def _port(bridge: str, kind: str = "p") -> str:
    return f"m{kind}-{bridge.partition('-')[2]}"


def _ip(lines: Iterable[str]) -> str:
    batch = "".join(f"{line}\n" for line in lines)
    if not batch:
        return ""
    try:
        done = subprocess.run(
            ["ip", "-batch", "-"],
            input=batch,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except FileNotFoundError:
        return "the ip command is missing (install iproute2)"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode:
        return done.stderr.strip().splitlines()[0] if done.stderr.strip() else "ip failed"
    return ""
