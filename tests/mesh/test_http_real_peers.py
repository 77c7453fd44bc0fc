"""The HTTP edge between the servers and clients that people really use."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets

from support_asgi import SERVERS, asgi_server
from support_faults import specs
from support_http_edge import http_edge
from support_mesh import free_port, until
from support_servers import program

LARGE = bytes(range(256)) * 8192
NODE = shutil.which("node")
CURL = shutil.which("curl")
NGINX = shutil.which("nginx")

NODE_SERVER = """
const http = require('http');
http.createServer((request, response) => {
  if (request.url === '/echo') { request.pipe(response); return; }
  if (request.url === '/empty') { response.writeHead(204).end(); return; }
  response.setHeader('x-trace', request.headers.traceparent || '');
  response.end('hello');
}).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('ready'));
"""

NODE_CLIENT = """
const base = process.argv[1];
const large = new Uint8Array(2 * 1024 * 1024).fill(7);
(async () => {
  for (let i = 0; i < 5; i++) {
    if (await (await fetch(base + '/text')).text() !== 'hello') throw new Error('text');
  }
  const counted = await (await fetch(base + '/echo', {method: 'POST', body: large})).arrayBuffer();
  if (counted.byteLength !== large.length) throw new Error('counted');
  const body = new ReadableStream({
    start(to) { to.enqueue(large.slice(0, 1000)); to.enqueue(large.slice(0, 500)); to.close(); }
  });
  const streamed = await (await fetch(base + '/echo', {method: 'POST', body, duplex: 'half'})).arrayBuffer();
  if (streamed.byteLength !== 1500) throw new Error('streamed');
  const head = await fetch(base + '/text', {method: 'HEAD'});
  if (head.headers.get('content-length') !== '5') throw new Error('head');
  console.log('ok');
})().catch((error) => { console.error(error); process.exit(1); });
"""


HTTP2 = {"--http2": 3, "--http2-prior-knowledge": 1}  # how many requests curl 7 can send over one connection


async def run(*argv: str, stdin: bytes = b"") -> bytes:
    """A program's output. Fails the test when the program fails."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate(stdin)
    assert process.returncode == 0, err.decode()
    return out


@pytest.fixture(params=SERVERS)
async def base(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of an edge to a real server."""
    async with asgi_server(request.param) as upstream, http_edge(upstream) as it:
        yield f"127.0.0.1:{it.port}"
        assert it.edge.take_counters().errors == {}
        assert it.said == []


async def test_httpx(base: str) -> None:
    """Kept connections, counted and chunked bodies both ways, no body at all."""
    async with httpx.AsyncClient(base_url=f"http://{base}", trust_env=False) as client:
        for _ in range(3):
            assert (await client.get("/text")).text == "hello"
        echoed = await client.post("/echo", content=LARGE)
        assert hashlib.sha256(echoed.content).digest() == hashlib.sha256(LARGE).digest()
        assert echoed.headers["x-trace"].startswith("00-")

        async def pieces() -> AsyncIterator[bytes]:
            for at in range(0, len(LARGE), 100_000):
                yield LARGE[at : at + 100_000]

        assert (await client.put("/echo", content=pieces())).content == LARGE
        assert (await client.get("/stream")).text.splitlines() == [str(number) for number in range(100)]
        assert (await client.head("/text")).headers["content-length"] == "5"
        assert (await client.delete("/release")).status_code == 204
        assert (await client.get("/nowhere")).status_code == 404


async def test_server_sent_events_are_not_held_back(base: str) -> None:
    """The first event is here before the second is made."""
    async with (
        httpx.AsyncClient(base_url=f"http://{base}", trust_env=False) as client,
        client.stream("GET", "/events") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "data: first"
        await client.post("/release")
        assert [line async for line in lines if line] == ["data: second"]


async def test_many_at_once(base: str) -> None:
    """Sixty requests at once, over as many connections as the client likes."""
    limits = httpx.Limits(max_connections=20)
    async with httpx.AsyncClient(
        base_url=f"http://{base}", limits=limits, trust_env=False, timeout=30
    ) as client:
        answers = await asyncio.gather(*(client.post("/echo", content=str(n).encode()) for n in range(60)))
    assert [answer.text for answer in answers] == [str(n) for n in range(60)]


async def test_websockets(base: str) -> None:
    """Text, bytes, ping, and the close code."""
    async with websockets.connect(f"ws://{base}/ws", proxy=None) as connection:
        await connection.send("hello")
        assert await connection.recv() == "HELLO"
        await connection.send(LARGE[:500_000])
        assert await connection.recv() == LARGE[:500_000]
        await (await connection.ping())
        await connection.close(code=1001)
    assert connection.close_code == 1001


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
async def test_curl(base: str) -> None:
    """Several requests over one connection, 100-continue, chunked upload, HTTP/1.0, HEAD."""
    curl = [CURL or "", "-sS", "--fail", "--noproxy", "*"]
    text, echo = f"http://{base}/text", f"http://{base}/echo"
    assert await run(*curl, text, text, text) == b"hello" * 3
    assert await run(*curl, "-H", "Expect: 100-continue", "--data-binary", "@-", echo, stdin=LARGE) == LARGE
    assert await run(*curl, "-T", "-", echo, stdin=LARGE[:5000]) == LARGE[:5000]
    assert await run(*curl, "--http1.0", text) == b"hello"
    assert (await run(*curl, "-I", text)).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
async def test_node_fetch(base: str) -> None:
    """Undici's kept connections, counted and streamed bodies."""
    assert await run(NODE or "", "-e", NODE_CLIENT, f"http://{base}") == b"ok\n"


@pytest.mark.skipif(NODE is None, reason="node is not installed")
async def test_a_node_server() -> None:
    """Node's http as the callee."""
    port = free_port()
    async with (
        program(NODE or "", "-e", NODE_SERVER, str(port), port=port) as upstream,
        http_edge(upstream) as it,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", trust_env=False) as client,
    ):
        for _ in range(3):
            assert (await client.get("/")).text == "hello"
        assert (await client.post("/echo", content=LARGE)).content == LARGE
        assert (await client.get("/empty")).status_code == 204
        await until(lambda: it.edge.in_flight == 0)
        assert it.edge.take_counters().errors == {}


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_nginx_as_the_callee(tmp_path: Path) -> None:
    """Large files, ranges, not modified, and what nginx refuses."""
    port = free_port()
    (tmp_path / "large").write_bytes(LARGE)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
        f" http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;"
        f" fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;"
        f" server {{ listen 127.0.0.1:{port}; root {tmp_path}; client_max_body_size 1k; }} }}"
    )
    async with (
        program(NGINX or "", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), port=port) as upstream,
        http_edge(upstream) as it,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{it.port}", trust_env=False) as client,
    ):
        whole = await client.get("/large")
        assert whole.content == LARGE
        assert (await client.get("/large", headers={"range": "bytes=10-19"})).content == LARGE[10:20]
        again = await client.get("/large", headers={"if-none-match": whole.headers["etag"]})
        assert again.status_code == 304
        assert (await client.post("/large", content=LARGE)).status_code == 413
        assert (await client.get("/large")).content == LARGE


@pytest.mark.skipif(CURL is None, reason="no curl here")
@pytest.mark.parametrize("how", HTTP2, ids=["upgraded", "prior knowledge"])
async def test_http2_on_an_edge_of_http(how: str) -> None:
    """A caller that begins with it, and one that upgrades to it: the requests are read, and faults act on them."""
    fault = {"status": 503, "match": {"path": "/stream"}}
    async with (
        asgi_server("hypercorn") as upstream,
        http_edge(upstream, faults=specs(fault, since=0.0)) as it,
    ):
        url = f"http://127.0.0.1:{it.port}"
        urls = [f"{url}{path}" for path in ("/text", "/orders/1042", "/stream")]
        many = HTTP2[how]
        batches = [urls[at : at + many] for at in range(0, len(urls), many)]
        out = b"".join([await run(str(CURL), "-sS", how, *batch) for batch in batches])
        await until(lambda: it.edge.active == 0)
        told = [(one.method, one.target, one.code) for one in it.exchanges() if one.protocol]
        assert it.counters.spoken == ""
        assert not it.said
    assert out.startswith(b"helloNot Found")
    assert b'"fault":"a/status"' in out
    assert told == [("GET", "/text", ""), ("GET", "/orders/{id}", "404"), ("GET", "/stream", "503")]
