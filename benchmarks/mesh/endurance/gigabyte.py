"""A gigabyte down and up, over HTTP (counted and chunked) and TCP: every byte arrives, and the worker keeps none."""

import asyncio
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from benchmarks.mesh.endurance.base import MEGABYTE, Finding, Setting, Trial, edge, mesh, policy

BLOCKS: Final = 1024
GROWTH: Final = 8 * MEGABYTE
_BLOCK_BYTES: Final = 1 << 20
_SAMPLE_SECONDS: Final = 0.05
_STEP: Final = 7919  # odd, so that no two blocks of a body are alike


class Gigabyte(Trial):
    """The peer with whom the caller speaks hears first what is to be done, and then sends or sums up."""

    name: ClassVar = "gigabyte"

    async def run(self, setting: Setting, finding: Finding) -> None:
        """Each way, each framing."""
        said: list[str] = []
        with _peer() as behind:
            async with mesh(setting.folder, said) as it:
                await it.route({edge(kind): policy(kind, behind) for kind in ("http", "tcp")})
                start = it.taken()
                for one, port in it.ports.items():
                    for way in ("down", "up"):
                        for framing in ("counted", "chunked") if one.callee == "http" else ("plain",):
                            began = time.monotonic()
                            work = asyncio.create_task(  # noqa: TID251 -- awaited below, in this block
                                asyncio.to_thread(_down if way == "down" else _up, port, framing)
                            )
                            most = start.memory
                            while not work.done():
                                most = max(most, it.taken().memory)
                                await asyncio.sleep(_SAMPLE_SECONDS)
                            rate = BLOCKS * _BLOCK_BYTES / MEGABYTE / (time.monotonic() - began)
                            name = f"{one.callee} {way}, {framing}"
                            finding.check(await work == SUM, f"{name}: 1 GiB arrived whole, {rate:.0f} MB/s")
                            grown = most - start.memory
                            finding.check(
                                grown < GROWTH,
                                f"{name}: {grown / MEGABYTE:.1f} MB more at the most meanwhile",
                            )
                rest = await it.at_rest()
                finding.check(rest.descriptors <= start.descriptors, f"then {rest}")
        finding.told += said


def blocks() -> Iterator[bytes]:
    """The body, by blocks that all differ."""
    base = bytes(range(256)) * (_BLOCK_BYTES // 256)
    twice = memoryview(base + base)
    for number in range(BLOCKS):
        at = number * _STEP % _BLOCK_BYTES
        yield number.to_bytes(8, "big") + bytes(twice[at : at + _BLOCK_BYTES - 8])


def _summed() -> int:
    total = 0
    for block in blocks():
        total = zlib.crc32(block, total)
    return total


SUM: Final = _summed()


def _framed(framing: str) -> Iterator[bytes]:
    for block in blocks():
        yield b"%x\r\n%b\r\n" % (len(block), block) if framing == "chunked" else block
    if framing == "chunked":
        yield b"0\r\n\r\n"


def _headers(framing: str) -> bytes:
    return (
        b"Transfer-Encoding: chunked\r\n\r\n"
        if framing == "chunked"
        else b"Content-Length: %d\r\n\r\n" % (BLOCKS * _BLOCK_BYTES)
    )


def _take(sock: socket.socket, framing: str, early: bytes = b"") -> int:
    """The sum of a body."""
    with sock.makefile("rb", buffering=1 << 18) as file:
        total = zlib.crc32(early)
        if framing != "chunked":
            left = BLOCKS * _BLOCK_BYTES - len(early)
            while left and (data := file.read(min(left, 1 << 18))):
                left -= len(data)
                total = zlib.crc32(data, total)
            return total
        while size := int(file.readline(), 16):
            total = zlib.crc32(file.read(size), total)
            file.readline()
        file.readline()
        return total


def _head(sock: socket.socket) -> bytes:
    """A head, byte by byte, so that nothing of the body is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            return b""
        head += byte
    return head


def _down(port: int, framing: str) -> int:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET /%b HTTP/1.1\r\nHost: u\r\n\r\n" % framing.encode())
        _head(sock)
        return _take(sock, framing)


def _up(port: int, framing: str) -> int:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"POST /%b HTTP/1.1\r\nHost: u\r\n%b" % (framing.encode(), _headers(framing)))
        for block in _framed(framing):
            sock.sendall(block)
        _head(sock)
        return int(sock.recv(10))


def _serve(sock: socket.socket) -> None:
    with sock:
        while head := _head(sock):
            framing = head.split()[1].decode().lstrip("/")
            if head.startswith(b"GET"):
                sock.sendall(b"HTTP/1.1 200 OK\r\n" + _headers(framing))
                for block in _framed(framing):
                    sock.sendall(block)
            else:
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n%010d" % _take(sock, framing))


@contextmanager
def _peer(serve: Callable[[socket.socket], None] = _serve) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        try:
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
