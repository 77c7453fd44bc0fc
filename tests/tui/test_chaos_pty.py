"""One key makes a service slow, the graph shows where within two seconds, the same key ends it: in a real terminal."""

import re
import sys
import time
from pathlib import Path

import pytest

from support_terminal import Terminal, environ, meshdev, project, up

__all__ = ["environ", "project"]

SOON = 2.0

TOPOLOGY = """
[system]
name = "till"

[services.payments]
command = "{python} -S -u payments.py"
protocol = "http"
healthcheck = "/"

[services.orders]
command = "{python} -S -u orders.py"
protocol = "none"
calls = ["payments"]

[faults.no-money]
edge = "orders -> payments"
status = 503
key = "p"
"""

PAYMENTS = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""

ORDERS = """
import os, threading, time, urllib.request

def charge():
    while True:
        try:
            urllib.request.urlopen(os.environ["PAYMENTS_URL"] + "/charges", timeout=5).read()
        except OSError:
            pass
        time.sleep(0.1)

for _ in range(3):
    threading.Thread(target=charge).start()
"""


@pytest.fixture
def till(project: Path) -> Path:
    """Who pays, and who takes the money."""
    (project / "meshdev.toml").write_text(TOPOLOGY.format(python=sys.executable))
    (project / "payments.py").write_text(PAYMENTS)
    (project / "orders.py").write_text(ORDERS)
    return project


def soon(terminal: Terminal, keys: str, pattern: str, *, gone: bool = False) -> float:
    """Press keys; how many seconds it takes until the pattern is seen (or not any more)."""
    began = time.monotonic()
    terminal.type(keys)
    terminal.until(lambda shown: (re.search(pattern, shown) is None) == gone)
    return time.monotonic() - began


@pytest.mark.e2e
def test_one_key_makes_payments_slow_and_the_same_key_ends_it(till: Path, environ: dict[str, str]) -> None:
    """On the graph; then a named fault by its own key on the Chaos screen."""
    terminal = up(till, environ)
    terminal.sees("till", "● healthy")
    terminal.type("2")
    terminal.until(lambda shown: re.search(r"\d p99|\d/s|p99 \d", shown) is not None)
    terminal.type("l")  # from orders onto its edge
    terminal.sees("orders → payments")
    assert soon(terminal, "c", r"↯ latency-1") < SOON
    terminal.until(lambda shown: re.search(r"/s +(1|2)\.\ds", shown) is not None)
    assert "⚡" in terminal.text()
    assert soon(terminal, "c", r"↯ latency-1", gone=True) < SOON
    terminal.type("6")
    terminal.sees("no-money", "○ off")
    assert soon(terminal, "p", "↯ on") < SOON
    terminal.until(lambda shown: re.search(r"errors +0% → 100%", shown) is not None)
    assert '"on":true' in meshdev(till, "fault", "list", "--json").stdout.replace(" ", "")
    assert soon(terminal, " ", "↯ on", gone=True) < SOON
    terminal.type("qs")
    assert terminal.ends() == 0
