"""``proxy_env = true``: an unmodified program calls services by their names, and meshdev sees whom it calls."""

import http.server
import json
import threading
import urllib.request

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

TOML = """
[services.caller]
command = "@python@ @programs@/asker.py"
proxy_env = true
calls = ["payments"]
ports = ["@port@:http"]
healthcheck = "/healthz"
environment = { DECLARED = "http://payments/x", UNDECLARED = "http://stock.local:80/y", OUT = "@out@" }

[services.payments]
command = "@python@ @programs@/server.py"

[services.stock]
command = "@python@ @programs@/server.py"
start = "on-demand"

[services.unused]
command = "@python@ @programs@/server.py"
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Somebody outside of the system."""

    def do_GET(self) -> None:
        """Say what was asked for."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"outside {self.path}".encode())

    def log_message(self, text: str, *args: object) -> None:
        """Nobody reads it."""


def get(url: str) -> str:
    """The answer's body."""
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
        text: str = reply.read().decode()
        return text


def test_calls_by_name_are_edges(product: Product, free_port: int) -> None:
    """Declared, undeclared (and started by the call), and out of the system: each is told as what it is."""
    outside = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Handler)  # NO_PROXY has 127.0.0.1
    thread = threading.Thread(target=outside.serve_forever)
    thread.start()
    try:
        host = f"127.0.0.2:{outside.server_address[1]}"
        product.write(TOML.replace("@port@", str(free_port)).replace("@out@", f"http://{host}/z"))
        product.run("up", "-d", "--wait")
        ask = f"http://127.0.0.1:{free_port}"

        assert get(f"{ask}/DECLARED") == "payments-0@1\n"
        assert get(f"{ask}/UNDECLARED") == "stock-0@1\n"
        assert get(f"{ask}/OUT") == "outside /z"

        def seen() -> dict[str, tuple[bool, bool, int]]:
            edges = json.loads(product.run("edges", "--json").stdout)
            return {
                edge["callee"]: (edge["declared"], edge["observed"], edge["requests"])
                for edge in edges
                if edge["caller"] == "caller"
            }

        expected = {"payments": (True, True, 1), "stock": (False, True, 1), host: (False, True, 1)}
        eventually(lambda: seen() == expected, explain=lambda: f"seen: {seen()}")
        for shown in (["edges"], ["graph", "--live"]):
            assert host in product.run(*shown).stdout, shown
    finally:
        outside.shutdown()
        outside.server_close()
        thread.join()
