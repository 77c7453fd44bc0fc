"""Edges that terminate TLS, in a real worker, and callees by TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy, EdgeTls, Exchange, Upstream
from support_mesh import EDGE, Peer, Streams, fleet_of, peer
from support_tls import Issued, speaking


def tls_of(ours: Issued, **more: Any) -> EdgeTls:
    """What the daemon says of an edge to payments, whose callee has the same certificate."""
    base = EdgeTls(
        str(ours.certificate),
        str(ours.certificate),
        str(ours.authority),
        str(ours.authority),
        server_name="payments",
    )
    return msgspec.structs.replace(base, **more)


def to(upstream: Upstream, tls: EdgeTls, protocol: str = "http", *, plain: bool = False) -> EdgePolicy:
    """An edge that is terminated; its callee is spoken to by TLS unless it is ``plain``."""
    at = msgspec.structs.replace(upstream, tls=not plain)
    return EdgePolicy((at,), protocol, hold=2.0, tls=tls)


@asynccontextmanager
async def edge_of(
    folder: Path,
    policy: EdgePolicy,
    *,
    said: list[str] | None = None,
    exchanges: list[tuple[EdgeKey, Exchange, float]] | None = None,
) -> AsyncIterator[tuple[Fleet, int]]:
    """The edge in a worker, and its port."""
    async with fleet_of(folder, report=said, exchanges=exchanges) as fleet:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: policy}))
        yield fleet, port


@asynccontextmanager
async def secure(port: int, context: ssl.SSLContext, name: str = "payments") -> AsyncIterator[Streams]:
    """A connection by TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    try:
        async with asyncio.timeout(10):
            yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@asynccontextmanager
async def in_front_of(port: int, ours: Issued) -> AsyncIterator[Peer]:
    """A server that speaks TLS and passes what is in it to ``port``."""

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while data := await source.read(65536):
                    sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))

    async with peer("far", passing, tls=speaking(ours.certificate)) as far:
        yield far
