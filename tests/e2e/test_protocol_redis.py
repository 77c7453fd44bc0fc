"""Redis over the edges of a running system: what the command line tells of it, declared and guessed."""

import json
from typing import Any

import pytest

from support_product import Product, eventually
from support_redis import SERVER

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOPOLOGY = """
[system]
name = "cached"

[services.carts]
command = "@python@ @programs@/redis_user.py"
uses = ["databases.cache", "databases.guessed"]
protocol = "none"

[databases.cache]
engine = "valkey"
command = '@server@ --port $PORT --bind 127.0.0.1 --save ""'

[databases.guessed]
protocol = "tcp"
command = '@server@ --port $PORT --bind 127.0.0.1 --save ""'
"""
EXPECTED = {
    ("SET", "session:{id}", "ok"),
    ("GET", "session:{id}", "ok"),
    ("DEL", "n", "ok"),
    ("INCRBY", "n", "ok"),
    ("MULTI", "", "ok"),
    ("EXEC", "", "ok"),
    ("LPUSH", "session:{id}", "WRONGTYPE"),
    ("XADD", "orders", "ok"),
    ("PUBLISH", "news", "ok"),
}


def lines(product: Product, *arguments: str) -> list[dict[str, Any]]:
    """A command's lines of JSON."""
    return [json.loads(line) for line in product.run(*arguments).stdout.splitlines()]


def told(product: Product, callee: str) -> set[tuple[str, str, str]]:
    """Operations over the edge: name, target, code."""
    calls = lines(product, "traffic", "--json", "-n", "500", "--filter", f"callee={callee}")
    return {(it["method"], it["target"], it["code"] or "ok") for it in calls if it["protocol"] == "redis"}


def test_redis_on_declared_and_guessed_edges(product: Product) -> None:
    """Commands with their patterns, outcomes and latencies; faults of messages and bytes are felt; nobody gives up."""
    product.write(TOPOLOGY.replace("@server@", str(SERVER)))
    product.run("up", "--wait", timeout=120)
    eventually(lambda: "worked" in product.run("logs", "carts").stdout)

    eventually(lambda: told(product, "databases.cache") >= EXPECTED)
    eventually(lambda: told(product, "databases.guessed") >= EXPECTED)
    edges = {it["callee"]: it for it in json.loads(product.run("edges", "--json").stdout)}
    cache, guessed = edges["databases.cache"], edges["databases.guessed"]
    assert [(it["protocol"], it["guessed"], it["errors"]) for it in (cache, guessed)] == [
        ("redis", False, 0),
        ("redis", True, 0),
    ]
    routes = {it["route"]: it for it in cache["routes"]}
    assert routes["PUBLISH news"]["kind"] == "publish"
    assert routes["SET session:{id}"]["p99_ms"] > 0
    assert routes["LPUSH session:{id}"]["errors"] == 0
    assert "SET session:{id}" in product.run("metrics").stdout
    shown = product.run("databases", "cache").stdout
    assert "SET session:{id}" in shown
    assert "connections only" not in product.run("databases").stdout
    refused = product.run("fault", "add", "carts -> databases.cache", "status=503", "--off").stderr
    assert "carts -> databases.cache speaks redis" in refused

    for fault, name in (("drop", "lost"), ("duplicate", "twice")):
        where = ("carts -> databases.cache", f"{fault}=100%", "--subject", name)
        product.run("fault", "add", *where, "--direction", "upstream")
    eventually(lambda: "lost 0, twice 2" in product.run("logs", "carts").stdout)

    product.run("fault", "add", "carts -> databases.cache", "latency=400ms")
    eventually(lambda: "slow" in product.run("logs", "carts").stdout)
    assert "cannot be read" not in (product.root / ".meshdev" / "daemon.log").read_text()
