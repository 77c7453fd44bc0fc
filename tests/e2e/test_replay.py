"""Recorded requests are sent again, as a user would: what has changed is told, what is noise is not."""

import json

import httpx
import pytest

from support_product import Product
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TWINS = """
[system]
name = "twins"

[services.shop]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
ports = ["@port@:http"]

[services.other]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
environment = { SURCHARGE = "5" }
"""


def record_some(product: Product, shop: str) -> None:
    """A recording called day."""
    product.run("record", "start", "day")
    with httpx.Client(base_url=shop) as client:
        for number, item in enumerate(("apple", "pear", "fig")):
            client.post("/orders", json={"id": f"o-{number}", "item": item})
            client.get(f"/items/{item}", headers={"x-request-id": f"r{number}"})
        client.get("/search?q=fruit&nonce=1")
        client.get("/zipped")
        client.get("/events?count=3&gap=0.01")
        client.post("/login", json={"user": "ana", "password": "hunter2-and-more"})
    product.run("record", "stop", "day")


def test_a_recording_is_verified_against_the_live_service(product: Product, free_port: int) -> None:
    """Unchanged it is true, whatever the receipts; with another price it is stale, and the field is named."""
    shop = variety_up(product, free_port)
    record_some(product, shop)
    told = product.run("record", "verify", "day").stdout
    assert "10 answers compared, all as recorded" in told
    config = product.root / "meshdev.toml"
    config.write_text(config.read_text() + '\n[services.shop.environment]\nSURCHARGE = "5"\n')
    product.run("up", "-d", "--wait")
    stale = product.run("record", "verify", "day", check=1).stdout
    assert "3 of 10 answers differ" in stale
    assert "POST /orders" in stale
    assert "body/price: 3 times expected 500, got 505" in stale
    told_json = json.loads(product.run("record", "verify", "day", "--json", check=1).stdout)
    assert told_json["stale"]
    assert [line["place"] for line in told_json["outcomes"][0]["report"]["lines"]] == ["body/price"]
    assert "hunter2" not in stale + json.dumps(told_json)
    assert "older than" in product.run("record", "verify", "day", "--max-age", "1ms", check=1).stdout


def test_two_versions_get_the_same(product: Product, free_port: int) -> None:
    """The answers of one are held against those of the other."""
    product.write(TWINS.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    record_some(product, f"http://127.0.0.1:{free_port}")
    same = product.run("replay", "day", "--to", "shop", "--against", "shop").stdout
    assert "all as recorded" in same
    told = json.loads(
        product.run("replay", "day", "--to", "shop", "--against", "other", "--json", check=1).stdout
    )
    assert [(line["route"], line["place"]) for line in told["report"]["lines"]] == [
        ("POST /orders", "body/price")
    ]


def test_a_recording_is_load(product: Product, free_port: int) -> None:
    """The recorded pace, ten times as fast: every request leaves, none waits for another."""
    shop = variety_up(product, free_port)
    product.run("record", "start", "load")
    with httpx.Client(base_url=shop) as client:
        for _ in range(20):
            client.get("/slow?seconds=0.1")
    product.run("record", "stop", "load")
    told = json.loads(product.run("replay", "load", "--to", "shop", "--speed", "x10", "--json").stdout)
    assert told["sent"] == 20
    assert told["report"]["different"] == 0
    assert told["seconds"] < 20 * 0.1


def test_what_cannot_be_sent_is_told(product: Product, free_port: int) -> None:
    """No such service in the recording, a service that does not run, an address where nobody is."""
    shop = variety_up(product, free_port)
    record_some(product, shop)
    unknown = product.run("replay", "day", "--to", "shopp", check=2)
    assert "no service is called 'shopp'" in unknown.stderr
    nobody = product.run("replay", "day", "--to", "shop", "--at", "http://127.0.0.1:1", check=1)
    assert "10 without an answer: ConnectError" in nobody.stdout
    speed = product.run("replay", "day", "--to", "shop", "--speed", "quick", check=2)
    assert "accepted are x1, x10" in speed.stderr
