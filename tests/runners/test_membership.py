"""Membership where there are no marks: session and environment."""

import asyncio

from meshdev.lifecycle.model import Exited, Incarnation, Launched
from meshdev.runners.membership import Membership
from support_processes import Bench, Trace

REF = Incarnation("orders", 0, 1)


async def test_without_marks(bench: Bench, trace: Trace) -> None:
    """A grandchild in a session of its own is known by its environment, the others by their session."""
    bench.launch(REF, *trace.program("setsid_grandchild.sh"))
    await bench.ready(REF)
    leader = (await bench.facts.of(Launched, REF)).pid
    plain = Membership(bench.runner._run_mark, asyncio.get_running_loop(), marks=False)
    found = {seen.pid for seen in plain.of(REF, 0, leader)}
    assert leader in found
    assert trace.alive()[0] in found
    assert plain.of(Incarnation("orders", 0, 2), 0, 0) == []


async def test_runner_without_marks(bench: Bench, trace: Trace) -> None:
    """The runner ends a setsid grandchild where it has no marks to go by."""
    bench.runner._membership = Membership(bench.runner._run_mark, asyncio.get_running_loop(), marks=False)
    bench.launch(REF, *trace.program("setsid_grandchild.sh"))
    await bench.ready(REF)
    bench.runner.signal(REF, "SIGTERM")
    await bench.facts.of(Exited, REF)
    assert trace.alive()
    await bench.runner.close()
    assert trace.alive() == []
