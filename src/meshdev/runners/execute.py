"""Run a short helper program (an exec probe, a build step) through the reaper and keep the end of what it says."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from meshdev.runners import census
from meshdev.runners.namespaces import Within
from meshdev.runners.reaper import Reaper, exit_of
from meshdev.runners.spawn import spawn

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Executed:
    """How it ended: exit code or signal, whether the time was over, and the last bytes of its output."""

    code: int | None
    signal: int | None
    timed_out: bool
    output: bytes


class _Tail:
    """Reads a pipe and keeps the last ``most`` bytes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int, most: int) -> None:
        self._loop = loop
        self._fd = fd
        self._most = most
        self.data = b""
        os.set_blocking(fd, False)
        loop.add_reader(fd, self.read)

    def read(self) -> None:
        try:
            chunk = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._loop.remove_reader(self._fd)
        self.data = (self.data + chunk)[-self._most :]

    def close(self) -> None:
        self.read()
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


async def execute(
    reaper: Reaper,
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    within: float,
    mark: int = 0,
    within_names: Within | None = None,
    keep: int = 2048,
) -> Executed:
    """Run ``argv`` for at most ``within`` seconds, then kill its group. Raises ServiceError if it can't be started."""
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    try:
        pid = spawn(argv, env=env, cwd=cwd, mark=mark, stdout=writing, stderr=writing, within=within_names)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    tail = _Tail(loop, reading, keep)
    ended: asyncio.Future[int] = loop.create_future()
    reaper.watch(pid, lambda status: None if ended.done() else ended.set_result(status))
    timed_out = False
    try:
        try:
            async with asyncio.timeout(within):
                await asyncio.shield(ended)
        except TimeoutError:
            timed_out = True
            census.send_group(pid, SIGKILL)
            await ended
        code, number = exit_of(ended.result())
        tail.read()
        return Executed(code, number, timed_out, tail.data)
    finally:
        if not ended.done():  # cancelled
            census.send_group(pid, SIGKILL)
        tail.close()
