"""Whether containers can run here, and whether the mesh can be where they look for others."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from meshdev.cli.finding import Finding, ok, warn

_PATIENCE = 1.0
_CAP_NET_ADMIN = 1 << 12
_LOST = "services that are containers cannot run; processes can"


def docker() -> Finding:
    """Whether a container engine answers, and whether we can speak with it."""
    from meshdev.runners.container.address import engine_address, socket_path
    from meshdev.runners.container.light import LightEngine, LightError
    from meshdev.runners.container.trouble import INSTALL, unreachable

    address = engine_address(os.environ)
    at = socket_path(address) or address
    try:
        version = LightEngine(address, _PATIENCE).ask("GET", "/version") or {}
    except LightError as error:
        cause = error.__cause__
        explained = unreachable(address, getattr(cause, "errno", None), str(cause or error))
        return warn("docker", explained.message, _LOST, explained.hint)
    if find_spec("docker") is None:
        return warn("docker", f"engine at {at}, but not the docker package", _LOST, INSTALL)
    named = next(
        (part.get("Name", "") for part in version.get("Components") or () if part.get("Name")), "engine"
    )
    return ok("docker", f"{named} {version.get('Version', '')} at {at}".replace("  ", " "))


def container_names() -> Finding:
    """Whether each name that a container knows can have an address of its own."""
    check = "container names"
    lost = "two callees on one port are told apart by the environment only (B_URL), not by name"
    if sys.platform != "linux":
        return warn(check, "the engine's bridges are not on this machine", lost)
    if shutil.which("ip") is None:
        return warn(check, "no ip command", lost, "install iproute2")
    if not _may_add_addresses():
        return warn(check, "addresses cannot be added to bridges", lost, "run as root, or with CAP_NET_ADMIN")
    return ok(check, "an address for each, on the caller's bridge")


def _may_add_addresses() -> bool:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return os.geteuid() == 0
    line = next((line for line in status.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    return bool(int(line.split()[1], 16) & _CAP_NET_ADMIN)
