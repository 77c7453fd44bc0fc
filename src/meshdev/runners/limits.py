"""Upper bounds for an instance: a cgroup where one can be made, else what the kernel offers for one process.

Memory: cgroup v2 `memory.max` or v1 `memory.limit_in_bytes`; else RLIMIT_DATA of each process (not of their sum).
CPUs: cgroup v2 `cpu.max` or v1 `cpu.cfs_quota_us`; else as many whole CPUs as an affinity mask allows.
Set from outside right after the start; what the instance starts inherits it.
"""

import contextlib
import logging
import math
import os
import sys
from pathlib import Path

from meshdev.lifecycle.model import Incarnation
from meshdev.topology.model import Limits

log = logging.getLogger(__name__)

_PERIOD_MICROSECONDS = 100_000
_ROOT = Path("/sys/fs/cgroup")


class LimitKeeper:
    """Applies limits and removes the cgroups that it made."""

    def __init__(self, run_id: str, root: Path = _ROOT) -> None:
        self._run_id = run_id
        self._root = root
        self._made: dict[Incarnation, list[Path]] = {}

    def apply(self, pid: int, ref: Incarnation, limits: Limits) -> None:
        """Bound ``pid`` and whatever it starts from now on."""
        if limits.memory is not None:
            self._apply_memory(pid, ref, limits.memory)
        if limits.cpus is not None:
            self._apply_cpus(pid, ref, limits.cpus)

    def forget(self, ref: Incarnation) -> None:
        """``ref`` is gone: its cgroups go too."""
        for path in self._made.pop(ref, ()):
            with contextlib.suppress(OSError):
                path.rmdir()

    def close(self) -> None:
        """Remove all that was made."""
        for ref in tuple(self._made):
            self.forget(ref)

    def describe(self) -> dict[str, str]:
        """For `doctor`: what limits stand on here."""
        memory = "cgroup" if self._base("memory") else "RLIMIT_DATA of each process (no writable cgroup)"
        cpus = "cgroup" if self._base("cpu") else "whole CPUs by affinity (no writable cgroup)"
        return {"limits.memory": memory, "limits.cpus": cpus}

    def _apply_memory(self, pid: int, ref: Incarnation, most: int) -> None:
        group = self._group(ref, "memory")
        if group is not None:
            name = "memory.max" if (group / "memory.max").exists() else "memory.limit_in_bytes"
            if _write(group / name, str(most)) and _write(group / "cgroup.procs", str(pid)):
                return
        if sys.platform == "linux":
            import resource  # noqa: PLC0415 -- Unix only, and prlimit is Linux only

            with contextlib.suppress(OSError):
                resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))

    def _apply_cpus(self, pid: int, ref: Incarnation, most: float) -> None:
        group = self._group(ref, "cpu")
        quota = max(1000, int(most * _PERIOD_MICROSECONDS))
        if group is not None:
            if (group / "cpu.max").exists():
                set_up = _write(group / "cpu.max", f"{quota} {_PERIOD_MICROSECONDS}")
            else:
                set_up = _write(group / "cpu.cfs_quota_us", str(quota))
            if set_up and _write(group / "cgroup.procs", str(pid)):
                return
        if sys.platform == "linux":
            allowed = sorted(os.sched_getaffinity(0))
            with contextlib.suppress(OSError):
                os.sched_setaffinity(pid, allowed[: max(1, math.ceil(most))])

    def _group(self, ref: Incarnation, controller: str) -> Path | None:
        base = self._base(controller)
        if base is None:
            return None
        group = base / f"meshdev-{self._run_id}-{ref.id}-{ref.generation}"
        try:
            group.mkdir(exist_ok=True)
        except OSError as error:
            log.info("no cgroup for %s: %s", ref, error)
            return None
        made = self._made.setdefault(ref, [])
        if group not in made:
            made.append(group)
        return group

    def _base(self, controller: str) -> Path | None:
        """The cgroup of this process for ``controller``, if children can be made in it."""
        if sys.platform != "linux":
            return None
        for line in _own_cgroups():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                candidates = [self._root / controller / path.lstrip("/")]
            elif controllers == "" and (self._root / "cgroup.controllers").exists():
                own = self._root / path.lstrip(
                    "/"
                )  # a cgroup with processes in it can't bound its children, so:
                bases = [own, own.parent] if path != "/" else [own]
                candidates = [
                    base for base in bases if controller in _read(base / "cgroup.subtree_control").split()
                ]
            else:
                continue
            for base in candidates:
                if base.is_dir() and os.access(base, os.W_OK):
                    return base
        return None


def _own_cgroups() -> list[str]:
    return _read(Path("/proc/self/cgroup")).splitlines()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _write(path: Path, text: str) -> bool:
    try:
        path.write_text(text)
    except OSError as error:
        log.info("%s: %s", path, error)
        return False
    return True
