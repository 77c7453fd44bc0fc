"""The Node service from outside: its own tests, its HTTP, its graceful end; and the stand-in where node is missing."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

SERVICE = Path(__file__).parent.parent
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed: the service is tested by its stand-in only")
ORDERS = {"orders": [{"status": "delivered", "lines": [{"sku": "mug"}, {"sku": "pot"}]}]}
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class History(BaseHTTPRequestHandler):
    """Order-history, played."""

    traces: list[str | None]

    def do_GET(self) -> None:
        """The orders, whatever was asked."""
        self.traces.append(self.headers["traceparent"])
        body = json.dumps(ORDERS).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def history() -> Iterator[tuple[str, list[str | None]]]:
    """Order-history's address, and the traces that it saw."""
    seen: list[str | None] = []
    server = HTTPServer(("127.0.0.1", 0), type("Seen", (History,), {"traces": seen}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(history_url: str, path: str | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service, started as meshdev does, with its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PORT": str(port), "ORDER_HISTORY_URL": history_url}
    if path is not None:
        environment["PATH"] = path
    process = subprocess.Popen(["/bin/sh", "start.sh"], cwd=SERVICE, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()


@needs_node
def test_its_own_tests_pass() -> None:
    """As `node --test` says."""
    assert NODE is not None
    done = subprocess.run([NODE, "--test"], cwd=SERVICE, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@needs_node
def test_it_recommends_from_the_history_and_carries_the_trace() -> None:
    """One question, one question on, the same trace."""
    headers = {"traceparent": TRACE, "x-request-id": "r-1"}
    with history() as (url, traces), running(url) as (address, process):
        # On a machine that is busy, the played history may miss the service's deadline at first.
        deadline = time.monotonic() + 30
        while (answer := httpx.get(f"{address}/recommendations/mug", headers=headers)).status_code != httpx.codes.OK:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert answer.json() == {"skus": ["pot"]}
    assert answer.headers["x-request-id"] == "r-1"
    assert {trace and trace.split("-")[1] for trace in traces} == {"a" * 32}
    assert lines[0]["msg"] == "listening"
    assert (lines[-1]["msg"], lines[-1]["trace_id"]) == ("GET /recommendations/mug 200", "a" * 32)


@needs_node
def test_without_the_history_it_says_so() -> None:
    """With 503 and who failed how."""
    with running("http://127.0.0.1:1") as (address, _):
        answer = httpx.get(f"{address}/recommendations/mug")
    assert answer.status_code == 503
    assert answer.json()["error"].startswith("order-history:")


def test_where_node_is_missing_a_stand_in_says_so(tmp_path: Path) -> None:
    """Healthy, honest, and nothing to recommend."""
    (tmp_path / "python").symlink_to(sys.executable)
    with running("http://127.0.0.1:1", path=str(tmp_path)) as (address, process):
        answer = httpx.get(f"{address}/recommendations/mug").json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        note = json.loads(process.stdout.read())
    assert answer["skus"] == []
    assert (note["level"], "node is not installed" in note["msg"]) == ("warn", True)
