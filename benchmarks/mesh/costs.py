"""What processes have cost, to the nanosecond where the kernel keeps it: all threads of all processes of a proxy."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.processes import parse_kilobytes

_PROC = Path("/proc")


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time so far (schedstat; a thread that has ended counts nothing)."""
    return sum(parse_schedstat(text) for pid in pids for text in _threads(pid)) / 1e9


def parse_schedstat(text: str) -> int:
    """Nanoseconds on a CPU: the first number."""
    return int(text.split(maxsplit=1)[0])


def memory(pids: Iterable[int]) -> int:
    """Proportional set size in bytes: a page that several share counts once in all."""
    return sum(parse_kilobytes((_PROC / str(pid) / "smaps_rollup").read_text("utf-8"), "Pss") for pid in pids)


def private_memory(pid: int) -> int:
    """Bytes that are this process's alone and would be free without it."""
    return parse_kilobytes((_PROC / str(pid) / "smaps_rollup").read_text("utf-8"), "Private_Dirty")


def descriptors(pid: int) -> int:
    """How many it has open."""
    return sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())


def family(pid: int) -> list[int]:
    """A process, its children, theirs, and so on."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            found += map(int, (_PROC / str(one) / "task" / str(one) / "children").read_text("utf-8").split())
    return found


def _threads(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                yield (entry / "schedstat").read_text("utf-8")
