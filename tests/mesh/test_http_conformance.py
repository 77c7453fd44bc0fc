"""HTTP/1 as real servers speak it: through an edge a client gets, byte for byte, what it gets without one.

| | uvicorn (h11, httptools) | hypercorn | Node | nginx |
|---|---|---|---|---|
| bytes: kept connections, pipelining, HEAD, 1.0, 204 (`SCRIPTS`) | ✓ | ✓ | ✓ | ✓ |
| bytes: counted, chunked, trailers, 100 (`ECHOES`) | ✓ | ✓ | ✓ | no |
| httpx, curl, Node's fetch | ✓ | ✓ | ✓ | ✓ |
| websockets, server-sent events | ✓ | ✓ | ✓ | no |

`test_http_real_peers` has each client's own peculiarities; what no server does on purpose is in `test_http_relay`.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets

from meshdev.wire.mesh import Upstream
from support_http_edge import HttpEdge, http_edge
from support_mesh import PATIENCE, until
from support_servers import ALL, DYNAMIC, NODE, installed, serving

LAST = b"Connection: close\r\n\r\n"
GET = b"GET /text HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
SCRIPTS: dict[str, bytes] = {
    "one": GET + LAST,
    "pipelined": (GET + b"\r\n") * 3 + GET + LAST,
    "head": b"HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n" + GET + LAST,
    "http-1.0": b"GET /text HTTP/1.0\r\n\r\n",
    "http-1.0-kept": b"GET /text HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /text HTTP/1.0\r\n\r\n",
    "no-content": b"DELETE /release HTTP/1.1\r\nHost: a\r\n\r\n" + GET + LAST,
    "missing": b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + GET + LAST,
    "absolute": b"GET http://a/text HTTP/1.1\r\nHost: a\r\n" + LAST,
    "declined-upgrade": GET + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
}
ECHOES: dict[str, bytes] = {
    "counted": b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + GET + LAST,
    "chunked": CHUNKED + b"\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n" + GET + LAST,
    "trailers": CHUNKED + b"Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n" + GET + LAST,
    "continue": b"PUT /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
    + LAST
    + b"hi",
}
OWN: dict[str, bytes] = {  # what only Node does by itself
    "early-hints": b"GET /hints HTTP/1.1\r\nHost: a\r\n" + LAST,
    "answer-with-trailers": b"GET /trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n" + LAST,
    "half-closed": GET + b"\r\n",
}
OTHERWISE = {
    (
        "hypercorn",
        "http-1.0-kept",
    ),  # turns away a second request that comes too early; an edge sends it in time
    ("hypercorn", "declined-upgrade"),  # speaks HTTP/2 then
    (NODE, "declined-upgrade"),  # takes any upgrade for its WebSocket
}
CASES = [
    *(
        (server, name, script)
        for server in ALL
        for name, script in SCRIPTS.items()
        if (server, name) not in OTHERWISE
    ),
    *((server, name, script) for server in DYNAMIC for name, script in ECHOES.items()),
    *((NODE, name, script) for name, script in OWN.items()),
]
_OF_THE_MOMENT = re.compile(rb"\r\n(?:date|x-trace):[^\r]*", re.IGNORECASE)
FETCH = """
const base = process.argv[1];
(async () => {
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(base + '/text');
    if (await answer.text() !== 'hello') throw new Error('text');
  }
  if ((await fetch(base + '/release', {method: 'DELETE'})).status !== 204) throw new Error('no content');
  if ((await fetch(base + '/nowhere')).status !== 404) throw new Error('missing');
  const head = await fetch(base + '/text', {method: 'HEAD'});
  if (head.status !== 200 || await head.text() !== '') throw new Error('head');
  console.log('ok');
})().catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Upstream]:
    """A real server."""
    if not installed(request.param):
        pytest.skip(f"{request.param} is not installed")
    async with serving(request.param, tmp_path) as upstream:
        yield upstream


@pytest.fixture
async def it(server: Upstream) -> AsyncIterator[HttpEdge]:
    """An edge to it, on which nothing may go wrong."""
    async with http_edge(server) as it:
        yield it
        await until(lambda: it.edge.in_flight == 0)
        assert it.edge.take_counters().errors == {}
        assert it.said == []


async def talk(port: int, script: bytes, *, half_close: bool) -> bytes:
    """Say it all at once; everything that is answered, but for what differs each time."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(script)
        if half_close:
            writer.write_eof()
        said = await reader.read(-1)
        writer.close()
    return _OF_THE_MOMENT.sub(b"", said)


@pytest.mark.parametrize(
    ("server", "name", "script"),
    CASES,
    ids=[f"{server}-{name}" for server, name, _ in CASES],
    indirect=["server"],
)
async def test_bytes_are_what_they_are_without_an_edge(
    server: Upstream, it: HttpEdge, name: str, script: bytes
) -> None:
    """Heads, framing, order and end, but for dates."""
    half_close = name == "half-closed"
    directly = await talk(server.port, script, half_close=half_close)
    assert directly.startswith(b"HTTP/1.1 ")
    assert await talk(it.port, script, half_close=half_close) == directly


@pytest.mark.parametrize("server", ALL, indirect=True)
async def test_httpx(it: HttpEdge) -> None:
    """A kept connection, HEAD, no content, not found."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", trust_env=False) as client:
        for _ in range(3):
            assert (await client.get("/text")).text == "hello"
        assert (await client.head("/text")).text == ""
        assert (await client.delete("/release")).status_code == 204
        assert (await client.get("/nowhere")).status_code == 404


async def run(*argv: str) -> str:
    """What a client program says. Fails the test when it fails."""
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.parametrize("server", ALL, indirect=True)
async def test_curl(it: HttpEdge) -> None:
    """Several requests over one connection, HEAD, no content, HTTP/1.0."""
    text = f"http://127.0.0.1:{it.port}/text"
    curl = ("curl", "-sS", "--fail", "--noproxy", "*")
    assert await run(*curl, text, text, text) == "hello" * 3
    assert (await run(*curl, "-I", text)).startswith("HTTP/1.1 200")
    assert await run(*curl, "-X", "DELETE", "-w", "%{http_code}", text.replace("/text", "/release")) == "204"
    assert await run(*curl, "--http1.0", text) == "hello"


@pytest.mark.parametrize("server", ALL, indirect=True)
async def test_node_fetch(it: HttpEdge) -> None:
    """Undici's kept connections."""
    assert await run("node", "-e", FETCH, f"http://127.0.0.1:{it.port}") == "ok\n"


@pytest.mark.parametrize("server", DYNAMIC, indirect=True)
async def test_websockets(it: HttpEdge) -> None:
    """Texts and the close code; the messages are counted each way."""
    async with websockets.connect(
        f"ws://127.0.0.1:{it.port}/ws", proxy=None, ping_interval=None
    ) as connection:
        for word in ("one", "two", "three"):
            await connection.send(word)
            assert await connection.recv() == word.upper()
    assert connection.close_code == 1000
    await until(lambda: it.edge.in_flight == 0)
    [exchange] = it.exchanges()
    assert (exchange.messages_in, exchange.messages_out) == (3, 3)


@pytest.mark.parametrize("server", DYNAMIC, indirect=True)
async def test_server_sent_events(it: HttpEdge) -> None:
    """The first is here before the second is made; they are counted."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", trust_env=False) as client:
        async with client.stream("GET", "/events") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "data: first"
            await client.post("/release")
            assert [line async for line in lines if line] == ["data: second"]
        await until(lambda: it.edge.in_flight == 0)
    assert {exchange.target: exchange.events for exchange in it.exchanges()} == {
        "/events": 2,
        "/release": None,
    }
