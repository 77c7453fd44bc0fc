"""Limits: a cgroup where one can be made, else what holds for a single process."""

import os
import resource
import sys
from pathlib import Path

import pytest

from meshdev.lifecycle.model import Exited, Gone, Incarnation, Launched
from meshdev.runners.limits import LimitKeeper
from meshdev.topology.model import Limits
from support_processes import Bench

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux only")
REF = Incarnation("orders", 0, 1)
EATER = "d = []\nprint('ready', flush=True)\nwhile True: d.append(bytearray(1 << 20))"


async def test_memory_is_bounded(bench: Bench) -> None:
    """A program that eats memory without end is stopped by its limit, and the cgroup is removed."""
    bench.launch(REF, "python3", "-c", EATER, limits=Limits(memory=64 << 20))
    exited = await bench.facts.of(Exited, REF)
    assert exited.signal == 9 or exited.code == 1, "killed by the kernel, or MemoryError"
    await bench.facts.of(Gone, REF)
    assert bench.runner._limits._made == {}


async def test_without_cgroups(bench: Bench, tmp_path: Path) -> None:
    """Where no cgroup can be made, each process is bounded, and CPUs are counted whole."""
    bench.launch(REF, "/bin/sleep", "1000")
    pid = (await bench.facts.of(Launched, REF)).pid
    keeper = LimitKeeper("run", root=tmp_path)
    keeper.apply(pid, REF, Limits(memory=512 << 20, cpus=0.5))
    assert resource.prlimit(pid, resource.RLIMIT_DATA) == (512 << 20, 512 << 20)
    assert len(os.sched_getaffinity(pid)) == 1
    assert "RLIMIT_DATA" in keeper.describe()["limits.memory"]


def test_version_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a cgroup v2 that hands on its controllers, limits are `memory.max` and `cpu.max`."""
    scope = tmp_path / "user" / "app.scope"
    scope.mkdir(parents=True)
    (tmp_path / "cgroup.controllers").touch()
    (tmp_path / "user" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr("meshdev.runners.limits._own_cgroups", lambda: ["0::/user/app.scope"])
    group = tmp_path / "user" / f"meshdev-run-{REF.id}-1"
    group.mkdir()
    (group / "memory.max").touch()
    (group / "cpu.max").touch()
    LimitKeeper("run", root=tmp_path).apply(4711, REF, Limits(memory=1 << 20, cpus=1.5))
    assert (group / "memory.max").read_text() == "1048576"
    assert (group / "cpu.max").read_text() == "150000 100000"
    assert (group / "cgroup.procs").read_text() == "4711"
