"""What a table is: columns, and one round that measures every proxy in turn."""

import abc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.mesh.costs import cpu_seconds
from benchmarks.mesh.load import Load
from benchmarks.mesh.proxies.base import Proxy, Route, Running
from benchmarks.mesh.proxies.nginx import upstream
from benchmarks.report import Results
from benchmarks.tools.base import Unfit

DIRECT = "direct"
"""The row without a proxy."""


@dataclass(frozen=True, slots=True)
class Column:
    """Less is better in all of them. ``times`` says that the ratio to the reference tells something."""

    key: str
    title: str
    times: bool = True


class Table(abc.ABC):
    """`source` names the results that it shows: two tables may show the same runs."""

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]

    @property
    def source(self) -> str:
        """Under this name the results are kept."""
        return f"mesh-{self.name}"

    @abc.abstractmethod
    def measure(self, proxies: Sequence[Proxy], rounds: int) -> Results:
        """All rounds."""


@contextmanager
def side_by_side(
    proxies: Sequence[Proxy], results: Results, routes: Callable[[int], Sequence[Route]]
) -> Iterator[tuple[Path, Running, Mapping[str, Running]]]:
    """The upstream and all proxies that can serve ``routes(upstream's port)``, each in a folder of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-mesh-")))
        behind = stack.enter_context(upstream(_made(folder / "upstream")))
        running: dict[str, Running] = {}
        for proxy in proxies:
            with noted(proxy, results):
                serving = proxy.serving(_made(folder / proxy.name), routes(behind.ports[0]))
                running[proxy.name] = stack.enter_context(serving)
        yield folder, behind, running


@contextmanager
def noted(proxy: Proxy, results: Results) -> Iterator[None]:
    """The version goes into the results, and so does the reason why it cannot take part."""
    try:
        results.versions[proxy.name] = proxy.version()
        yield
    except Unfit as why:
        results.versions.pop(proxy.name, None)
        results.notes[proxy.name] = str(why)
        say(f"{proxy.name} is left out: {why}")


def in_turns(running: Mapping[str, Running], number: int) -> list[tuple[str, Running]]:
    """Each round begins with another one."""
    all_of_them = list(running.items())
    shift = number % max(len(all_of_them), 1)
    return [*all_of_them[shift:], *all_of_them[:shift]]


def costing(pids: Sequence[int], load: Callable[[], Load]) -> tuple[Load, float]:
    """A load, and the CPU seconds that these processes spent meanwhile."""
    before = cpu_seconds(pids)
    seen = load()
    return seen, cpu_seconds(pids) - before


def say(text: str) -> None:
    """To whoever waits for it."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
