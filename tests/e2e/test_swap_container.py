"""``meshdev swap``: the same service in a container and as a process, changed over while it is being called."""

import pytest

from support_docker import Leftovers, shop_base
from support_load import load_on, rate
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(300)]

TOML = """
[system]
name = "both"

[services.orders]
command = "@python@ @programs@/steady.py"
healthcheck = { http = "/healthz", interval = "200ms", timeout = "5s" }
ports = ["@port@:http"]

[services.caller]
command = "sleep 1000000"
protocol = "none"
calls = ["orders"]

[profiles.boxed.services.orders]
image = "@image@"
command = "python /programs/steady.py"
environment = { BIND = "0.0.0.0" }
volumes = ["@programs@:/programs:ro"]
init = true
"""


@pytest.fixture
def boxes(product: Product, free_port: int) -> Leftovers:
    """A file with both ways; what the engine has of the project."""
    product.write(TOML.replace("@port@", str(free_port)).replace("@image@", shop_base()))
    return Leftovers(product.root)


def swap(product: Product, way: str) -> str:
    """Have orders run in that way; what the command says."""
    return product.run("swap", "orders", "--with", way, timeout=90).stdout


def test_a_service_goes_into_a_container_and_out_of_it(
    product: Product, boxes: Leftovers, free_port: int
) -> None:
    """Under load, twice, without a failed request; marked while the file says otherwise, and after an `up`."""
    product.run("up", "-d", "--wait")
    with load_on(free_port, per_second=rate()) as load:
        for _ in range(2):
            assert swap(product, "container") == "orders runs as a container\n"
            assert len(boxes.containers()) == 1
            assert swap(product, "process") == "orders runs as the file says\n"
            eventually(lambda: boxes.containers() == [])  # the old one is drained first
    assert load.failed == {}
    assert {name.partition("@")[2] for name in load.answered_by} == {"1", "2", "3", "4", "5"}

    swap(product, "container")
    product.run("up", "-d", "--wait", timeout=90)
    view = product.status()["orders"]
    assert (view["stand_in"], view["swapped"], view["health"]) == ("container", True, "healthy")
    assert swap(product, "container") == "orders runs as a container already\n"
    assert swap(product, "file") == "orders runs as the file says\n"


def test_out_of_the_container_that_the_file_says(product: Product, boxes: Leftovers) -> None:
    """The other way round: with the profile it is a container, without it a process."""
    product.run("up", "-d", "--wait", "-p", "boxed", timeout=90)
    assert swap(product, "process") == "orders runs as a process\n"
    eventually(lambda: boxes.containers() == [])  # the old one is drained first
    assert swap(product, "container") == "orders runs as the file says\n"
    assert len(boxes.of("orders")) == 1
    refused = product.run("swap", "caller", "--with", "container", check=2).stderr
    assert "no profile of the file runs caller as a container" in refused
