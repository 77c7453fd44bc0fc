"""The reaper: every child is waited for, and its end told to whoever watches it."""

import asyncio
import os

import pytest

from meshdev.runners.reaper import Reaper, exit_of


def spawn(*argv: str, stdout: int = 1) -> int:
    """Start a child and return its pid."""
    actions = [(os.POSIX_SPAWN_DUP2, stdout, 1)]
    return os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin"}, file_actions=actions)


def ended_child() -> int:
    """A child that has ended and was not waited for."""
    pid = spawn("/bin/true")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


async def test_dispatches_by_pid(reaper: Reaper) -> None:
    """Many ends at once reach their own callbacks, each once."""
    ended: dict[int, int] = {}
    everybody = asyncio.Event()

    def hear(pid: int, status: int) -> None:
        assert pid not in ended
        ended[pid] = status
        if len(ended) == 20:
            everybody.set()

    started = {}
    for code in range(20):
        pid = spawn("/bin/sh", "-c", f"exit {code}")
        started[pid] = code
        reaper.watch(pid, lambda status, pid=pid: hear(pid, status))  # type: ignore[misc]
    async with asyncio.timeout(20):
        await everybody.wait()
    assert {pid: exit_of(status) for pid, status in ended.items()} == {
        pid: (code, None) for pid, code in started.items()
    }


async def test_reaps_strays(reaper: Reaper) -> None:
    """A process that lost its parent becomes ours, is reaped, and is told as a stray."""
    strays: list[int] = []
    news = asyncio.Event()

    def heard(pid: int) -> None:
        strays.append(pid)
        news.set()

    reaper.on_stray(heard)
    reading, writing = os.pipe()
    leader = spawn("/bin/sh", "-c", "(sh -c 'echo $$; exec sleep 0.1' &)", stdout=writing)
    reaper.watch(leader, lambda _: None)
    os.close(writing)
    orphan = int(os.read(reading, 100))
    os.close(reading)
    async with asyncio.timeout(20):
        while orphan not in strays:
            news.clear()
            await news.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(orphan, 0)


async def test_child_that_ended_before_start() -> None:
    """Whoever ended before the reaper listened is found as well."""
    pid = ended_child()
    reaper = Reaper()
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reaper.start()
    reaper.watch(pid, ended.set_result)
    assert exit_of(await asyncio.wait_for(ended, 20)) == (0, None)
    reaper.close()
