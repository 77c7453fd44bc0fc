"""NATS through a running system: what the edges tell, and what faults on messages do to two real programs."""

import json
from collections import Counter
from typing import Any

import pytest

from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SYSTEM = """
[services.orders]
command = "@python@ @programs@/nats_talk.py publish"
healthcheck = "/healthz"
uses = ["brokers.events"]
publishes = ["order.placed"]

[services.mailer]
command = "@python@ @programs@/nats_talk.py consume heard"
healthcheck = "/healthz"
uses = ["brokers.events"]
subscribes = ["order.placed"]

[brokers.events]
engine = "nats"

[faults.out-of-order]
edge = "mailer -> brokers.events"
reorder = { percentage = 100, within = "30s" }
match = { subject = "order.*" }
"""


@pytest.fixture(scope="module")
def talking(shared: Product) -> Product:
    """A publisher and a consumer, up and healthy."""
    shared.write(SYSTEM)
    shared.run("up", "-d", "--wait")
    return shared


def heard(product: Product) -> list[str]:
    """What the consumer has written down."""
    file = product.root / "heard"
    return file.read_text().split() if file.exists() else []


def after(product: Product, count: int) -> list[str]:
    """The next ``count`` deliveries from now on."""
    begun = len(heard(product))
    eventually(lambda: len(heard(product)) >= begun + count, 30)
    return heard(product)[begun : begun + count]


def edge(product: Product, caller: str) -> dict[str, Any]:
    """What ``meshdev edges`` tells of the caller's edge."""
    views = json.loads(product.run("edges", "--json").stdout)
    return next(view for view in views if view["caller"] == caller)


def hits(product: Product, name: str) -> int:
    """How often a fault has hit."""
    views = json.loads(product.run("fault", "list", "--json").stdout)
    return next(int(view["hits"]) for view in views if view["name"] == name)


def test_events_are_told_and_can_be_disturbed(talking: Product) -> None:
    """Publishes, deliveries, acknowledgements; then doubled, swapped, spoiled and late messages, and none after."""
    assert after(talking, 20)
    orders, mailer = edge(talking, "orders"), edge(talking, "mailer")
    assert (orders["protocol"], orders["errors"], mailer["errors"]) == ("nats", 0, 0)
    assert orders["p50_ms"] > 0
    published = {view["route"]: view for view in orders["routes"]}["PUB order.placed"]
    assert (published["kind"], published["errors"]) == ("publish", 0)
    assert published["messages"] >= 20
    routes = {view["route"] for view in mailer["routes"]}
    assert routes >= {"MSG order.placed", "ACK order.placed", "CONSUMER.MSG.NEXT SHOP"}
    calls = [json.loads(line) for line in talking.run("traffic", "--json", "-n", "50").stdout.splitlines()]
    told = next(call for call in calls if call["kind"] == "publish")
    assert told["trace"] == "0af7651916cd43dd8448eb211c80319c"
    assert told["payload"].isdecimal()

    talking.run(
        "fault",
        "add",
        "mailer -> brokers.events",
        "duplicate=100%",
        "--subject",
        "order.*",
        "--name",
        "twice",
    )
    doubled = after(talking, 40)[10:]
    counts = Counter(doubled)
    assert {counts[number] for number in counts if number not in (doubled[0], doubled[-1])} == {2}
    assert hits(talking, "twice") >= 10
    talking.run("fault", "rm", "twice")

    talking.run("fault", "on", "out-of-order")
    numbers = [int(word) for word in after(talking, 20)]
    assert numbers != sorted(numbers)
    talking.run("fault", "off", "out-of-order")

    talking.run(
        "fault",
        "add",
        "orders -> brokers.events",
        "poison=100%,payload=mud",
        "--subject",
        "order.*",
        "--times",
        "3",
        "--name",
        "mud",
    )
    eventually(lambda: heard(talking).count("mud") == 3)
    talking.run(
        "fault",
        "add",
        "orders -> brokers.events",
        "latency=100ms",
        "--direction",
        "upstream",
        "--name",
        "slow",
    )
    eventually(lambda: edge(talking, "orders")["p99_ms"] >= 100)
    talking.run("fault", "clear")
    numbers = [int(word) for word in after(talking, 20)]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert "cannot be read" not in (talking.root / ".meshdev" / "daemon.log").read_text()


def test_what_cannot_be(talking: Product) -> None:
    """A subject is for messages, a path is not."""
    wrong = talking.run(
        "fault", "add", "mailer -> brokers.events", "latency=1s", "--subject", "order.*", check=None
    )
    assert wrong.returncode
    assert "latency does not act on messages" in wrong.stderr
    wrong = talking.run(
        "fault", "add", "mailer -> brokers.events", "drop=5%", "--match", "path=/x", check=None
    )
    assert "drop acts on messages" in wrong.stderr
