"""``start = "on-demand"``: the first call starts a service and is answered by it."""

import time
import urllib.error
import urllib.request

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

TOML = """
[services.caller]
command = "@python@ @programs@/asker.py"
calls = ["rare", "seldom"]
ports = ["@port@:http"]
healthcheck = "/healthz"

[services.rare]
command = "@python@ @programs@/server.py rare"
start = "on-demand"
ports = ["@front@:http"]
healthcheck = "/healthz"

[services.seldom]
command = "@python@ @programs@/server.py seldom"
start = "on-demand"
"""


def get(url: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 -- our own address
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_first_call_starts_it(product: Product, free_port: int, another_port: int) -> None:
    """`up --wait` leaves it alone; a call through its front, or over a caller's edge, starts it and is answered."""
    product.write(TOML.replace("@port@", str(free_port)).replace("@front@", str(another_port)))
    product.run("up", "-d", "--wait")
    before = product.status()
    assert [before[name]["phase"] for name in ("caller", "rare", "seldom")] == [
        "running",
        "stopped",
        "stopped",
    ]
    assert before["rare"]["why"] == "starts with the first call"
    assert "starts with the first call" in product.run("why", "rare").stdout

    assert get(f"http://127.0.0.1:{another_port}/") == (200, "rare-0@1 rare\n")
    assert get(f"http://127.0.0.1:{free_port}/SELDOM_URL") == (200, "seldom-0@1 seldom\n")

    after = product.status()
    assert [after[name]["phase"] for name in ("rare", "seldom")] == ["running", "running"]
    assert after["rare"]["instances"][0]["generation"] == 1


def test_who_stopped_it_is_obeyed(product: Product, free_port: int, another_port: int) -> None:
    """After `stop`, calls are turned away at once and start nothing; `up` makes it start with calls again."""
    product.write(TOML.replace("@port@", str(free_port)).replace("@front@", str(another_port)))
    product.run("up", "-d", "--wait")
    front = f"http://127.0.0.1:{another_port}/"
    assert get(front)[0] == 200
    product.run("stop", "rare")
    eventually(lambda: product.status()["rare"]["phase"] == "stopped")

    began = time.monotonic()
    status, body = get(front)

    assert status == 503
    assert "no-upstream" in body
    assert time.monotonic() - began < 5
    assert product.status()["rare"]["why"] == "was stopped, so calls do not start it"
    product.run("up", "-d", "--wait")
    assert product.status()["rare"]["phase"] == "stopped"
    assert get(front) == (200, "rare-0@2 rare\n")
