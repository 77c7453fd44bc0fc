"""The shop's events as the mesh sees them: both ends of every topic, and a checkout from the click to the message."""

import json

import httpx
import msgspec
import pytest

from meshdev.telemetry.traces import assemble
from meshdev.wire.control import DELIVER, ExchangeView
from meshdev.wire.topic_views import TopicView
from support_product import Product, eventually
from support_shop import Customers
from support_shop_product import shop_up, wait_delivered

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def traffic(product: Product) -> list[ExchangeView]:
    """Every call and message that is still known."""
    lines = product.run("traffic", "--json", "-n", "2000").stdout.splitlines()
    return [msgspec.json.decode(line, type=ExchangeView) for line in lines]


def test_a_checkout_is_followed_over_the_broker(product: Product, free_port: int) -> None:
    """From the page to the orders, from there as an event to the notifications: one trace, in this order."""
    shop_up(product, free_port)
    url = f"http://127.0.0.1:{free_port}"
    with httpx.Client(base_url=url, timeout=10.0) as browser:
        order = Customers(url, seed=0).buy(browser, ["mug-tide"], "card-4242")
        assert order is not None
        wait_delivered(product, browser, order)

    def chain() -> list[ExchangeView]:
        """The checkout's calls, once the event has been delivered."""
        calls = traffic(product)
        [click] = [
            it for it in calls if (it.caller, it.method, it.target) == ("outside", "POST", "/checkout")
        ]
        found = [it for it in calls if it.trace == click.trace]
        told = [it for it in found if (it.kind, it.caller) == (DELIVER, "notifications")]
        return found if "order.placed" in {it.target for it in told} else []

    hops = assemble(eventually(chain)).hops
    above: list[str] = []
    way = None
    for hop in hops:
        sender, receiver = hop.call.ends
        above[hop.depth :] = [f"{sender} → {receiver} {hop.call.method} {hop.call.target}"]
        if hop.call.target == "order.placed" and receiver == "notifications":
            way = [step.split(" /")[0] for step in above]
            break
    assert way == [
        "outside → storefront POST",
        "storefront → orders POST",
        "orders → brokers.events PUB order.placed",
        "brokers.events → notifications MSG order.placed",
    ]
    topics = {
        it.name: it
        for it in msgspec.json.decode(product.run("topics", "--json").stdout, type=list[TopicView])
    }
    placed = topics["order.placed"]
    assert [(it.service, it.messages, it.declared) for it in placed.publishers] == [("orders", 1, True)]
    assert {it.service for it in placed.subscribers if it.messages and it.declared} == {
        "notifications",
        "order-history",
    }
    assert json.loads(placed.last[-1].payload)["type"] == "order.placed"


def test_a_message_is_published_by_hand(product: Product, free_port: int) -> None:
    """Its subscribers get it; the last one can be published again."""
    shop_up(product, free_port)
    done = product.run("publish", "order.note", "--broker", "events", '{"by": "hand"}')
    assert done.stdout == "order.note: published on brokers.events\n"

    def delivered() -> bool:
        listed = product.run("topics", "order.note", "--json", check=None)
        return listed.returncode == 0 and any(
            it.messages for it in msgspec.json.decode(listed.stdout, type=TopicView).subscribers
        )

    eventually(delivered)
