"""The repository's own shop in containers, and half of it: same checkout, same measurements, a reload nobody notices.

``MESHDEV_LOAD_RATE`` is how often a second the catalog is asked while it is reloaded.
"""

import re

import httpx
import pytest

from support_docker import Leftovers, shop_base
from support_load import load_on, rate
from support_product import Product, eventually, project_in
from support_shop_product import buy, shop_in, shop_starts, shop_up, wait_delivered

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(280)]

Series = set[tuple[str, str]]
BOXED = {"containers": 10, "half": 3}
MEASURED = re.compile(
    r"(?m)^meshdev_(edge_requests_total|edge_request_duration_seconds_count|route_requests_total)\{(.*)\} (\S+)$"
)
# Which of the services finds the stream missing and makes it; whether a delivery came twice on a busy machine.
BY_CHANCE = re.compile(r'route="(?:STREAM\.|CONSUMER\.|NAK|WPI|-ERR)')


@pytest.fixture(scope="module")
def as_processes(tmp_path_factory: pytest.TempPathFactory, shared_port: int) -> Series:
    """What is measured of a checkout when everything is a process."""
    with project_in(tmp_path_factory.mktemp("processes")) as product:
        shop_up(product, shared_port)
        return measured(product, shared_port)


def measured(product: Product, port: int) -> Series:
    """A checkout, until it is at the door; the series (caller, callee, route …) that then have a number."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0) as browser:
        order = buy(product, browser, ["mug-tide", "note-grid"])
        wait_delivered(product, browser, order)
        for page in ("/", "/inbox", f"/orders/{order}"):
            assert browser.get(page).status_code == httpx.codes.OK
    text = product.run("metrics").stdout
    return {
        (metric, labels)
        for metric, labels, value in MEASURED.findall(text)
        if float(value) and not BY_CHANCE.search(labels)
    }


@pytest.mark.parametrize("profile", ["containers", "half"])
def test_the_shop_in_containers(
    product: Product, free_port: int, another_port: int, profile: str, as_processes: Series
) -> None:
    """An order goes through all of it, and is measured as if all were processes; a save fails no request."""
    product.environ["SHOP_BASE"] = shop_base()
    shop_in(product, free_port)
    product.write(
        (product.root / "meshdev.toml")
        .read_text("utf-8")
        .replace("[services.catalog]\n", f'[services.catalog]\nports = ["{another_port}:http"]\n')
    )
    shop_starts(product, profile, timeout=150)
    left = Leftovers(product.root)
    assert len(left.containers()) == BOXED[profile]
    assert measured(product, free_port) == as_processes

    def generation() -> int:
        serving = [one for one in product.status()["catalog"]["instances"] if one["role"] == "serving"]
        return int(serving[0]["generation"])

    with (
        load_on(free_port, per_second=2.0, path="/") as pages,
        load_on(another_port, per_second=rate(30.0), path="/products/mug-tide") as load,
    ):
        source = product.root / "sample_system" / "services" / "catalog" / "catalog" / "api.py"
        source.write_text(source.read_text() + "\n# saved\n")
        eventually(lambda: generation() == 2, 60)
    assert (load.failed, pages.failed) == ({}, {})
    assert "# saved" in product.run("run", "catalog", "--", "cat", "catalog/api.py").stdout
    product.run("down", timeout=90)
    assert left.none()
