"""How long a process has waited for a core since the last look: a starved one is slow to answer, but not stuck.

From ``/proc/PID/schedstat`` (nanoseconds on a core, nanoseconds ready to run without one, time slices). Elsewhere than
on Linux nothing is known, and no wait is told.
"""

from pathlib import Path

_NANOSECONDS = 1e9


class RunQueue:
    """The wait of one process; ``look`` gives seconds since it was called last."""

    __slots__ = ("_before", "_file")

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/schedstat")
        self._before = self._read()

    def look(self) -> float:
        """Seconds of waiting since the last look; 0 where nothing is known."""
        now = self._read()
        waited, self._before = max(0.0, now - self._before), now
        return waited

    def _read(self) -> float:
        try:
            return int(self._file.read_bytes().split()[1]) / _NANOSECONDS
        except (OSError, IndexError, ValueError):
            return 0.0
