"""Chaos Toolkit's way to meshdev: `actions` and `probes` for experiments that drive the running mesh.

In an experiment: ``{"type": "python", "module": "chaosmeshdev.actions", "func": "add_fault", "arguments": {…}}``. The
system is that of ``configuration.meshdev_file``, else of ``MESHDEV_FILE``, else of the nearest ``meshdev.toml``. Faults
that are added live no longer than the process of the experiment.
"""

from typing import TYPE_CHECKING, Any

from meshdev import __version__

if TYPE_CHECKING:
    from chaoslib.types import Discovery

__all__ = ["__version__", "discover"]


def discover(discover_system: bool = True) -> "Discovery":  # noqa: FBT001, FBT002, ARG001 -- Chaos Toolkit's signature
    """What ``chaos discover chaosmeshdev`` shows."""
    from chaoslib.discovery.discover import (  # noqa: PLC0415 -- only for those who have Chaos Toolkit
        discover_actions,
        discover_probes,
        initialize_discovery_result,
    )

    result: dict[str, Any] = initialize_discovery_result("meshdev", __version__, "mesh")
    result["activities"].extend(discover_actions("chaosmeshdev.actions"))
    result["activities"].extend(discover_probes("chaosmeshdev.probes"))
    return result
