"""Faults of instances, on real processes: what they do, that they end, and that nothing of them is left."""

import os
import resource
import sys
import time
from typing import Any

import pytest

from meshdev.daemon.faults.instances.table import AFFLICTIONS
from meshdev.errors import UsageError
from meshdev.lifecycle.model import Exited, Gone, Incarnation, Launched
from meshdev.runners.faketime import find_library
from meshdev.runners.process import LaunchSpec
from meshdev.topology.model import Limits
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.kinds import Layer
from meshdev.wire.faults import FaultSpec
from support_afflictions import REF, Ward, control_groups, cpu_seconds, resident, state
from support_mesh import until
from support_processes import is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


async def start(ward: Ward, *argv: str, **more: Any) -> int:
    """An instance, by default one that sleeps; its pid."""
    ward.bench.launch(REF, *(argv or ("/bin/sleep", "1000")), **more)
    return (await ward.bench.facts.of(Launched, REF)).pid


def test_whatever_is_listed_can_be_done() -> None:
    """The catalogue promises nothing that is not there."""
    listed = {kind.name for kind in CATALOGUE.values() if kind.layer is Layer.INSTANCE}
    assert listed == AFFLICTIONS.keys()


async def test_kill_by_a_signal(ward: Ward) -> None:
    """The signal may be named as people name it; one that is not there is refused."""
    await start(ward)
    ward.afflict(kill="term")
    assert Exited(REF, signal=15) == await ward.bench.facts.of(Exited, REF)
    assert ward.hits == {"a/kill": 1}
    with pytest.raises(UsageError, match="SIGNONSENSE"):
        AFFLICTIONS["kill"].check(FaultSpec("a", "kill", {"signal": "nonsense"}))


async def test_pause_and_go_on(ward: Ward) -> None:
    """It stands still, is hit once however often one looks, and goes on."""
    pid = await start(ward)
    ward.afflict(pause=True)
    await until(lambda: state(pid) == "T")
    ward.look()
    ward.relieve()
    await until(lambda: state(pid) == "S")
    assert ward.hits == {"a/pause": 1}


async def test_a_paused_instance_can_be_stopped_at_once(ward: Ward) -> None:
    """SIGTERM reaches it though it stands still: nobody waits for its grace."""
    pid = await start(ward)
    ward.afflict(pause=True)
    await until(lambda: state(pid) == "T")
    ward.bench.runner.signal(REF, "SIGTERM")
    assert Exited(REF, signal=15) == await ward.bench.facts.of(Exited, REF, within=5.0)


async def test_crash_loop(ward: Ward) -> None:
    """Killed again and again, until it is over."""
    await start(ward)
    ward.afflict(crash_loop="100ms")
    await ward.bench.facts.of(Gone, REF)
    again = Incarnation("orders", 0, 2)
    ward.living[:] = [again]
    ward.bench.launch(again, "/bin/sleep", "1000")
    await ward.bench.facts.of(Gone, again)
    assert ward.hits["a/crash-loop"] >= 2


async def test_cpu_is_burnt_beside_the_instance(ward: Ward) -> None:
    """As many programs as cores, each a member of the instance, none left at the end; the share is kept to."""
    pid = await start(ward)
    ward.afflict(cpu={"load": "100%", "cores": 2})
    burning = ward.pids() - {pid}
    assert len(burning) == 2
    assert ward.hits == {"a/cpu": 2}
    await until(lambda: all(cpu_seconds(it) > 0.15 for it in burning))
    ward.look()
    assert ward.pids() - {pid} == burning
    ward.relieve()
    await until(lambda: not any(is_alive(it) for it in burning))
    assert is_alive(pid)


async def test_a_burden_has_the_instances_limits(ward: Ward) -> None:
    """As many cores, in the same control group where there is one: what an instance may not use cannot be burnt."""
    pid = await start(ward, limits=Limits(cpus=1.0, memory=256 << 20))
    ward.cpus = 1.0
    ward.afflict(cpu=True)
    (burning,) = ward.pids() - {pid}
    assert os.sched_getaffinity(burning) == os.sched_getaffinity(pid)
    assert control_groups(burning) == control_groups(pid)


async def test_a_burden_ends_with_its_instance(ward: Ward) -> None:
    """Whoever ends the instance ends what burdens it, and the next one gets its own."""
    pid = await start(ward)
    ward.afflict(cpu={"load": 0.1})
    (burning,) = ward.pids() - {pid}
    ward.bench.runner.signal(REF, "SIGTERM")
    await ward.bench.facts.of(Gone, REF)
    assert not is_alive(burning)
    ward.look()  # it is gone: nothing to burden, nothing to fail
    again = Incarnation("orders", 0, 2)
    ward.living[:] = [again]
    ward.bench.launch(again, "/bin/sleep", "1000")
    await ward.bench.facts.of(Launched, again)
    ward.look()
    assert len(ward.bench.runner.pids(again)) == 2
    assert ward.hits == {"a/cpu": 2}


async def test_memory_grows_by_its_ramp_and_is_given_back(ward: Ward) -> None:
    """It is really there."""
    pid = await start(ward)
    ward.afflict(memory="4m..48m", ramp="400ms")
    (holding,) = ward.pids() - {pid}
    await until(lambda: resident(holding) > 48 << 20)
    assert resident(holding) < 80 << 20
    ward.relieve()
    await until(lambda: not is_alive(holding))
    assert (is_alive(pid), ward.hits) == (True, {"a/memory": 1})


async def test_memory_stays_within_limits(ward: Ward) -> None:
    """More than the instance may have cannot be had; the program beside it holds what it got."""
    pid = await start(ward, limits=Limits(memory=64 << 20))
    ward.afflict(memory="500m")
    (holding,) = ward.pids() - {pid}
    await until(lambda: not is_alive(holding) or resident(holding) > 30 << 20)
    await until(lambda: not is_alive(holding) or cpu_seconds(holding) > 0)
    assert not is_alive(holding) or resident(holding) < 80 << 20


async def test_no_further_files_until_it_is_over(ward: Ward) -> None:
    """A program that lives cannot open another file; afterwards it can."""
    script = """
import os, time
while True:
    found = []
    try:
        while len(found) < 30:
            found.append(os.open("/dev/null", os.O_RDONLY))
        print("ready", flush=True)
    except OSError:
        print("refused", flush=True)
    for file in found:
        os.close(file)
    time.sleep(0.02)
"""
    pid = await start(ward, sys.executable, "-I", "-S", "-c", script)
    await ward.bench.ready(REF)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    ward.afflict(fd_exhaustion=True)
    heard = ward.bench.heard[REF, "stdout"]
    await heard.until(b"refused")
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (16, before[1])
    assert ward.hits["a/fd-exhaustion"] >= 1
    ward.relieve()
    assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == before
    heard.data.clear()
    await heard.until(b"ready")


async def test_a_start_waits(ward: Ward) -> None:
    """The program runs later, as the same process; shell lines too."""
    ward.bench.launch(REF, "/bin/sleep", "1000")
    ward.afflict(slow_start="200ms")
    words, env = ("echo", "ready $((1 + 1))"), {"PATH": "/usr/bin:/bin"}
    spec = LaunchSpec(words, ward.bench.cwd, env, shell=True)  # noqa: S604 - what is tested
    late = Incarnation("orders", 1, 1)
    began = time.monotonic()
    ward.bench.runner.launch(late, ward.acting.adapt(late, spec), 1)
    await ward.bench.heard[late, "stdout"].until(b"ready 2")
    assert time.monotonic() - began >= 0.2
    assert ward.hits == {"a/slow-start": 1}
    other = Incarnation("payments", 0, 1)
    assert ward.acting.adapt(other, spec) is spec


async def test_who_waits_goes_on_when_the_fault_ends(ward: Ward) -> None:
    """And can be stopped before."""
    ward.afflict(slow_start="1h")
    waiting = Incarnation("orders", 1, 1)
    for ref in (REF, waiting):
        spec = LaunchSpec(("/bin/echo", "ready"), ward.bench.cwd, {"PATH": "/usr/bin:/bin"})
        ward.bench.runner.launch(ref, ward.acting.adapt(ref, spec), 1)
        await until(lambda ref=ref: len(ward.bench.runner.pids(ref)) == 2)  # type: ignore[misc]
    ward.bench.runner.signal(waiting, "SIGTERM")
    await ward.bench.facts.of(Gone, waiting)
    ward.relieve()
    await ward.bench.ready(REF)


@pytest.mark.skipif(find_library() is None, reason="libfaketime is not here")
async def test_another_time(ward: Ward) -> None:
    """Instances restart at the beginning and at the end; between, their starts see another time."""
    ward.afflict(clock_skew="-400d")
    spec = LaunchSpec(("/bin/date", "+ready %s"), ward.bench.cwd, {"PATH": "/usr/bin:/bin"})
    ward.bench.runner.launch(REF, ward.acting.adapt(REF, spec), 1)
    await ward.bench.facts.of(Gone, REF)
    said = float(bytes(ward.bench.heard[REF, "stdout"].data).split()[1])
    assert abs(time.time() - 400 * 86400 - said) < 60
    ward.relieve()
    assert ward.acting.adapt(REF, spec) is spec
    assert ward.restarts == [
        ("orders", "its clock is wrong by -400d"),
        ("orders", "its clock is right again"),
    ]
    assert ward.hits == {"a/clock-skew": 1}


def test_a_time_that_cannot_be_read_is_refused() -> None:
    """Before anything restarts."""
    with pytest.raises(UsageError, match="soon"):
        AFFLICTIONS["clock-skew"].check(FaultSpec("a", "clock-skew", {"offset": "soon"}))


async def test_unready_is_told_once_and_taken_back(ward: Ward) -> None:
    """The lifecycle core hears who counts as not ready."""
    await start(ward)
    ward.afflict(unready=True)
    ward.look()
    ward.relieve()
    assert ward.sidelined == [frozenset({"orders"}), frozenset()]
    assert ward.hits == {"a/unready": 1}
