"""Callers: so many requests over so many kept connections, each sent when the one before was answered."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import uvloop

from benchmarks.recording.upstream import taken
from benchmarks.tools.base import Unfit

CONNECTIONS: Final = 8
_SECONDS: Final = 240.0

Hear = Callable[[int, int, bytes], None]


@dataclass(slots=True)
class Seen:
    """What came of a load: answers by status, and how long all of it took (s)."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """Answers that were no success."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)  # noqa: PLR2004


def call(
    port: int, requests: Sequence[bytes], connections: int = CONNECTIONS, hear: Hear | None = None
) -> Seen:
    """Send them all; ``hear(which, status, body)`` gets every answer. Raises Unfit when they do not all come."""
    return uvloop.run(_call(port, requests, connections, hear))


async def _call(port: int, requests: Sequence[bytes], connections: int, hear: Hear | None) -> Seen:
    seen = Seen()
    waiting = iter(enumerate(requests))
    callers = [_Caller(port, waiting, seen, hear) for _ in range(connections)]
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_SECONDS), asyncio.TaskGroup() as tasks:
            for caller in callers:
                tasks.create_task(caller.run())
    except* TimeoutError as error:
        raise Unfit(f"only {sum(seen.statuses.values())} of {len(requests)} calls were answered") from error
    except* OSError as error:
        raise Unfit(f"a connection broke off: {error.exceptions[0]}") from error
    seen.seconds = time.perf_counter() - began
    return seen


class _Caller(asyncio.Protocol):
    """One after the other; it dials again when a connection was closed behind an answer, as some tools do."""

    def __init__(
        self, port: int, waiting: Iterator[tuple[int, bytes]], seen: Seen, hear: Hear | None
    ) -> None:
        self._port = port
        self._waiting = waiting
        self._seen = seen
        self._hear = hear
        self._which = -1
        self._request = b""
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._lost = self._loop.create_future()

    async def run(self) -> None:
        """Until nothing waits. Raises OSError when an answer does not come."""
        while self._next():
            self._lost = self._loop.create_future()
            await self._loop.create_connection(lambda: self, "127.0.0.1", self._port)
            await self._lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._data += data
        whole = taken(self._data)
        if whole is None or self._transport is None:
            return
        head, body, self._data = whole
        statuses, status = self._seen.statuses, int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1
        if self._hear is not None:
            self._hear(self._which, status, body)
        self._which = -1
        if b"\r\nconnection: close\r\n" in head.lower():
            self._transport.close()
        elif self._next():
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lost.done():
            return
        if self._which >= 0:
            self._lost.set_exception(ConnectionError(f"no answer to call {self._which} ({exc})"))
        else:
            self._lost.set_result(None)

    def _next(self) -> bool:
        self._which, self._request = next(self._waiting, (-1, b""))
        return self._which >= 0


def first_byte(port: int) -> tuple[float, float]:
    """Seconds until the first event of ``/events`` is here, and until the end of the stream."""
    with socket.create_connection(("127.0.0.1", port), 60) as sock:
        began = time.perf_counter()
        sock.sendall(b"GET /events HTTP/1.1\r\nHost: payments:8080\r\nAccept: text/event-stream\r\n\r\n")
        data, first = b"", 0.0
        while taken(data) is None:
            more = sock.recv(65536)
            if not more:
                break
            data += more
            if not first and b"data: 0" in data:
                first = time.perf_counter() - began
        return first, time.perf_counter() - began
