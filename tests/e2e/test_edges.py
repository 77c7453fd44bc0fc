"""Who calls whom, as the command line tells it while a real system runs."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from typing import Any

import httpx
import pytest

from support_product import Product, eventually
from support_shop import Customers
from support_shop_product import shop_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

Edge = tuple[str, str]

CHECKOUT: set[Edge] = {
    ("outside", "storefront"),
    ("storefront", "catalog"),
    ("storefront", "carts"),
    ("storefront", "orders"),
    ("carts", "catalog"),
    ("orders", "carts"),
    ("orders", "inventory"),
    ("orders", "payments"),
    ("orders", "shipping"),
    ("orders", "brokers.events"),
    ("shipping", "brokers.events"),
    ("notifications", "brokers.events"),
    ("order-history", "brokers.events"),
}
PROMISED = {
    "caller", "callee", "protocol", "declared", "observed", "requests", "errors", "in_flight", "rps",
    "p50_ms", "p90_ms", "p99_ms", "bytes_in", "bytes_out", "policies", "faults",
}  # fmt: skip
CHAIN = """
[system]
name = "chain"
[telemetry]
prometheus = @metrics@

[services.front]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]
edges.back = { timeout = "2s", retries = { attempts = 2 } }

[services.back]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
"""


def chain(product: Product, port: int, metrics: int) -> None:
    """Write the chain, published and scraped there."""
    product.write(CHAIN.replace("@port@", str(port)).replace("@metrics@", str(metrics)))


def another_port(port: int) -> int:
    """A port that nobody listens on at this moment, and another one than ``port``."""
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        found: list[int] = [probe.getsockname()[1] for probe in (first, second)]
    return found[0] if found[0] != port else found[1]


def edges(product: Product) -> dict[Edge, dict[str, Any]]:
    """``edges --json`` by caller and callee."""
    found = json.loads(product.run("edges", "--json").stdout)
    return {(one["caller"], one["callee"]): one for one in found}


def traffic(product: Product, *arguments: str) -> list[dict[str, Any]]:
    """``traffic --json``."""
    lines = product.run("traffic", "--json", *arguments).stdout.splitlines()
    return [json.loads(line) for line in lines]


def used(product: Product) -> set[Edge]:
    """The edges over which something has passed."""
    return {edge for edge, view in edges(product).items() if view["observed"]}


def failing(product: Product) -> set[Edge]:
    """The edges on which something has failed."""
    return {edge for edge, view in edges(product).items() if view["errors"]}


def buy(storefront: str) -> str:
    """From the shelf through the checkout; the order's id."""
    with httpx.Client(base_url=storefront, timeout=10.0) as browser:
        assert browser.get("/").status_code == httpx.codes.OK
        order = Customers(storefront, seed=0).buy(browser, ["mug-tide"], "card-4242")
        assert order is not None
        return order


def test_a_checkout_is_seen_call_by_call_and_a_dead_callee_on_its_edges(
    product: Product, free_port: int
) -> None:
    """Every call with caller and callee; with payments gone, errors on exactly the edges into payments."""
    shop_up(product, free_port)
    storefront = f"http://127.0.0.1:{free_port}"

    order = buy(storefront)
    with httpx.Client(base_url=storefront, timeout=10.0) as browser:
        eventually(lambda: "completed" in browser.get(f"/orders/{order}").text)
    eventually(lambda: used(product) >= CHECKOUT, explain=lambda: f"unused: {CHECKOUT - used(product)}")
    seen = edges(product)
    charges = eventually(lambda: traffic(product, "--filter", "callee=payments method=POST"))

    assert set(seen["orders", "payments"]) >= PROMISED
    assert all(view["declared"] for view in seen.values())
    assert seen["orders", "payments"]["requests"] >= 1
    assert [(one["caller"], one["status"] // 100) for one in charges] == [("orders", 2)]
    assert failing(product) == set()

    product.run("stop", "payments")
    buy(storefront)

    eventually(lambda: ("orders", "payments") in failing(product))
    assert {callee for _, callee in failing(product)} == {"payments"}
    graph = json.loads(product.run("graph", "--live", "--json").stdout)
    assert {edge["callee"] for edge in graph["signals"] if edge["errors"]} == {"payments"}
    assert "failed" in product.run("graph", "--live").stdout


def test_what_is_measured_is_told_everywhere(product: Product, free_port: int) -> None:
    """A few calls: the same numbers in edges, traffic, top and metrics, on the command line and where it is scraped."""
    metrics = another_port(free_port)
    chain(product, free_port, metrics)
    product.run("up", "-d", "--wait")
    for number in range(5):
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/things/{number}", timeout=10) as reply:
            assert reply.status == 200

    eventually(lambda: edges(product)["outside", "front"]["requests"] >= 5)
    front = edges(product)["outside", "front"]
    assert (front["requests"], front["errors"], front["protocol"]) == (5, 0, "http")
    assert edges(product)["front", "back"]["policies"] == ["timeout 2s", "2 retries"]
    assert not edges(product)["front", "back"]["observed"]
    assert "GET /things/{id}" in product.run("edges", "--routes").stdout
    assert [one["target"] for one in traffic(product, "-n", "2")] == ["/things/3", "/things/4"]
    top = json.loads(product.run("top", "--json").stdout)
    assert {one["id"] for one in top["instances"]} == {"front-0", "back-0"}
    assert {one["role"] for one in top["processes"]} == {"daemon", "guardian", "worker"}
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=10) as reply:
        scraped = reply.read().decode()
    for text in (scraped, product.run("metrics").stdout):
        (line,) = [
            one
            for one in text.splitlines()
            if one.startswith("meshdev_edge_requests_total") and "outside" in one
        ]
        assert line.endswith(" 5.0")


def test_following_shows_calls_as_they_end(product: Product, free_port: int) -> None:
    """`traffic -f` on a running system tells a call within a second of its end, and ends with the system."""
    chain(product, free_port, another_port(free_port))
    product.run("up", "-d", "--wait")
    out = product.root / "followed"

    with out.open("w") as sink:
        follower = subprocess.Popen(
            product.command("traffic", "-f", "--filter", "path~/wanted"),
            cwd=product.root,
            env=product.env(),
            stdout=sink,
        )

    def call() -> bool:
        urllib.request.urlopen(f"http://127.0.0.1:{free_port}/wanted", timeout=10).close()
        return "outside → front" in out.read_text()

    eventually(call)
    product.run("down")
    assert follower.wait(timeout=20) == 0


def test_a_worker_that_is_killed_is_replaced_and_told_of(product: Product, free_port: int) -> None:
    """SIGKILL to the mesh worker: the published port answers again, and top names the new one."""
    chain(product, free_port, another_port(free_port))
    product.run("up", "-d", "--wait")

    def worker() -> int:
        top = json.loads(product.run("top", "--json").stdout)
        return next((one["pid"] for one in top["processes"] if one["role"] == "worker"), 0)

    before = worker()
    os.kill(before, signal.SIGKILL)

    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=10) as reply:
        assert reply.status == 200
    assert eventually(worker) != before
