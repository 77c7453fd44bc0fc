"""AMQP over the edges of a running system: RabbitMQ behind a port of its own, as the command line tells it."""

import pytest

from support_broker_system import TRACE, broker_system
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def expected(shop: str) -> set[tuple[str, str, str]]:
    """What the user does there."""
    return {
        ("connection.open", "/", "ok"),
        ("exchange.declare", shop, "ok"),
        ("queue.bind", "amq.gen-{id}", "ok"),
        ("queue.declare", "nowhere", "NOT_FOUND"),
        ("basic.publish", f"{shop}/order.{{id}}.paid", "ok"),
        ("basic.publish", f"{shop}/nobody", "NO_ROUTE"),
        ("basic.publish", "pace", "ok"),
        ("basic.consume", "amq.gen-{id}", "ok"),
        ("basic.deliver", f"{shop}/order.{{id}}.paid", "ok"),
    }


def test_amqp_on_declared_and_guessed_edges(product: Product, rabbitmq: int) -> None:
    """Publishes and deliveries with their latencies; a fault of bytes is felt; nobody gives up."""
    to_rabbitmq = f"socat TCP-LISTEN:$PORT,bind=127.0.0.1,fork,reuseaddr TCP:127.0.0.1:{rabbitmq}"
    system = broker_system(product, "amqp", to_rabbitmq, "amqp_user.py")
    numbers = ",".join(f"n{number}" for number in range(100, 110))
    for name in ("EVENTS", "GUESSED"):
        assert f"{name} refused 404" in system.said()
        assert f"{name} unroutable" in system.said()
        assert f"{name} got {numbers}" in system.said()
    for name in ("events", "guessed"):
        shop = f"shop-{name}"
        system.wait_for(name, expected(shop))
        paid = [it for it in system.operations(name) if it["target"] == f"{shop}/order.{{id}}.paid"]
        assert [it["method"] for it in paid].count("basic.publish") == 10
        assert [it["method"] for it in paid].count("basic.deliver") == 10
        assert {it["trace"] for it in paid} == {TRACE}
    edges = system.edges()
    assert [(edges[name]["protocol"], edges[name]["guessed"]) for name in ("events", "guessed")] == [
        ("amqp", False),
        ("amqp", True),
    ]
    routes = {it["route"]: it for it in edges["events"]["routes"]}
    assert routes["basic.publish shop-events/order.{id}.paid"]["kind"] == "publish"
    assert routes["basic.publish shop-events/order.{id}.paid"]["p99_ms"] > 0
    assert routes["basic.deliver shop-events/order.{id}.paid"]["messages"] == 10
    assert edges["events"]["errors"] == 0
    assert "basic.publish shop-events/order.{id}.paid" in product.run("metrics").stdout

    by_hand = ("publish", "--broker", "events", "-H", "by=hand")
    done = product.run(*by_hand, "shop-events/order.7.paid", "{}").stdout
    assert done == "shop-events/order.7.paid: published on brokers.events\n"
    assert "NO_ROUTE" in product.run(*by_hand, "pace", "{}", check=1).stderr

    product.run("fault", "add", "user -> brokers.events", "latency=400ms")
    before = system.said().count("EVENTS slow")
    eventually(lambda: system.said().count("EVENTS slow") >= before + 3, 30)
    assert system.is_read()
