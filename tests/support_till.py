"""A till for terminals: who pays, all the time, and who takes the money."""

import sys
from pathlib import Path

import pytest

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
