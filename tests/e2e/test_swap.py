"""``meshdev swap``: somebody else plays a service while it is being called, and what people see of it."""

import http.server
import json
import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_load import load_on, rate
from support_product import Product, eventually
from support_recordings import exchange, saved

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

NUMBERS = 8_000  # more requests than any of these tests sends
TOML = """
[system]
name = "busy"

[services.orders]
command = "@python@ app.py"
healthcheck = { http = "/healthz", interval = "200ms", timeout = "2s" }
ports = ["@port@:http"]

[services.caller]
command = "sleep 1000000"
protocol = "none"
calls = ["orders"]
"""
SOURCE = (Path(__file__).parent / "programs" / "steady.py").read_text()


class Far(http.server.BaseHTTPRequestHandler):
    """What runs elsewhere: says so to whatever it is asked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Any path."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"far")

    do_POST = do_GET  # noqa: N815 -- http.server's name

    def log_message(self, text: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def far_away() -> Iterator[str]:
    """A server that meshdev has not started; gives its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Far)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/base"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def port(product: Product, free_port: int) -> int:
    """A service behind a published port, up, and a recording of what the load asks of it."""
    (product.root / "app.py").write_text(SOURCE)
    product.write(TOML.replace("@port@", str(free_port)))
    asked = [
        (f"GET /{number}", b"") if number % 3 else (f"POST /{number}", b"abc") for number in range(NUMBERS)
    ]
    asked += [("GET /slow", b""), ("POST /slow", b"abc")]
    library = product.root / ".meshdev" / "recordings"
    saved(
        library,
        "checkout",
        (
            exchange(what, "recorded", sent=sent, callee="orders", number=number)
            for number, (what, sent) in enumerate(asked, 1)
        ),
    )
    saved(library, "empty", ())
    product.run("up", "-d", "--wait")
    return free_port


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body of one request."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_swaps_fail_no_request(product: Product, port: int) -> None:
    """From the process to a recording, to what runs elsewhere, and back, in both directions, under load."""
    with far_away() as far, load_on(port, per_second=rate(200.0)) as load:
        for whom in (
            "recording:checkout",
            f"url:{far}",
            "process",
            f"url:{far}",
            "recording:checkout",
            "process",
        ):
            product.run("swap", "orders", "--with", whom)

    assert load.failed == {}
    assert load.ok == load.sent
    answered = load.answered_by
    assert {"recorded", "far"} < set(answered)
    assert len([name for name in answered if name.startswith("orders-0@")]) == 3


def test_a_swap_is_seen_and_stands(product: Product, port: int) -> None:
    """In the status, in the graph, after another ``up``; until it is taken back."""
    said = product.run("swap", "orders", "--with", "recording:checkout", "--timing", "x2").stdout
    assert said == "orders is played by recording:checkout\n"
    view = product.status()["orders"]
    assert (view["stand_in"], view["swapped"], view["health"]) == ("recording:checkout", True, "healthy")
    assert "= recording:checkout" in product.run("status").stdout.replace("◫", "=")
    assert get(port, "/1") == (200, "recorded")

    product.run("up", "-d", "--wait")
    assert get(port, "/2") == (200, "recorded")
    again = product.run("swap", "orders", "--with", "recording:checkout", "--timing", "x2").stdout
    assert again == "orders is played by recording:checkout already\n"

    assert product.run("swap", "orders", "--with", "process").stdout == "orders runs as the file says\n"
    view = product.status()["orders"]
    assert (view["stand_in"], view["swapped"]) == ("", False)
    assert get(port, "/1")[1].startswith("orders-0@")


def test_a_miss_is_told(product: Product, port: int) -> None:
    """The caller gets a problem with what came closest, the service's log a line."""
    product.run("swap", "orders", "--with", "recording:checkout")
    status, text = get(port, "/nobody/asked?for=this")
    problem = json.loads(text)
    assert (status, problem["title"], problem["error"]) == (599, "No Match", "no-match")
    eventually(lambda: "no match: GET /nobody/asked?for=this" in product.run("logs", "orders").stdout)


def test_misses_are_passed_and_recorded(product: Product, port: int) -> None:
    """What was not recorded is asked elsewhere, and played from the next start on."""
    with far_away() as far:
        product.run("swap", "orders", "--with", "recording:empty", "--on-miss", "record", "--url", far)
        assert get(port, "/new?q=1") == (200, "far")
    product.run("swap", "orders", "--with", "recording:empty,empty-new")
    assert get(port, "/new?q=1") == (200, "far")
    assert get(port, "/other")[0] == 599


@pytest.mark.usefixtures("port")
def test_what_cannot_be(product: Product) -> None:
    """Unknown recordings, nothing to play, no stub in the file, an unusable service: told with what there is."""
    refused = [
        (("orders", "recording:chekout"), "there is no recording called chekout", "checkout"),
        (("orders", "stub"), "the file has no stub for orders", "--with recording:NAME"),
        (("orders", "url:far"), "found 'far'", "accepted: an http:// or https:// URL"),
        (
            ("orders", "nobody"),
            "found 'nobody'",
            "accepted: recording:NAME[,NAME2], stub, url:http://…, process",
        ),
        (("caller", "recording:checkout"), "caller cannot be played", "it listens on nothing"),
        (("order", "process"), "no service is called 'order'", "orders"),
    ]
    for (service, whom), message, hint in refused:
        done = product.run("swap", service, "--with", whom, check=2)
        assert message in done.stderr
        assert hint in done.stderr


def test_whoever_is_not_ready_does_not_take_over(product: Product, port: int) -> None:
    """The command is broken while a recording plays: taking back fails, and the recording goes on."""
    product.run("swap", "orders", "--with", "recording:checkout")
    (product.root / "app.py").write_text("raise SystemExit(3)\n")
    failed = product.run("swap", "orders", "--with", "process", check=1)
    assert "whoever played before goes on" in failed.stderr
    assert get(port, "/1") == (200, "recorded")
    view = product.status()["orders"]
    assert (view["stand_in"], view["phase"]) == ("recording:checkout", "running")


def test_a_stub_of_the_file(product: Product, port: int) -> None:
    """A profile has the service played from the start; nothing but the recording is needed."""
    product.run("down")
    text = TOML.replace("@port@", str(port)).replace("app.py", "nothing-here.py")
    product.write(text + '\n[profiles.played.services.orders]\nstub = { recording = "checkout" }\n')
    product.run("up", "-d", "--wait", "-p", "played")
    assert get(port, "/1") == (200, "recorded")
    view = product.status()["orders"]
    assert (view["stand_in"], view["swapped"]) == ("recording:checkout", False)


def test_what_the_mesh_has_recorded_is_played(product: Product, port: int) -> None:
    """Recorded on the way to the service, then given by the stand-in, secrets aside."""
    product.run("record", "start", "live")
    told = get(port, "/7?api_key=hush-hush-0123456789abcdef")
    assert told[1].startswith("orders-0@1")
    product.run("record", "stop", "live")
    product.run("swap", "orders", "--with", "recording:live")
    assert get(port, "/7?api_key=hush-hush-0123456789abcdef") == told
    assert get(port, "/8")[0] == 599


def test_a_stand_in_that_is_killed_comes_back(product: Product, port: int) -> None:
    """It is an instance like any other."""
    product.run("swap", "orders", "--with", "recording:checkout")
    os.kill(product.status()["orders"]["instances"][0]["pid"], signal.SIGKILL)
    eventually(lambda: product.status()["orders"]["restarts"] == 1)
    assert get(port, "/1") == (200, "recorded")
    product.run("down")
    product.wait_gone()
