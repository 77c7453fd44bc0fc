"""The connection of one probe: plain, or by TLS without a look at the certificate: health is no matter of trust."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Self

MakeSocket = Callable[[], Awaitable[socket.socket]]
_READ = 16 * 1024


class Line:
    """Says and hears over ``sock``; `opened` makes one."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._heard = ssl.MemoryBIO()
        self._to_say = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    @classmethod
    async def opened(
        cls, port: int, host: str, make: MakeSocket | None, *, alpn: str = "", tls: bool = False
    ) -> Self:
        """Connected, and the handshake done. Raises OSError (`ssl.SSLError` is one)."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM) if make is None else await make()
        sock.setblocking(False)  # noqa: FBT003 -- positional-only
        line = cls(sock)
        try:
            await line._loop.sock_connect(sock, (host, port))
            if tls:
                await line._shake_hands(alpn)
        except BaseException:
            sock.close()
            raise
        return line

    async def say(self, data: bytes) -> None:
        """All of ``data``."""
        if self._tls is not None:
            self._tls.write(data)
            data = self._to_say.read()
        await self._loop.sock_sendall(self._sock, data)

    async def hear(self) -> bytes:
        """What comes next; nothing at the end."""
        if self._tls is None:
            return await self._loop.sock_recv(self._sock, _READ)
        while True:
            try:
                return self._tls.read(_READ)
            except ssl.SSLWantReadError:
                if not await self._take_in():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    def close(self) -> None:
        """Be done with it; goodbye is said where that is usual, so that no server complains."""
        if self._tls is not None:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            with contextlib.suppress(OSError):
                self._sock.send(self._to_say.read())
        self._sock.close()

    async def _shake_hands(self, alpn: str) -> None:
        tls = unbelieving(alpn).wrap_bio(self._heard, self._to_say)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._loop.sock_sendall(self._sock, self._to_say.read())
                if not await self._take_in():
                    raise ConnectionResetError(0, "the TLS handshake was broken off") from None
                continue
            await self._loop.sock_sendall(self._sock, self._to_say.read())
            self._tls = tls
            return

    async def _take_in(self) -> bool:
        data = await self._loop.sock_recv(self._sock, _READ)
        self._heard.write(data)
        return bool(data)


@cache
def unbelieving(alpn: str = "") -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols([alpn])
    return context
