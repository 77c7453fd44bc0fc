"""A program that burns CPU or holds memory: ``burden.py cpu|memory BEGIN FULL AT RAMP``. Imports nothing of ours.

It starts at BEGIN (a share of one core, or bytes) and grows to FULL within RAMP seconds from AT (monotonic) on. Memory
is touched, so that it is really there, and never so much of it that the machine has less than 256 MiB left. It goes on
until it is killed.
"""

import mmap
import sys
import time

_PERIOD = 0.05
_PIECE = 1 << 20
_SPARED = 256 << 20


def main(sort: str, begin: float, full: float, at: float, ramp: float) -> None:
    """Run until killed."""

    def wanted() -> float:
        passed = (time.monotonic() - at) / ramp if ramp > 0.0 else 1.0
        return begin + (full - begin) * min(1.0, max(0.0, passed))

    held: list[mmap.mmap] = []
    while True:
        started = time.monotonic()
        if sort == "cpu":
            until = time.thread_time() + wanted() * _PERIOD
            while time.thread_time() < until:
                pass
        else:
            take(held, int(wanted()))
        time.sleep(max(0.0, started + _PERIOD - time.monotonic()))


def take(held: list[mmap.mmap], size: int) -> None:
    """Hold ``size`` bytes, or as many as can be had."""
    while len(held) * _PIECE < size and _available() > _SPARED:
        try:
            piece = mmap.mmap(-1, _PIECE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except (OSError, ValueError):
            return
        for offset in range(0, _PIECE, mmap.PAGESIZE):
            piece[offset] = 1
        held.append(piece)


def _available() -> int:
    try:
        with open("/proc/meminfo", "rb") as file:  # noqa: PTH123 - starts without a library
            for line in file:
                if line.startswith(b"MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 1 << 62


if __name__ == "__main__":
    main(sys.argv[1], *(float(word) for word in sys.argv[2:6]))
