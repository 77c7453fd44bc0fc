"""One case: a folder, some services, and one tool that runs them; everything that belongs to it ends with it."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processes
from benchmarks.observer import Observer

GRACE = 3  # seconds between the polite signal and SIGKILL, for every tool that lets one choose


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a case; ``argv`` is complete."""

    name: str
    argv: tuple[str, ...]


@dataclass(slots=True)
class Case:
    """What a tool is given. ``watched`` is a file whose change shall restart the services (None: nobody watches)."""

    folder: Path
    binary: Path
    observer: Observer
    mark: str
    services: tuple[Service, ...]
    watched: Path | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """A file in the case's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def running(self) -> list[int]:
        """The service processes that live, children included."""
        return processes.services(self.binary)

    def tool(self) -> list[int]:
        """The tool's own processes that live."""
        return processes.tool(self.mark, self.binary)


@contextmanager
def opened(binary: Path, count: int, mode: tuple[str, ...], *, watch: bool = False) -> Iterator[Case]:
    """A case with ``count`` services of this mode; whatever is left of it is killed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    mark = uuid.uuid4().hex
    own = folder / "service"
    shutil.copy2(binary, own)
    (folder / "home").mkdir()
    (folder / "run").mkdir(mode=0o700)
    observer = Observer(folder / "observer")
    services = tuple(
        Service(f"s{number:02}", (str(own), f"s{number:02}", str(observer.path), *mode))
        for number in range(count)
    )
    case = Case(folder, own, observer, mark, services, environ=environment(folder, mark))
    if watch:
        case.watched = case.write("src/watched.txt", "0\n")
    try:
        with observer:
            yield case
    finally:
        clear(case)
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, mark: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a tool: its private home and runtime folder, and the mark."""
    kept = {
        name: value for name, value in (base or os.environ).items() if name not in {"PORT", "VIRTUAL_ENV"}
    }
    return {
        **kept,
        "HOME": str(folder / "home"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "TERM": "xterm-256color",
        processes.MARK: mark,
    }


def clear(case: Case) -> None:
    """Kill the tool first (it might start services again), then the services."""
    for _ in range(50):
        left = case.tool() or case.running()
        if not left:
            return
        for pid in left:
            processes.end(pid)
        processes.eventually(lambda: not any(map(processes.alive, left)), 1.0, 0.01)  # noqa: B023 -- used at once


def compiled(folder: Path) -> Path:
    """The test service, compiled."""
    source = Path(__file__).with_name("service.c")
    binary = folder / "service"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit("the benchmarks need a C compiler (cc)")
    subprocess.run([compiler, "-O2", "-o", str(binary), str(source)], check=True)
    return binary


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes of a case."""
    for pid in pids:
        os.kill(pid, number)
