"""Answers of the engine that go on and on (a followed log), read in the loop: no thread, nothing copied twice."""

import asyncio
from collections.abc import Callable

from meshdev.runners.container.address import host_port, socket_path
from meshdev.runners.container.body import Answer, BadAnswer
from meshdev.runners.container.trouble import EngineError, unreachable

_REFUSED = 300


class _Reader(asyncio.Protocol):
    """Feeds one answer to ``take`` until it ends."""

    def __init__(self, request: bytes, take: Callable[[bytes], None], opened: Callable[[], None]) -> None:
        self._request = request
        self._take = take
        self._opened: Callable[[], None] | None = opened
        self._transport: asyncio.BaseTransport | None = None
        self.answer = Answer()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 -- for the type checker
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            body = self.answer.feed(data)
            if self._opened is not None and 0 < self.answer.status < _REFUSED:
                self._opened()
                self._opened = None
            if body:
                self._take(body)
        except BadAnswer as error:
            self._finish(EngineError(f"the engine's answer makes no sense: {error}"))
            return
        if self.answer.ended:
            self._finish(None)

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None or (self.answer.status == 0 and not self.done.done()):
            self._finish(EngineError("the connection to the engine broke", away=True))
        else:
            self._finish(None)

    def _finish(self, error: EngineError | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
        if self._transport is not None:
            self._transport.close()


async def stream(
    address: str,
    target: str,
    take: Callable[[bytes], None],
    *,
    method: str = "GET",
    body: bytes = b"",
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Have every piece of the answer's body taken until it ends; ``opened`` hears of its head. Raises EngineError."""
    head = f"{method} {target} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"\r\n" + body
    loop = asyncio.get_running_loop()
    path, place = socket_path(address), host_port(address)
    try:
        if path is not None:
            transport, reader = await loop.create_unix_connection(
                lambda: _Reader(request, take, opened), path
            )
        elif place is not None:
            transport, reader = await loop.create_connection(lambda: _Reader(request, take, opened), *place)
        else:
            raise EngineError(f"logs cannot be followed over {address}", hint="use unix:// or tcp://")
    except OSError as error:
        raise unreachable(address, error.errno, str(error)) from error
    try:
        await reader.done
    finally:
        transport.close()
    if reader.answer.status >= _REFUSED:
        raise EngineError(reader.answer.complaint, status=reader.answer.status)
