"""Helper programs through the reaper."""

import asyncio
from pathlib import Path

import pytest

from meshdev.errors import ServiceError
from meshdev.runners.execute import Executed, execute
from meshdev.runners.reaper import Reaper
from support_processes import Trace

ENV = {"PATH": "/usr/bin:/bin"}


async def test_keeps_the_end_of_the_output(reaper: Reaper, tmp_path: Path) -> None:
    """Both streams, the last bytes of them, and the exit code."""
    script = "seq 100000; echo last words >&2; exit 3"
    done = await execute(reaper, ("/bin/sh", "-c", script), cwd=tmp_path, env=ENV, within=20, keep=20)
    assert done == Executed(3, None, timed_out=False, output=b"9\n100000\nlast words\n")


async def test_time_is_limited(reaper: Reaper, tmp_path: Path, trace: Trace) -> None:
    """One that takes too long is killed with its group."""
    argv = trace.program("stubborn_grandchild.sh")
    done = await execute(reaper, argv, cwd=tmp_path, env=ENV, within=0.2)
    assert done.timed_out
    assert trace.wait_until_gone() == []


async def test_cancelled_is_killed(reaper: Reaper, tmp_path: Path, trace: Trace) -> None:
    """Nobody waits any more: it ends."""
    argv = trace.program("stubborn.sh")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await execute(reaper, argv, cwd=tmp_path, env=ENV, within=20)
    assert trace.wait_until_gone() == []


async def test_cannot_be_started(reaper: Reaper, tmp_path: Path) -> None:
    """The reason is raised."""
    with pytest.raises(ServiceError, match="command not found: no-such-thing"):
        await execute(reaper, ("no-such-thing",), cwd=tmp_path, env=ENV, within=1)
