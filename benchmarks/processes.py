"""What /proc says: whose process this is, and what it costs. Linux only, as the benchmarks are.

A service is known by its executable (each case has a copy of its own), a tool's process by the case's mark in its
environment. Nothing is ever ended by name.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "BENCHMARK_CASE"
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cost:
    """Sums over processes: CPU in seconds, memory in bytes."""

    cpu: float = 0.0
    pss: int = 0
    peak_rss: int = 0

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(self.cpu + other.cpu, self.pss + other.pss, self.peak_rss + other.peak_rss)


def pids() -> Iterator[int]:
    """Everybody."""
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def alive(pid: int) -> bool:
    """Whether it runs; a zombie doesn't."""
    try:
        return parse_state((_PROC / str(pid) / "stat").read_text(errors="replace")) not in "ZX"
    except OSError:
        return False


def services(binary: Path) -> list[int]:
    """The live processes that run ``binary``."""
    return [pid for pid in pids() if _runs(pid, binary)]


def tool(mark: str, binary: Path) -> list[int]:
    """The live processes that bear the case's mark and are neither a service nor this process."""
    wanted = f"{MARK}={mark}".encode()
    return [
        pid
        for pid in pids()
        if pid != os.getpid() and wanted in _environ(pid) and not _runs(pid, binary) and alive(pid)
    ]


def cost(group: Iterable[int]) -> Cost:
    """What these processes have cost so far; one that has ended counts nothing."""
    total = Cost()
    for pid in group:
        with contextlib.suppress(OSError):
            folder = _PROC / str(pid)
            total = total.plus(
                Cost(
                    parse_cpu((folder / "stat").read_text(errors="replace")),
                    parse_kilobytes((folder / "smaps_rollup").read_text(), "Pss"),
                    parse_kilobytes((folder / "status").read_text(errors="replace"), "VmHWM"),
                )
            )
    return total


def parse_state(stat: str) -> str:
    """The state letter in /proc/PID/stat."""
    return stat.rpartition(")")[2].split()[0]


def parse_cpu(stat: str) -> float:
    """User and system seconds in /proc/PID/stat, with those of the children that were waited for."""
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15]) / _TICKS


def parse_kilobytes(text: str, key: str) -> int:
    """``Key:   12 kB`` as bytes; 0 without it."""
    found = re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def end(pid: int) -> None:
    """SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def prefer(group: Iterable[int]) -> None:
    """Give the sessions of these processes our own niceness, if that is below 0.

    Linux shares cores between sessions first (autogroup), so a process's own niceness says nothing outside of its own.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness >= 0:
        return
    for pid in group:
        with contextlib.suppress(OSError):
            (_PROC / str(pid) / "autogroup").write_text(str(niceness))


def eventually(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _runs(pid: int, binary: Path) -> bool:
    try:
        return (_PROC / str(pid) / "exe").readlink() == binary and alive(pid)
    except OSError:
        return False


def _environ(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return b""
