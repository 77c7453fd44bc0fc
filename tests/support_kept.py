"""An instance whose connections are served by hand, so that a test decides when it closes one that is kept."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meshdev.wire.mesh import Upstream
from support_http_edge import GET, OK, Answer, read_response
from support_mesh import Streams


class Instance:
    """A listener whose connections are served by hand."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.upstream = Upstream("127.0.0.1", listener.getsockname()[1], "payments-0@1")
        self.loop = asyncio.get_running_loop()

    async def accept(self) -> socket.socket:
        """The next connection."""
        return (await self.loop.sock_accept(self.listener))[0]

    async def answer(self, sock: socket.socket) -> bytes:
        """Read what comes, and answer it."""
        said = await self.loop.sock_recv(sock, 100_000)
        await self.loop.sock_sendall(sock, OK)
        return said


@asynccontextmanager
async def instance() -> AsyncIterator[Instance]:
    """An instance on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        yield Instance(listener)


async def serve_one(a: Instance, streams: Streams) -> socket.socket:
    """One exchange; the connection over which it went is kept by the edge."""
    streams[1].write(GET)
    sock = await a.accept()
    sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    await a.answer(sock)
    assert (await read_response(streams[0])).body == b"ok"
    return sock


async def ask_again(a: Instance, streams: Streams) -> tuple[bytes, Answer]:
    """Serve a new connection; what was asked over it, and what the caller got."""
    sock = await a.accept()
    with sock:
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        return await a.answer(sock), await read_response(streams[0])
