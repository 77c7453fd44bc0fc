"""curl and httpx: what a server gets from a snippet is what it got when it was recorded."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Struct

from meshdev.errors import RecordingError
from meshdev.recording.formats import snippet
from meshdev.recording.formats.address import split_target
from meshdev.recording.model import Exchange
from support_exchanges import PNG, call, plain_exchanges
from support_npm import missing

MULTIPART = {"content-type": "multipart/form-data; boundary=xyz"}
FIELDS = b'--xyz\r\nContent-Disposition: form-data; name="title"\r\n\r\n@tea\n;type=x\r\n--xyz--\r\n'
FILES = (
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x00\xff\r\n--xyz--\r\n"
)


class Got(Struct):
    """A request as a server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Listener(Struct):
    """A server that keeps what it gets."""

    url: str
    got: list[Got]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """On a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.got.append(Got(self.command, self.path, headers, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listener(f"http://127.0.0.1:{server.server_address[1]}", [])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


def by_curl(exchange: Exchange, listener: Listener) -> Got:
    """What arrives when a shell runs the command."""
    if shutil.which("curl") is None:
        missing("no curl here")
    command = snippet(exchange, "curl", listener.url)
    done = subprocess.run(
        ["sh", "-c", f"{command} --silent --show-error --max-time 20"], capture_output=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
    return listener.got[-1]


def by_httpx(exchange: Exchange, listener: Listener) -> Got:
    """What arrives when Python runs the script."""
    exec(snippet(exchange, "httpx", listener.url), {"print": lambda *_: None})  # noqa: S102 -- that is what it is for
    return listener.got[-1]


CALLS = [
    call("GET", "/items?q=green+tea&x=it's&y=%C3%A9",
         headers={"X-Note": "it's \"so\" $HOME `id`", "X-Empty": "", "accept": "a/b"}),
    call("POST", "/orders", {"sku": "tea's", "n": [1, None, True]}, headers={"authorization": "Bearer x"}),
    call("POST", "/login", b"user=ann&password=%40x+y", headers={"content-type": "application/x-www-form-urlencoded"}),
    call("POST", "/text", "@file\nline two\n$HOME", headers={"content-type": "text/plain"}),
    call("PUT", "/logo", PNG, headers={"content-type": "image/png"}),
    call("PUT", "/nothing-said", b"plain"),
    call("DELETE", "/items/{a}[1]"),
    call("DELETE", "/items", {"ids": [1]}),
    call("PATCH", "/a/../b", b"a\r\nb", headers={"content-type": "text/plain"}),
    call("PURGE", "/cache", headers={"cookie": "a=1; b=2"}),
    call("HEAD", "/"),
]  # fmt: skip


@pytest.mark.parametrize("exchange", CALLS, ids=lambda one: f"{one.request.method} {one.request.target}")
def test_curl_says_the_same(exchange: Exchange, listener: Listener) -> None:
    """Method, address, every header that counts, every byte of the body."""
    got = by_curl(exchange, listener)

    assert (got.method, got.body) == (exchange.request.method, exchange.request.body.data)
    assert split_target(got.target)[1] == split_target(exchange.request.target)[1]
    for name, value in exchange.request.headers:
        assert got.headers[name.lower()] == value
    if not any(name == "content-type" for name, _ in exchange.request.headers):
        assert "content-type" not in got.headers


@pytest.mark.parametrize("exchange", [one for one in CALLS if ".." not in one.request.target],
                         ids=lambda one: f"{one.request.method} {one.request.target}")  # fmt: skip
def test_httpx_says_the_same(exchange: Exchange, listener: Listener) -> None:
    """What is JSON or a form may be written otherwise, and says the same."""
    got = by_httpx(exchange, listener)

    assert got.method == exchange.request.method
    assert split_target(got.target)[1] == split_target(exchange.request.target)[1]
    sent = exchange.request.body.data
    assert got.body.replace(b" ", b"") == sent.replace(b" ", b"") or b"=" in sent
    for name, value in exchange.request.headers:
        assert got.headers[name.lower()] == value


@pytest.mark.parametrize("send", [by_curl, by_httpx])
@pytest.mark.parametrize("body", [FIELDS, FILES], ids=["fields", "files"])
def test_multipart_has_the_same_parts(send: object, body: bytes, listener: Listener) -> None:
    """Whatever the boundary is."""
    assert callable(send)
    got = send(call("POST", "/upload", body, headers=MULTIPART), listener)

    head = f"content-type: {got.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + got.body).get_payload()
    assert isinstance(parts, list)
    name = parts[0].get_param("name", header="content-disposition")  # type: ignore[union-attr]
    payload = parts[0].get_payload(decode=True)  # type: ignore[union-attr]
    assert (name, payload) == (("title", b"@tea\n;type=x") if body is FIELDS else ("file", b"\x00\xff"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain_exchanges())
def test_curl_says_the_same_whatever_it_was(listener: Listener, exchange: Exchange) -> None:
    """Byte by byte."""
    got = by_curl(exchange, listener)

    assert (got.method, got.body) == (exchange.request.method, exchange.request.body.data)


def test_a_snippet_is_readable() -> None:
    """Nothing that curl does by itself; quotes only where they are needed; the trace is left out."""
    headers = {
        "host": "x",
        "accept-encoding": "gzip",
        "traceparent": "00-1",
        "content-length": "3",
        "X-A": "b c",
    }

    assert snippet(call("GET", "/items?page=2", headers=headers), "curl", "http://localhost:8080/") == (
        "curl --compressed 'http://localhost:8080/items?page=2' -H 'X-A: b c'"
    )
    assert snippet(call("POST", "/orders", {"sku": "tea"}, edge="a -> orders"), "httpx") == (
        'import httpx\n\nreply = httpx.post("http://orders/orders", json={"sku": "tea"})\n'
        "print(reply.status_code, reply.text)\n"
    )


def test_other_kinds_are_refused() -> None:
    """By their name."""
    with pytest.raises(RecordingError, match="no snippet is called 'wget'"):
        snippet(call("GET", "/"), "wget")


def test_this_python_runs_the_script() -> None:
    """It is a whole program."""
    compile(snippet(call("PUT", "/logo", PNG), "httpx"), sys.executable, "exec")
