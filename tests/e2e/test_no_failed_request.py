"""A save, a scale, a kill: what the callers of a service under load see of it.

The defaults are short. For the full measure: MESHDEV_LOAD_RATE=500 MESHDEV_LOAD_SAVES=20.
"""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from support_load import load_on, rate
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SAVES = int(os.environ.get("MESHDEV_LOAD_SAVES", "3"))
APART = 7.0  # seconds between saves where there are many: ten within a minute would suspend reloading
TOML = """
[system]
name = "busy"

[services.orders]
command = "@python@ app.py"
healthcheck = { http = "/healthz", interval = "200ms", timeout = "2s" }
ports = ["@port@:http"]
watch = { paths = ["app.py"] }

[services.storefront]
command = "sleep 1000000"
protocol = "none"
edges.orders = { retries = { attempts = 2, on = ["reset", "connect"], budget = "100%" } }
calls = ["orders"]
"""
SOURCE = (Path(__file__).parent / "programs" / "steady.py").read_text()


@pytest.fixture
def port(product: Product, free_port: int) -> int:
    """A service behind a published port, up."""
    (product.root / "app.py").write_text(SOURCE)
    product.write(TOML.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    return free_port


def reloaded(product: Product, generation: int) -> bool:
    """Whether the only instance is of at least this generation, and the reload is done."""
    orders = product.status()["orders"]
    serving = [one for one in orders["instances"] if one["role"] == "serving"]
    last = orders["last_reload"] or {}
    return last.get("outcome") == "done" and min(one["generation"] for one in serving) >= generation


def renewed(product: Product, generation: int) -> bool:
    """Whether the only instance that is in charge is of this generation, and healthy."""
    serving = [one for one in product.status()["orders"]["instances"] if one["role"] == "serving"]
    return [(one["generation"], one["health"]) for one in serving] == [(generation, "healthy")]


def test_saves_fail_no_request(product: Product, port: int) -> None:
    """Source is saved again and again: each time new code takes over, and every request is answered."""
    with load_on(port, per_second=rate()) as load:
        for save in range(SAVES):
            began = time.monotonic()
            (product.root / "app.py").write_text(f"{SOURCE}\n# {save}\n")
            eventually(lambda generation=save + 2: reloaded(product, generation), 30)  # type: ignore[misc]
            if SAVES >= 10:
                time.sleep(max(0.0, began + APART - time.monotonic()))

    assert load.failed == {}
    assert load.ok == load.sent
    assert len(load.answered_by) == SAVES + 1


def test_a_restart_fails_no_request(product: Product, port: int) -> None:
    """What is in hand is answered by the old one, what comes meanwhile waits for the new one."""
    with load_on(port, per_second=rate()) as load:
        for restart in range(2):
            product.run("restart", "orders")
            eventually(lambda generation=restart + 2: renewed(product, generation), 30)  # type: ignore[misc]

    assert load.failed == {}
    assert load.ok == load.sent
    assert len(load.answered_by) == 3


def test_scaling_fails_no_request(product: Product, port: int) -> None:
    """One instance, three, and one again: all three have answered, and every request is answered."""
    with load_on(port, per_second=rate()) as load:
        product.run("scale", "orders=3")
        time.sleep(1.0)  # load, not synchronisation
        product.run("scale", "orders=1")
        eventually(lambda: len(product.status()["orders"]["instances"]) == 1)

    assert load.failed == {}
    assert {name.partition("@")[0] for name in load.answered_by} == {"orders-0", "orders-1", "orders-2"}


def edge_of(product: Product) -> int:
    """The port on which the storefront finds orders."""
    environment: dict[str, str] = json.loads(product.run("env", "storefront", "--json").stdout)["environment"]
    return int(environment["ORDERS_PORT"])


@pytest.mark.usefixtures("port")
def test_a_kill_behind_retries_fails_only_what_may_not_be_repeated(product: Product) -> None:
    """One of two instances is killed: GETs are repeated, and of the POSTs only those fail that it had in hand."""
    product.run("scale", "orders=2")
    with load_on(edge_of(product), per_second=rate()) as load:
        time.sleep(1.0)  # load, not synchronisation
        os.kill(product.status()["orders"]["instances"][0]["pid"], signal.SIGKILL)
        eventually(lambda: product.status()["orders"]["restarts"] == 1)
        eventually(
            lambda: [one["health"] for one in product.status()["orders"]["instances"]] == ["healthy"] * 2
        )

    in_hand = rate() * (0.025 + 0.8 / 25) / 3 + 5
    assert [what for what in load.failed if not what.startswith("POST 502 ")] == []
    assert sum(load.failed.values()) <= in_hand
    assert load.ok + sum(load.failed.values()) == load.sent
