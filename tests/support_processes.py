"""Real processes for tests: programs that misbehave, a way to see who survives, and facts to wait for.

Every process of a test program has the test's token in its command line, so survivors are found by other means than
the code under test uses, and are killed when the test is over, whether it passed or not.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from meshdev.lifecycle.model import Fact, Incarnation
from meshdev.runners.process import LaunchSpec, ProcessRunner
from meshdev.runners.reaper import Reaper

PROGRAMS = Path(__file__).parent / "programs"
DEADLINE = 20.0
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Trace:
    """A token that all processes of one test carry in their command lines."""

    token: str

    def program(self, name: str) -> tuple[str, ...]:
        """The argv that runs ``tests/programs/<name>`` so that it can be traced."""
        return ("/bin/sh", str(PROGRAMS / name), self.token)

    def alive(self) -> list[int]:
        """Pids of the live processes of this test."""
        return [pid for pid in all_pids() if self.token.encode() in _command_line(pid) and is_alive(pid)]

    def wait_until_gone(self, within: float = DEADLINE) -> list[int]:
        """Who is still alive once nobody is, or once the time is over."""
        deadline = time.monotonic() + within
        while (left := self.alive()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return left

    def wait_for(self, count: int, within: float = DEADLINE) -> list[int]:
        """Wait until ``count`` processes of this test live."""
        deadline = time.monotonic() + within
        while len(found := self.alive()) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} processes came up"
            time.sleep(0.005)
        return found


@contextlib.contextmanager
def traced() -> Iterator[Trace]:
    """A trace whose processes are all dead afterwards."""
    trace = Trace(f"meshdev-test-{secrets.token_hex(8)}")
    try:
        yield trace
    finally:
        for _ in range(100):
            left = trace.alive()
            for pid in left:
                kill(pid)
            if not left:
                break
            time.sleep(0.01)


@dataclass(slots=True)
class Facts:
    """Collects what a runner reports; `until` waits for what a test expects."""

    seen: list[Fact] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, fact: Fact) -> None:
        """Take a fact; this is the runner's ``report``."""
        self.seen.append(fact)
        self._news.set()

    async def until(self, wanted: Callable[[Fact], bool], within: float = DEADLINE) -> Fact:
        """The first fact, seen or to come, that ``wanted`` accepts."""
        async with asyncio.timeout(within):
            while True:
                self._news.clear()
                for fact in self.seen:
                    if wanted(fact):
                        return fact
                await self._news.wait()

    async def of(self, kind: type[F], ref: Incarnation, within: float = DEADLINE) -> F:
        """The first fact of ``kind`` about ``ref``."""
        fact = await self.until(
            lambda fact: isinstance(fact, kind) and getattr(fact, "ref", None) == ref, within
        )
        assert isinstance(fact, kind)
        return fact

    def count(self, kind: type[object]) -> int:
        """How many facts of ``kind`` were seen."""
        return sum(isinstance(fact, kind) for fact in self.seen)


@dataclass(slots=True)
class Heard:
    """An output sink that keeps everything and can be waited for."""

    data: bytearray = field(default_factory=bytearray)
    ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, chunk: bytes) -> None:
        """Keep it."""
        self.data += chunk
        self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self._news.set()

    async def until(self, text: bytes, within: float = DEADLINE) -> None:
        """Wait until ``text`` was heard."""
        async with asyncio.timeout(within):
            while text not in self.data:
                self._news.clear()
                await self._news.wait()


@dataclass(slots=True)
class Bench:
    """A runner with everything that a test looks at."""

    runner: ProcessRunner
    reaper: Reaper
    facts: Facts
    heard: dict[tuple[Incarnation, str], Heard]
    cwd: Path

    def launch(self, ref: Incarnation, *argv: str, attempt: int = 1, **more: object) -> None:
        """Start ``argv`` as ``ref`` with the smallest environment."""
        spec = LaunchSpec(argv=argv, cwd=self.cwd, env={"PATH": "/usr/bin:/bin"}, **more)  # type: ignore[arg-type]
        self.runner.launch(ref, spec, attempt)

    async def ready(self, ref: Incarnation) -> None:
        """Wait until ``ref`` has printed ``ready``."""
        await self.heard[ref, "stdout"].until(b"ready")


def all_pids() -> list[int]:
    """Every pid there is."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def is_alive(pid: int) -> bool:
    """Whether ``pid`` runs (a zombie doesn't)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_until_dead(pid: int, within: float = DEADLINE) -> bool:
    """Whether ``pid`` has ended in time."""
    deadline = time.monotonic() + within
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.005)
    return not is_alive(pid)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Signal ``pid`` if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
