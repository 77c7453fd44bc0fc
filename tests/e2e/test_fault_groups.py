"""Faults for several at once, end to end: teams, partitions, a service down, a name that nobody knows."""

import http.client
import json
import time

import pytest

from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SYSTEM = """
[services.front]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["orders", "stock"]
team = "shop"
proxy_env = true

[services.orders]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
calls = ["stock"]
team = "sales"

[services.stock]
command = "@python@ @programs@/server.py"
healthcheck = "/healthz"
team = "sales"
"""
PAIRS = (("front", "orders"), ("front", "stock"), ("orders", "stock"))


@pytest.fixture
def system(product: Product) -> Product:
    """Three services of two teams, each reachable as its callers reach it."""
    product.write(SYSTEM)
    product.run("up", "-d", "--wait")
    return product


def ports(product: Product) -> dict[tuple[str, str], int]:
    """By caller and callee."""
    views = json.loads(product.run("edges", "--json").stdout)
    return {(view["caller"], view["callee"]): view["port"] for view in views}


def ask(port: int, target: str = "/healthz", host: str = "x") -> tuple[int, str, float]:
    """Status, the fault that had a hand in it, and seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    began = time.monotonic()
    connection.request("GET", target, headers={"Host": host})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("x-meshdev-fault", ""), time.monotonic() - began


def faults_met(product: Product) -> dict[tuple[str, str], str]:
    """What each caller meets on its way."""
    known = ports(product)
    return {pair: ask(known[pair])[1] for pair in PAIRS}


def test_a_partition_separates_two_sides(system: Product) -> None:
    """Both sides work on among themselves; when it is over all is as before."""
    system.run("fault", "add", "--name", "split", "front | orders,stock", "refuse")
    assert faults_met(system) == {
        ("front", "orders"): "split/refuse",
        ("front", "stock"): "split/refuse",
        ("orders", "stock"): "",
    }
    eventually(lambda: system.run("edges").stdout.count("1 error injected") == 2)
    assert "[fault split/refuse]" in system.run("traffic").stdout
    system.run("fault", "rm", "split")
    assert set(faults_met(system).values()) == {""}


def test_a_team_has_a_slow_network(system: Product) -> None:
    """All that leads to the team's services is slow, whoever calls; the fault ends by itself."""
    system.run("fault", "add", "--name", "slow", "--for", "3s", "team:sales", "latency=200ms")
    known = ports(system)
    assert all(ask(known[pair])[2] >= 0.2 for pair in PAIRS)
    eventually(lambda: json.loads(system.run("fault", "list", "--json").stdout) == [])
    assert ask(known["front", "orders"])[0] == 200


def test_a_service_is_down_for_its_callers(system: Product) -> None:
    """Its callers alone notice."""
    system.run("fault", "add", "--name", "down", "orders", "refuse")
    met = faults_met(system)
    assert (met["front", "orders"], met["front", "stock"]) == ("down/refuse", "")


def test_a_name_that_nobody_knows(system: Product) -> None:
    """By the name proxy of an unmodified program."""
    found = dict(line.split("=", 1) for line in system.run("env", "front").stdout.splitlines() if "=" in line)
    proxy = int(found["http_proxy"].rstrip("/").rpartition(":")[2])
    assert ask(proxy, "http://stock/healthz", "stock")[0] == 200
    system.run("fault", "add", "--name", "gone", "front -> stock", "dns")
    assert ask(proxy, "http://stock/healthz", "stock")[:2] == (503, "gone/dns")
    assert ask(proxy, "http://orders/healthz", "orders")[0] == 200
    assert ask(ports(system)["front", "stock"])[0] == 200
    system.run("fault", "clear")
    assert ask(proxy, "http://stock/healthz", "stock")[0] == 200


def test_a_host_out_of_the_system(system: Product) -> None:
    """Calls to it have faults, too, where the caller's name proxy sees them."""
    found = dict(line.split("=", 1) for line in system.run("env", "front").stdout.splitlines() if "=" in line)
    proxy = int(found["http_proxy"].rstrip("/").rpartition(":")[2])
    there = f"127.0.0.1:{ports(system)['front', 'stock']}"
    assert ask(proxy, f"http://{there}/healthz", there)[0] == 200
    refused = system.run("fault", "add", "orders -> 127.0.0.1", "dns", check=2)
    assert "orders has no name proxy" in refused.stderr
    system.run("fault", "add", "--name", "gone", "front -> 127.0.0.1", "dns")
    assert ask(proxy, f"http://{there}/healthz", there)[:2] == (503, "gone/dns")
    [fault] = json.loads(system.run("fault", "list", "--json").stdout)
    assert fault["edges"] == ["front -> 127.0.0.1"]
    system.run("fault", "rm", "gone")
    assert ask(proxy, f"http://{there}/healthz", there)[0] == 200


def test_logs_tell_of_faults(system: Product) -> None:
    """Who reads only a service's log sees that a fault is on, that it acts, and that it is off; others are spared."""
    system.run("fault", "add", "--name", "slow", "front -> orders", "latency=20ms")
    ask(ports(system)["front", "orders"])

    def told(service: str) -> list[str]:
        lines = map(json.loads, system.run("logs", "--json", service).stdout.splitlines())
        return [line["text"] for line in lines if line["stream"] == "meshdev" and "fault" in line["text"]]

    acts = "fault slow acts: 1 hit so far"
    eventually(lambda: acts in told("orders"))
    system.run("fault", "off", "slow")
    eventually(lambda: "fault slow is off" in told("orders"))
    expected = ["fault slow is on: latency 20ms for front -> orders", acts, "fault slow is off"]
    assert told("orders") == told("front") == expected
    assert told("stock") == []
