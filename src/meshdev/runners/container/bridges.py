"""Addresses on a bridge, by the ``ip`` command: one for each name that a caller knows. Needs CAP_NET_ADMIN."""

import subprocess
from collections.abc import Iterable


def add_addresses(bridge: str, addresses: Iterable[str]) -> str:
    """Put ``addresses`` on ``bridge``; those that are there already are fine. Returns what is wrong, else ""."""
    batch = "".join(f"address replace {address}/32 dev {bridge} noprefixroute\n" for address in addresses)
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
