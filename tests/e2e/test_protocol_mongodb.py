"""MongoDB over an edge of a running system: what the command line tells of it."""

import json
from typing import Any

import pytest

from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOPOLOGY = """
[system]
name = "storing"

[services.orders]
command = "@python@ @programs@/mongodb_user.py"
uses = ["databases.store"]
protocol = "none"

[databases.store]
engine = "mongodb"
command = "@python@ @programs@/mongodb_store.py"
"""


def told(product: Product) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Operations by name, target and code."""
    lines = product.run("traffic", "--json", "-n", "500").stdout.splitlines()
    return {(it["method"], it["target"], it["code"]): it for it in map(json.loads, lines)}


def test_mongodb_through_an_edge(product: Product) -> None:
    """Commands with their collections and errors; a fault of bytes is felt; nobody gives up."""
    product.write(TOPOLOGY)
    product.run("up", "--wait", timeout=120)
    eventually(lambda: "worked" in product.run("logs", "orders").stdout)

    expected = {
        ("find", "shop.orders", ""),
        ("getMore", "shop.orders", ""),
        ("insert", "shop.orders", "DuplicateKey"),
    }
    eventually(lambda: set(told(product)) >= expected)
    [edge] = [it for it in json.loads(product.run("edges", "--json").stdout) if it["caller"] == "orders"]
    assert (edge["protocol"], edge["guessed"], edge["errors"]) == ("mongodb", False, 0)
    assert {it["route"] for it in edge["routes"]} >= {"find shop.orders", "insert shop.orders"}

    product.run("fault", "add", "orders -> databases.store", "latency=400ms")
    eventually(lambda: "slow" in product.run("logs", "orders").stdout)
    assert "cannot be read" not in (product.root / ".meshdev" / "daemon.log").read_text()
