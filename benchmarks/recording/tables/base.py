"""What a table is, and a round in which every recorder has its turn."""

import abc
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from benchmarks.mesh.costs import cpu_seconds
from benchmarks.mesh.proxies.base import OTHER_CORE, Running, child, free_ports
from benchmarks.recording.caller import Seen, call
from benchmarks.recording.tools.base import Recorder, at_rest
from benchmarks.report import Results
from benchmarks.tools.base import Unfit


@dataclass(frozen=True, slots=True)
class Column:
    """``times`` says that the ratio to ours tells something."""

    key: str
    title: str
    times: bool = False


class Table(abc.ABC):
    """`source` names the results that it shows: two tables may show the same runs."""

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    rounds: ClassVar[int] = 1 << 30

    @property
    def source(self) -> str:
        """Under this name the results are kept."""
        return f"recording-{self.name}"

    @abc.abstractmethod
    def measure(self, recorders: Sequence[Recorder], rounds: int) -> Results:
        """All rounds."""


@contextmanager
def service() -> Iterator[tuple[Path, int]]:
    """A folder, and the port of the service behind all recorders."""
    with TemporaryDirectory(prefix="bench-recording-") as name:
        folder = Path(name)
        (port,) = free_ports(1)
        command = [sys.executable, "-m", "benchmarks.recording.upstream", str(port)]
        command = ["env", f"PYTHONPATH={Path(__file__).resolve().parents[3]}", *command]
        (folder / "upstream").mkdir()
        with child(command, folder / "upstream", [port], core=OTHER_CORE):
            yield folder, port


def fit(recorders: Sequence[Recorder], results: Results) -> list[Recorder]:
    """Those that are here; why another is not goes into the results."""
    found = []
    for one in recorders:
        try:
            results.versions[one.name] = one.version()
        except Unfit as why:
            results.notes[one.name] = str(why)
            say(f"{one.name} is left out: {why}")
        else:
            found.append(one)
    return found


def in_turns(recorders: Sequence[Recorder], number: int) -> list[Recorder]:
    """Each round begins with another one."""
    shift = number % max(len(recorders), 1)
    return [*recorders[shift:], *recorders[:shift]]


def costing(running: Running, requests: Sequence[bytes]) -> tuple[Seen, list[float]]:
    """A load, and the CPU seconds that it cost each of the processes until they were at rest again."""
    at_rest(running.pids)
    before = [cpu_seconds([pid]) for pid in running.pids]
    seen = call(running.ports[0], requests)
    at_rest(running.pids)
    return seen, [cpu_seconds([pid]) - spent for pid, spent in zip(running.pids, before, strict=True)]


def say(text: str) -> None:
    """To whoever waits for it."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
