"""MQTT over the edges of a running system: two Mosquittos, as the command line tells it."""

import shutil

import pytest

from support_broker_system import TRACE, broker_system
from support_npm import missing
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def expected(name: str) -> set[tuple[str, str, str]]:
    """What the user does there."""
    return {
        ("CONNECT", "", "ok"),
        ("SUBSCRIBE", f"{name}/+/state", "ok"),
        ("PUBLISH", f"{name}/{{id}}/state", "ok"),
        ("DELIVER", f"{name}/{{id}}/state", "ok"),
    }


def test_mqtt_on_declared_and_guessed_edges(product: Product) -> None:
    """Both versions: messages with their latencies; a fault of bytes is felt; nobody gives up."""
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if mosquitto is None:
        missing("no Mosquitto here (Debian: mosquitto)")
    system = broker_system(product, "mqtt", f"{mosquitto} -p $PORT", "mqtt_user.py")
    numbers = ",".join(f"n{number}" for number in range(100, 109))
    for name in ("EVENTS", "GUESSED"):
        assert f"{name} got {numbers}" in system.said()
        system.wait_for(name.lower(), expected(name))
        states = [it for it in system.operations(name.lower()) if it["target"] == f"{name}/{{id}}/state"]
        assert [it["method"] for it in states].count("PUBLISH") == 9
        assert [it["method"] for it in states].count("DELIVER") == 9
        assert {it["trace"] for it in states} == {TRACE if name == "GUESSED" else ""}
    edges = system.edges()
    assert [(edges[name]["protocol"], edges[name]["guessed"]) for name in ("events", "guessed")] == [
        ("mqtt", False),
        ("mqtt", True),
    ]
    routes = {it["route"]: it for it in edges["events"]["routes"]}
    assert routes["PUBLISH EVENTS/{id}/state"]["kind"] == "publish"
    assert routes["PUBLISH EVENTS/{id}/state"]["p99_ms"] > 0
    assert routes["DELIVER EVENTS/{id}/state"]["messages"] == 9
    assert edges["events"]["errors"] == edges["guessed"]["errors"] == 0
    assert "PUBLISH EVENTS/{id}/state" in product.run("metrics").stdout

    product.run("fault", "add", "user -> brokers.events", "latency=400ms")
    before = system.said().count("EVENTS slow")
    eventually(lambda: system.said().count("EVENTS slow") >= before + 3, 30)
    assert system.is_read()
