"""A recorder as the benchmarks see it: a proxy to the service that records or does not, and a server that plays."""

import abc
import json
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.mesh.costs import cpu_seconds
from benchmarks.mesh.proxies.base import PROXY_CORE, Running, child
from benchmarks.processes import eventually

REST_SECONDS = 0.4
_REST_CPU = 0.004
_MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A call to be played: what is asked and answered, with heads."""

    target: str
    request: bytes
    answer: bytes


class Recorder(abc.ABC):
    """One tool. Methods raise Unfit for what it cannot do."""

    name: ClassVar[str]
    most_entries: ClassVar[int] = 1 << 30
    calls: ClassVar[int] = 1_500
    """In one measured run."""
    replays: ClassVar[dict[int, int]] = {100: 1_500, 2_000: 1_500, 20_000: 1_500}
    """Requests in one measured run, by the number of entries."""

    @abc.abstractmethod
    def version(self) -> str:
        """What was measured."""

    @abc.abstractmethod
    def proxying(self, folder: Path, upstream: int, *, record: bool) -> AbstractContextManager[Running]:
        """A proxy to 127.0.0.1:``upstream``; what it records goes into ``folder``."""

    def finish(self, folder: Path, running: Running) -> None:  # noqa: B027 - most have written it by then
        """Have everything that was recorded in ``folder``."""

    @abc.abstractmethod
    def files(self, folder: Path) -> list[Path]:
        """The files of the recording."""

    @abc.abstractmethod
    def replaying(self, folder: Path) -> AbstractContextManager[Running]:
        """A server that plays what was recorded in ``folder``."""

    @abc.abstractmethod
    def write(self, folder: Path, entries: list[Entry]) -> None:
        """A recording of ``entries``, as the tool would have it, for `replaying`."""


def at_rest(pids: tuple[int, ...]) -> None:
    """Wait until these processes do nothing any more: what was recorded has been written."""

    def quiet() -> bool:
        return now - before < _REST_CPU

    before, now = 0.0, cpu_seconds(pids)

    def rests() -> bool:
        nonlocal before, now
        before, now = now, cpu_seconds(pids)
        return quiet()

    eventually(rests, _MOST_SECONDS, REST_SECONDS)


@contextmanager
def on_proxy_core(command: list[str], folder: Path, port: int) -> Iterator[Running]:
    """A process that listens on ``port``."""
    with child(command, folder, [port], core=PROXY_CORE) as running:
        yield running


def asked(url: str, method: str = "GET", content: Any = None) -> Any:
    """JSON of a tool's administration."""
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as told:  # noqa: S310 - loopback
        text = told.read()
    return json.loads(text) if text else None


def head_and_body(message: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """The first line, the headers and what is behind them."""
    head, _, body = message.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    return line, [(name, value.strip()) for name, _, value in (one.partition(":") for one in fields)], body
