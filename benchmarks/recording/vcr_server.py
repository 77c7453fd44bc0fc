"""A server that asks somebody else with `http.client`, through vcrpy: ``… record|replay|plain CASSETTE PORT UPSTREAM``.

What vcrpy costs is what this costs with it, less what it costs without (``plain``). The addresses that it asks are
``http://payments:8080/…``; that is where ``UPSTREAM`` (a port of 127.0.0.1) is said to be.
"""

import asyncio
import contextlib
import http.client
import json
import socket
import sys
from collections.abc import Callable
from typing import Any, Final, cast

import uvloop
import vcr

from benchmarks.recording.upstream import taken

_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_create_connection = socket.create_connection


class Relay(asyncio.Protocol):
    """One caller; everything else waits while one is asked, as in the program that vcrpy is made for."""

    def __init__(self, finish: Callable[[], None]) -> None:
        self._finish = finish
        self._waiting = b""
        self._transport: asyncio.Transport | None = None
        self._upstream = http.client.HTTPConnection("payments", 8080)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Ask for whole requests."""
        self._waiting += data
        while self._transport is not None and (whole := taken(self._waiting)) is not None:
            head, body, self._waiting = whole
            self._ask(self._transport, head, body)

    def _ask(self, transport: asyncio.Transport, head: bytes, body: bytes) -> None:
        line, *fields = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = line.split(" ")
        if target == "/finish":
            self._finish()
            transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            return
        pairs = (one.partition(":") for one in fields)
        headers = {name: value.strip() for name, _, value in pairs if name.lower() != "host"}
        try:
            self._upstream.request(method, target, body or None, headers)
            answer = self._upstream.getresponse()
        except Exception as error:  # noqa: BLE001 - its own class for what it does not know, and any other
            self._upstream = http.client.HTTPConnection("payments", 8080)
            said = repr(error).encode()[:200]
            transport.write(b"HTTP/1.1 599 Missed\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            return
        kept = "".join(
            f"{name}: {value}\r\n" for name, value in answer.getheaders() if name.lower() not in _OURS
        )
        start = f"HTTP/1.1 {answer.status} {answer.reason}\r\n{kept}".encode("latin-1")
        if answer.getheader("content-length") is not None or answer.status == 204:  # noqa: PLR2004 - no content
            content = answer.read()
            transport.write(start + b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
            return
        transport.write(start + b"Transfer-Encoding: chunked\r\n\r\n")
        while piece := answer.read1(65536):
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        transport.write(b"0\r\n\r\n")


class Json:
    """A cassette in JSON: YAML is too slow to be read at 20,000 entries."""

    @staticmethod
    def deserialize(text: str) -> Any:
        """Of what stands in the file."""
        return json.loads(text)

    @staticmethod
    def serialize(_: Any) -> str:
        """It is not written."""
        raise NotImplementedError


async def _serve(mode: str, cassette: str, port: int, upstream: int) -> None:
    def connected(_: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        return _create_connection(("127.0.0.1", upstream), *arguments, **options)

    socket.create_connection = connected  # type: ignore[assignment]
    stack = contextlib.ExitStack()
    if mode == "record":
        stack.enter_context(vcr.VCR().use_cassette(cassette, record_mode="all"))
    elif mode == "replay":
        player = vcr.VCR()
        with open(cassette, encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - nothing else runs yet
            is_json = file.read(1) == "{"
        if is_json:
            player.register_serializer("json-only", Json)
        kind = "json-only" if is_json else "yaml"
        stack.enter_context(
            player.use_cassette(cassette, record_mode="none", serializer=kind, allow_playback_repeats=is_json)
        )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Relay(stack.close), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
