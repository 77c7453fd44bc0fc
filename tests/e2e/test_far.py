"""A service that is only a URL: published and called through meshdev, which stands before it as an observing proxy."""

import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

TOML = """
[services.caller]
command = "@python@ @programs@/asker.py"
calls = ["far"]
ports = ["@port@:http"]
healthcheck = "/healthz"

[services.far]
url = "http://localhost:@far@/base"
ports = ["@front@:http"]
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Says how it was called."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Path and Host."""
        body = f"{self.path} of {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def far_away() -> Iterator[int]:
    """A server that meshdev has not started; gives its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def get(url: str) -> str:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
        text: str = reply.read().decode()
        return text


def test_calls_to_what_runs_elsewhere_are_seen(product: Product, free_port: int, another_port: int) -> None:
    """From outside through the published port, and from a caller: answered by the far end, counted on the edges."""
    with far_away() as port:
        ports = {"@port@": str(free_port), "@front@": str(another_port), "@far@": str(port)}
        toml = TOML
        for mark, number in ports.items():
            toml = toml.replace(mark, number)
        product.write(toml)
        product.run("up", "-d", "--wait")

        assert get(f"http://127.0.0.1:{another_port}/x?y=1") == f"/base/x?y=1 of localhost:{port}"
        assert get(f"http://127.0.0.1:{free_port}/FAR_URL") == f"/base/ of localhost:{port}"

        def counts() -> dict[tuple[str, str], int]:
            edges = json.loads(product.run("edges", "--json").stdout)
            return {(edge["caller"], edge["callee"]): edge["requests"] for edge in edges}

        eventually(lambda: counts().get(("outside", "far")) == 1 and counts().get(("caller", "far")) == 1)
        seen = [json.loads(line) for line in product.run("traffic", "--json").stdout.splitlines()]
        far = {(call["caller"], call["target"], call["status"]) for call in seen if call["callee"] == "far"}
        assert far == {("outside", "/x?y=1", 200), ("caller", "/", 200)}
        assert product.status()["far"]["url"] == f"http://127.0.0.1:{another_port}"
        product.run("down")
        product.wait_gone()
