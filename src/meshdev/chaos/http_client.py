"""HTTP/1.1 requests over kept connections, as few moving parts as a load generator can do with.

An answer is its status; its body is read and dropped. Nothing is sent twice: what fails has failed.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import h11

_CHUNK = 65536
_MOST_IDLE = 100


class BrokenAnswerError(OSError):
    """The connection ended, or made no sense, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: host, port, what stands before each path; by ``tls`` whatever the certificate."""

    host: str
    port: int
    prefix: str = ""
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> "Target":
        """The target of an ``http://`` or ``https://`` address."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        port = parts.port or (443 if tls else 80)
        return cls(parts.hostname or "127.0.0.1", port, parts.path.rstrip("/"), tls)


@dataclass(slots=True)
class HttpClient:
    """A pool of connections to one target; `close` it."""

    target: Target
    _idle: "list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]" = field(default_factory=list)

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the whole answer; raises OSError."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or reader.exception() or writer.is_closing()):
                return await self._exchange((reader, writer), method, path, headers, body)
            writer.close()
        context = _unbelieving() if self.target.tls else None
        opened = await asyncio.open_connection(self.target.host, self.target.port, ssl=context)
        return await self._exchange(opened, method, path, headers, body)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> int:
        reader, writer = connection
        wire = h11.Connection(h11.CLIENT)
        kept = False
        try:
            writer.write(_head(wire, self.target, method, path, headers, body))
            await writer.drain()
            status = await _answer(wire, reader)
            kept = wire.our_state is h11.DONE and wire.their_state is h11.DONE
        except h11.ProtocolError as error:
            raise BrokenAnswerError(str(error)) from error
        finally:
            if kept and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                writer.close()
        return status


@cache
def _unbelieving() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _head(
    wire: h11.Connection, target: Target, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    fields = {"host": f"{target.host}:{target.port}", "user-agent": "meshdev-chaos", "accept": "*/*"}
    fields |= {name.lower(): value for name, value in headers.items()}
    if body or method in ("POST", "PUT", "PATCH"):
        fields["content-length"] = str(len(body))
    parts = [wire.send(h11.Request(method=method, target=target.prefix + path, headers=list(fields.items())))]
    if body:
        parts.append(wire.send(h11.Data(data=body)))
    parts.append(wire.send(h11.EndOfMessage()))
    return b"".join(part for part in parts if part)


async def _answer(wire: h11.Connection, reader: asyncio.StreamReader) -> int:
    status = 0
    while True:
        event = wire.next_event()
        match event:
            case h11.NEED_DATA:
                data = await reader.read(_CHUNK)
                if not data and not status:
                    raise BrokenAnswerError("closed without an answer")
                wire.receive_data(data)
            case h11.Response():
                status = event.status_code
            case h11.EndOfMessage() | h11.ConnectionClosed():
                return status
            case h11.PAUSED:
                return status
            case _:
                pass
