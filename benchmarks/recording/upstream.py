"""The service behind every recorder: ``python -m benchmarks.recording.upstream PORT``.

`exchanges` under ``/orders/N/items``, `mix` otherwise; ``/events`` says an event at once and one every 200 ms after it;
``/reset`` forgets the polls.
"""

import asyncio
import json
import sys
from random import Random
from typing import Final, cast

import uvloop

from benchmarks.recording import exchanges, mix

EVENTS: Final = 5
GAP_SECONDS: Final = 0.2
_STREAM: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


class Service(asyncio.Protocol):
    """One connection; requests come one after the other."""

    polls: Final[dict[str, int]] = {}
    chance: Final = Random(1)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer whole requests."""
        self._waiting += data
        while (whole := taken(self._waiting)) is not None:
            head, body, self._waiting = whole
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        path = target.partition("?")[0]
        if path.startswith("/orders/"):
            number = int(path.split("/")[2])
            self._write(exchanges.answered(number, json.loads(body)["id"], self.chance))
        elif path == "/events":
            self._write(_STREAM)
            for at in range(EVENTS):
                self._loop.call_later(GAP_SECONDS * at, self._write, _chunk(b"data: %d\n\n" % at))
            self._loop.call_later(GAP_SECONDS * EVENTS, self._write, b"0\r\n\r\n")
        elif path == "/reset":
            self.polls.clear()
            self._write(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            self._mixed(method, target, body)

    def _mixed(self, method: str, target: str, body: bytes) -> None:
        media, content = mix.answer(method, target, body, self.polls)
        if target.startswith("/stream/"):
            self._write(_STREAM)
            *events, _ = content.split(b"\n\n")
            for at, event in enumerate(events):
                self._loop.call_later(0.01 * at, self._write, _chunk(event + b"\n\n"))
            self._loop.call_later(0.01 * len(events), self._write, b"0\r\n\r\n")
            return
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(content)}\r\n\r\n"
        wait = mix.SLOW_SECONDS if target.startswith("/slow/") else 0.0
        if wait:
            self._loop.call_later(wait, self._write, head.encode() + content)
        else:
            self._write(head.encode() + content)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def taken(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Head, body and rest of the first whole message in ``data``; bodies have a length or are chunked."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    end += 4
    head = data[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        size = int(head[at + 17 : head.find(b"\r\n", at + 17)])
        if len(data) < end + size:
            return None
        return data[:end], data[end : end + size], data[end + size :]
    if b"\r\ntransfer-encoding:" in head and b"chunked" in head:
        return _unchunked(data, end)
    return data[:end], b"", data[end:]


def _unchunked(data: bytes, end: int) -> tuple[bytes, bytes, bytes] | None:
    head = data[:end]
    parts: list[bytes] = []
    while (line := data.find(b"\r\n", end)) >= 0:
        size = int(data[end:line].partition(b";")[0], 16)
        after = line + 2 + size + 2
        if len(data) < after:
            return None
        if not size:
            return head, b"".join(parts), data[after:]
        parts.append(data[line + 2 : line + 2 + size])
        end = after
    return None


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Service(loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
