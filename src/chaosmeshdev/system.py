"""The running system of an experiment: one `Mesh` a project for the life of this process."""

import atexit
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.errors import MeshdevError
from meshdev.testing.keeper import LeaseKeeper

Configuration = Mapping[str, Any] | None

_LEASES: Final[dict[Path, LeaseKeeper]] = {}


def control_of(configuration: Configuration) -> Control:
    """The control API of the experiment's system. Raises MeshdevError."""
    file = (configuration or {}).get("meshdev_file")
    return Control(find_project(file, cwd=Path.cwd(), environ=os.environ))


def lease_of(control: Control) -> str:
    """The lease of this process: what is added under it ends with the process. Raises MeshdevError."""
    root = control.project.root
    if root not in _LEASES:
        _LEASES[root] = LeaseKeeper(control, "chaos toolkit")
        atexit.register(_end, _LEASES[root])
    return _LEASES[root].id


def _end(lease: LeaseKeeper) -> None:
    with suppress(MeshdevError):  # the daemon may be gone: so are the faults
        lease.close()
