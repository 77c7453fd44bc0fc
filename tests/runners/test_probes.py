"""Single probes against real servers: what they say."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from meshdev.runners.ports import PortPool
from meshdev.runners.probes import ProbePlace, probe_exec, probe_file, probe_http, probe_tcp
from meshdev.runners.reaper import Reaper
from support_tls import issued, speaking

ENV = {"PATH": "/usr/bin:/bin"}
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(
    *pieces: bytes, until: bytes = b"\r\n\r\n", tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server that answers every request with ``pieces`` (whatever comes, if it need not end); its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (reader.readuntil(until) if until else reader.read(1))
        except asyncio.IncompleteReadError:
            writer.close()
            return
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "ok", "detail"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nfine", True, "GET /healthz: 200 OK"),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", True, "GET /healthz: 302 Found"),
        (
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 15\r\n\r\nno\n  database\n\n",
            False,
            "GET /healthz: 503 Service Unavailable: no database",
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", False, "GET /healthz: 404 Not Found"),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            True,
            "GET /healthz: 204 No Content",
        ),
    ],
)
async def test_http_status(answer: bytes, ok: bool, detail: str) -> None:  # noqa: FBT001 -- a table
    """200 to 399 is healthy; otherwise the status and the beginning of the body are told."""
    async with answering(answer) as port:
        said = await probe_http(port, "/healthz", within=5)
    assert (said.ok, said.detail) == (ok, detail)


async def test_http_other_answers(tmp_path: Path) -> None:
    """Refused, silent, cut off, or no HTTP at all: each has its words."""
    pool = PortPool(tmp_path / "ports.lock")
    said = await probe_http(pool.hold().port, "/", within=5)
    assert said.detail == "GET /: connection refused"
    pool.close()
    async with answering(b"SSH-2.0-OpenSSH\r\n\r\n") as port:
        assert "the answer is no HTTP" in (await probe_http(port, "/", within=5)).detail
        assert "cannot be asked" in (await probe_http(port, "/a b\n", within=5)).detail
    async with answering() as port:
        assert not (await probe_http(port, "/", within=5)).ok


async def test_http_in_time() -> None:
    """A server that accepts and says nothing is not waited for longer than ``within``."""
    done = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        said = await probe_http(server.sockets[0].getsockname()[1], "/", within=0.05)
        done.set()
    assert said.detail == "GET /: no answer within 50ms"


async def test_tcp(tmp_path: Path) -> None:
    """A port that accepts is healthy; a held one that nobody listens on is refused."""
    pool = PortPool(tmp_path / "ports.lock")
    held = pool.hold()
    said = await probe_tcp(held.port, within=5)
    assert said.detail == f"tcp port {held.port}: connection refused"
    async with answering() as port:
        assert (await probe_tcp(port, within=5)).ok
    pool.close()


@pytest.mark.parametrize(
    ("argv", "ok", "detail"),
    [
        (("/bin/sh", "-c", "echo accepting"), True, "/bin/sh: exit code 0: accepting"),
        (("/bin/sh", "-c", "echo no  answer >&2; exit 2"), False, "/bin/sh: exit code 2: no answer"),
        (("/bin/sh", "-c", "kill -9 $$"), False, "/bin/sh: ended by signal 9"),
        (("/bin/sleep", "1000"), False, "/bin/sleep: not done within 200ms"),
        (("no-such-probe",), False, "command not found: no-such-probe"),
    ],
)
async def test_exec(reaper: Reaper, tmp_path: Path, argv: tuple[str, ...], ok: bool, detail: str) -> None:  # noqa: FBT001 -- a table
    """Exit code 0 in time is healthy; otherwise how it ended and what it said."""
    within = 0.2 if "sleep" in argv[0] else 20.0
    said = await probe_exec(reaper, argv, ProbePlace(tmp_path, ENV), within=within)
    assert (said.ok, said.detail) == (ok, detail)


def test_file(tmp_path: Path) -> None:
    """A file is there or it isn't."""
    path = tmp_path / "ready"
    assert not probe_file(path).ok
    path.touch()
    assert probe_file(path).ok


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_probes_by_tls(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """Whatever the certificate: health is no matter of trust; one that speaks no TLS is told."""
    context = speaking(issued(tmp_path, "somebody").certificate)
    context.maximum_version = version
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    async with answering(answer, tls=context) as port:
        said = await probe_http(port, "/healthz", within=5, tls=True)
        accepted = await probe_tcp(port, within=5, tls=True)
    assert (said.ok, said.detail) == (True, "GET /healthz: 200 OK")
    assert accepted.ok
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", until=b"") as port:
        said = await probe_http(port, "/healthz", within=5, tls=True)
    assert (said.ok, said.detail) == (False, "GET /healthz: no TLS: wrong version number")
    async with answering(until=b"") as port:
        said = await probe_tcp(port, within=5, tls=True)
    assert (said.ok, "broken off" in said.detail or "reset" in said.detail) == (False, True)
