"""Edges to what runs elsewhere: by its own name, below its path, over verified TLS; through a real worker."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from meshdev.wire.mesh import EdgePolicy, Remote, Upstream
from support_http_edge import Seen, http_peer, read_response, request
from support_mesh import EDGE, Peer, Streams, dial, fleet_of, peer, until
from support_tls import Authority, authority

GET = b"GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nCookie: a=b\r\n\r\n"


def to(upstream: Upstream, remote: Remote) -> EdgePolicy:
    """The policy that the daemon makes of a URL."""
    at = Upstream(upstream.host, upstream.port, upstream.instance, remote)
    return EdgePolicy((at,), "http", hold=0.0)


async def test_it_is_called_by_its_own_name_below_its_path(tmp_path: Path) -> None:
    """Target and Host are the URL's, the rest of the head and the body are the caller's."""
    seen = Seen()
    async with fleet_of(tmp_path) as fleet, http_peer("far", seen) as far:
        port = fleet.listen(EDGE)
        remote = Remote("staging.example:8080", "/base")
        await fleet.wait_acked(fleet.apply({EDGE: to(far.upstream, remote)}))
        async with dial(port) as (reader, writer):
            for sent in (GET, request("POST", "http://127.0.0.1:9000/charges", b"12345")):
                writer.write(sent)
                assert (await read_response(reader)).body == b"far"
        await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].total.requests == 2)
        routes = set(fleet.signals()[EDGE].routes)
    first, second = seen.requests
    assert first.startswith(b"GET /base/x?y=1 HTTP/1.1\r\n")
    assert b"\r\nHost: staging.example:8080\r\n" in first
    assert first.endswith(b"\r\nCookie: a=b\r\n\r\n")
    assert second.startswith(b"POST /base/charges HTTP/1.1\r\n")
    assert second.endswith(b"\r\n\r\n12345")
    assert "GET /x" in routes


async def test_nobody_there_is_told_at_once(tmp_path: Path) -> None:
    """It is not ours to start, so there is nothing to wait for."""
    async with fleet_of(tmp_path) as fleet:
        port = fleet.listen(EDGE)
        nobody = Upstream("127.0.0.1", 9)
        await fleet.wait_acked(fleet.apply({EDGE: to(nobody, Remote("127.0.0.1:9"))}))
        async with dial(port) as (reader, writer):
            writer.write(GET)
            answer = await read_response(reader)
    assert (answer.status, answer.reason) == (503, "no instance of payments took the request: refused")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the worker of these tests trusts."""
    return authority(tmp_path_factory.mktemp("tls"))


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests with their first line, and an upgrade by echoing what follows."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        if b"Upgrade: echo" in head:
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            return
        line = head.partition(b"\r\n")[0]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(line), line))
        if b"Connection: close" in head:
            return


@asynccontextmanager
async def tls_edge(
    folder: Path, host: str, context: ssl.SSLContext, environment: dict[str, str], said: list[str]
) -> AsyncIterator[tuple[int, Peer]]:
    """The port of an edge to a TLS server on this machine that is called by ``host``."""
    async with (
        peer("far", talk, tls=context) as far,
        fleet_of(folder, report=said, environment={**os.environ, **environment}) as fleet,
    ):
        port = fleet.listen(EDGE)
        at = Upstream(host, far.upstream.port)
        policy = to(at, Remote(f"{host}:{at.port}", tls=True))
        await fleet.wait_acked(fleet.apply({EDGE: policy}))
        yield port, far


async def ask(streams: Streams, head: bytes) -> bytes:
    """One answer's body."""
    reader, writer = streams
    writer.write(head)
    return (await read_response(reader)).body


async def test_tls_is_spoken_to_the_callee_and_http_to_the_caller(tmp_path: Path, trusted: Authority) -> None:
    """Requests, kept connections, a caller that half-closes, and an upgrade."""
    environment = {"SSL_CERT_FILE": str(trusted.certificate)}
    said: list[str] = []
    async with tls_edge(tmp_path, "localhost", trusted.server, environment, said) as (port, far):
        async with dial(port) as streams:
            for number in range(3):
                head = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number
                assert await ask(streams, head) == b"GET /%d HTTP/1.1" % number
            assert len(far.connections) == 1
        async with dial(port) as (reader, writer):
            writer.write(GET)
            writer.write_eof()
            assert (await read_response(reader)).body == b"GET /x?y=1 HTTP/1.1"
        async with dial(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            big = os.urandom(1_000_000)
            writer.write(big)
            assert await reader.readexactly(len(big)) == big
            writer.write_eof()
            assert await reader.read() == b""
    assert said == []


@pytest.mark.parametrize(
    ("host", "trusts", "told"),
    [
        ("localhost", False, "TLS with localhost"),
        ("127.0.0.1", True, "IP address mismatch"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_refused_and_told(
    tmp_path: Path, trusted: Authority, host: str, told: str, *, trusts: bool
) -> None:
    """An authority that nobody knows, a name that is another's: 503, and a sentence for a person."""
    environment = {"SSL_CERT_FILE": str(trusted.certificate)} if trusts else {}
    said: list[str] = []
    async with tls_edge(tmp_path, host, trusted.server, environment, said) as (port, _):
        async with dial(port) as (reader, writer):
            writer.write(GET)
            answer = await read_response(reader)
        await until(lambda: bool(said))
    assert (answer.status, answer.reason) == (503, "no instance of payments took the request: tls")
    assert told in said[0]
