"""A clock that tests turn, and small logs to write and read."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.storage.layout import Source
from meshdev.storage.line import LogLine
from meshdev.storage.reader import LogView
from meshdev.storage.store import LogLimits, LogStore
from meshdev.storage.waiting import Chunk


@dataclass
class FakeClock:
    """Epoch seconds that move when told to."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Logs:
    """A store without a thread, in a folder of its own."""

    log_dir: Path
    limits: LogLimits = field(default_factory=LogLimits)
    clock: FakeClock = field(default_factory=FakeClock)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = LogStore(
            self.log_dir,
            clock=self.clock,
            limits=self.limits,
            warn=lambda node, text: self.warnings.append((node, text)),
        )


SOURCE = Source("orders-0", 1, "stdout")


def chunk(
    data: bytes, time_ns: int = 0, source: Source = SOURCE, *, open_: bool = False, more: bool = False
) -> Chunk:
    """A chunk as a stream makes it."""
    return Chunk(source, time_ns, [data], len(data), open_, more)


def eventually(view: LogView, deadline: float = 20.0) -> list[LogLine]:
    """The next lines that a view has, as soon as it has any; none at the deadline (seconds)."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if lines := view.newer():
            return lines
        time.sleep(0.005)
    return []


def texts(lines: Iterable[LogLine]) -> list[str]:
    """What the lines say."""
    return [line.text for line in lines]
