"""CPU and memory of incarnations."""

import os

from meshdev.lifecycle.model import Incarnation
from meshdev.runners.usage import UsageMeter
from support_processes import Bench

REF = Incarnation("orders", 0, 1)


async def test_sums_the_whole_incarnation(bench: Bench) -> None:
    """Children count; CPU is what was used since the last time."""
    now = 100.0
    meter = UsageMeter(bench.runner.everybody, clock=lambda: now)
    bench.launch(
        REF,
        "/bin/sh",
        "-c",
        "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo ready; exec sleep 1000' & wait",
    )
    await bench.ready(REF)
    now += 1.0
    cpu, resident = meter.measure()["orders-0@1"]
    assert 1.0 < cpu < 10_000.0
    assert 500_000 < resident < 1 << 30
    now += 1.0
    assert meter.measure()["orders-0@1"][0] < cpu


def test_gone_processes_count_nothing() -> None:
    """A pid that ended between census and look is no error."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    meter = UsageMeter(lambda: [(REF, [pid])])
    assert meter.measure() == {"orders-0@1": (0.0, 0)}
