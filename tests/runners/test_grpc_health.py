"""gRPC health probes: real servers of grpcio's health service, and everything that a server may say instead."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.runners.grpc_health import Check, NoHttp2Error
from meshdev.runners.probes import probe_grpc
from meshdev.traffic.protocols.http2.frames import (
    END_STREAM,
    Error,
    Frame,
    frame,
    header_frames,
    reset_frame,
)
from meshdev.traffic.protocols.http2.hpack_blocks import BlockError, literal
from support_grpc import bench_server
from support_mesh import free_port, peer

SETTINGS = frame(Frame.SETTINGS, 0, 0)


@contextmanager
def health_server() -> Iterator[tuple[int, Any]]:
    """A server with a health service; its port, and where statuses are set."""
    servicer = health.HealthServicer()
    server, port = bench_server(lambda server: health_pb2_grpc.add_HealthServicer_to_server(servicer, server))
    try:
        yield port, servicer
    finally:
        server.stop(None).wait(10)


@pytest.mark.parametrize(
    ("service", "status", "ok", "detail"),
    [
        ("", "SERVING", True, "grpc health: SERVING"),
        ("shop.Payments", "SERVING", True, "grpc health of shop.Payments: SERVING"),
        ("shop.Payments", "NOT_SERVING", False, "grpc health of shop.Payments: NOT_SERVING"),
        ("n" * 300, "SERVING", True, f"grpc health of {'n' * 300}: SERVING"),
    ],
)
async def test_what_a_service_says_of_itself(service: str, status: str, *, ok: bool, detail: str) -> None:
    """The server as a whole, or one service."""
    with health_server() as (port, servicer):
        servicer.set(service, health_pb2.HealthCheckResponse.ServingStatus.Value(status))
        answer = await probe_grpc(port, service, within=20.0)
    assert (answer.ok, answer.detail) == (ok, detail)


async def test_a_service_that_nobody_knows() -> None:
    """It has the server's own words."""
    with health_server() as (port, _):
        answer = await probe_grpc(port, "nobody", within=20.0)
    assert (answer.ok, answer.detail) == (False, "grpc health of nobody: NOT_FOUND")


async def test_a_server_without_health() -> None:
    """It does not implement the call."""
    server, port = bench_server()
    answer = await probe_grpc(port, "", within=20.0)
    server.stop(None).wait(10)
    assert (answer.ok, answer.detail) == (False, "grpc health: UNIMPLEMENTED: Method not found!")


@asynccontextmanager
async def saying(*pieces: bytes) -> AsyncIterator[int]:
    """A server that says ``pieces`` to whoever comes, and closes; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        await reader.read()

    async with peer("says", serve) as it:
        yield it.upstream.port


def head(*fields: tuple[bytes, bytes], ends: bool = False) -> bytes:
    """A head of the server's."""
    return header_frames(1, literal(fields), 16384, ends=ends)


@pytest.mark.parametrize(
    ("pieces", "detail"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "the answer is no HTTP/2"),
        ([b"SSH-2.0-x\r\n"], "the answer is no HTTP/2"),
        ([], "the connection was closed before the answer"),
        ([SETTINGS], "the connection was closed before the answer"),
        ([SETTINGS + reset_frame(1, Error.REFUSED_STREAM)], "UNAVAILABLE"),
        (
            [SETTINGS + frame(Frame.GOAWAY, 0, 0, bytes(4) + b"\0\0\0\x0b")],
            "the server goes away (ENHANCE_YOUR_CALM)",
        ),
        ([SETTINGS + head((b":status", b"503"), ends=True)], "HTTP status 503"),
        ([SETTINGS + head((b":status", b"200"), (b"grpc-status", b"0"), ends=True)], "OK"),
        ([SETTINGS + head((b":status", b"200")) + frame(Frame.DATA, END_STREAM, 1, bytes(7))], "UNKNOWN"),
        ([SETTINGS + frame(Frame.HEADERS, 4, 1, b"\xff\xff")], "the answer is no HTTP/2"),
        ([SETTINGS + frame(Frame.RST_STREAM, 0, 1, b"")], "the answer is no HTTP/2"),
    ],
)
async def test_everything_that_may_come_instead(pieces: list[bytes], detail: str) -> None:
    """It is unhealthy, and says why."""
    async with saying(*pieces) as port:
        answer = await probe_grpc(port, "", within=20.0)
    assert (answer.ok, answer.detail) == (False, f"grpc health: {detail}")


async def test_nobody_there_and_no_answer() -> None:
    """Refused, and too late."""
    answer = await probe_grpc(free_port(), "", within=20.0)
    assert (answer.ok, answer.detail) == (False, "grpc health: connection refused")

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with peer("hangs", hang) as it:
        answer = await probe_grpc(it.upstream.port, "", within=0.1)
    assert (answer.ok, answer.detail) == (False, "grpc health: no answer within 100ms")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=10))
def test_any_bytes_are_an_answer_or_none(pieces: list[bytes]) -> None:
    """Nothing else is raised than what the probe expects."""
    check = Check("")
    try:
        for piece in (SETTINGS, *pieces):
            check.feed(piece)
    except (NoHttp2Error, BlockError, struct.error):
        return
