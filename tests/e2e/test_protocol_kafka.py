"""Kafka over the edges of a running system: clients find their broker at the edge, and what passes is told."""

import json
from pathlib import Path
from typing import Any

import pytest

import support_kafka_cluster
from support_kafka import BROKER
from support_product import Product, eventually

CLUSTER = Path(support_kafka_cluster.__file__)
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOPOLOGY = """
[system]
name = "ordering"

[services.orders]
command = "@python@ @programs@/kafka_user.py produce"
uses = ["brokers.bus"]
protocol = "none"

[services.billing]
command = "@python@ @programs@/kafka_user.py consume"
uses = ["brokers.bus"]
protocol = "none"

[brokers.bus]
engine = "kafka"
command = '@broker@ broker --listener-url tcp://127.0.0.1:$PORT --advertised-listener-url tcp://127.0.0.1:$PORT'
"""


def traffic(product: Product, filtered: str) -> list[dict[str, Any]]:
    """Operations that fit the filter."""
    told = product.run("traffic", "--json", "-n", "500", "--filter", filtered)
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_kafka_through_edges(product: Product) -> None:
    """Records, groups, a topic with its ends; faults of messages and bytes are felt; nobody gives up."""
    product.write(TOPOLOGY.replace("@broker@", str(BROKER)))
    product.run("up", "--wait", timeout=120)
    eventually(lambda: "order 3" in product.run("logs", "billing").stdout, timeout=60)

    [sent, *_] = eventually(lambda: traffic(product, "caller=orders method=Produce"))
    [got, *_] = eventually(lambda: traffic(product, "caller=billing method=Fetch kind=deliver"))
    assert (sent["target"], sent["kind"], sent["messages_in"], sent["status"]) == (
        "orders",
        "publish",
        1,
        200,
    )
    assert sent["payload"].startswith("order ")
    assert (got["target"], got["status"]) == ("orders", 200)
    assert {it["target"] for it in traffic(product, "caller=billing method=JoinGroup")} == {"billing"}
    edges = {it["caller"]: it for it in json.loads(product.run("edges", "--json").stdout)}
    for caller in ("orders", "billing"):
        assert (edges[caller]["protocol"], edges[caller]["guessed"]) == ("kafka", False)
    topic = json.loads(product.run("topics", "orders", "--json").stdout)
    assert "orders" in json.dumps(topic)
    assert "billing" in json.dumps(topic)

    done = product.run("publish", "orders", "by hand", "--key", "k").stdout
    assert done == "orders: published on brokers.bus\n"
    eventually(lambda: "b'by hand'" in product.run("logs", "billing").stdout)
    product.run("publish", "orders", "--again")

    product.run("fault", "add", "billing -> brokers.bus", "poison", "--subject", "orders")
    eventually(lambda: "\\xff" in product.run("logs", "billing").stdout)
    eventually(lambda: any(it["fault_hits"] for it in json.loads(product.run("edges", "--json").stdout)))

    product.run("fault", "add", "orders -> brokers.bus", "latency=400ms")
    eventually(lambda: "slow" in product.run("logs", "orders").stdout)
    log = (product.root / ".meshdev" / "daemon.log").read_text()
    assert "cannot be read" not in log
    assert "past this edge" not in log


def test_a_cluster_behind_an_edge(product: Product) -> None:
    """Both of its brokers are met at the mesh: nothing is produced that is not told."""
    cluster = f"@python@ {CLUSTER} $PORT"
    product.write(TOPOLOGY[: TOPOLOGY.index("command = '@broker@")] + f'command = "{cluster}"\n')
    product.run("up", "--wait", timeout=120)
    eventually(lambda: "order 12" in product.run("logs", "billing").stdout, timeout=60)
    told = [it["payload"] for it in traffic(product, "caller=orders method=Produce")]
    assert len(told) > 12
    assert [it for number, it in enumerate(told) if it not in {"", f"order {number}"}] == []
    edges = {it["caller"]: it for it in json.loads(product.run("edges", "--json").stdout)}
    assert edges["orders"]["connections"] > 1
    log = (product.root / ".meshdev" / "daemon.log").read_text()
    assert "cannot be read" not in log
    assert "past this edge" not in log
