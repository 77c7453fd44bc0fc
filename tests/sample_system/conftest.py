"""A running shop, shared by the tests of one worker that leave it whole."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support_shop_processes import ShopProcesses, running_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcesses]:
    """The whole shop; whoever stops a part of it starts it again."""
    with running_shop(
        tmp_path_factory.mktemp("shop"),
        {"orders": {"PATIENCE_SECONDS": "1"}, "inventory": {"SUPPLY_SECONDS": "0"}},
    ) as running:
        yield running


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[ShopProcesses]:
    """A shop of which nothing runs yet."""
    processes = ShopProcesses(tmp_path)
    yield processes
    processes.stop_all()


@pytest.fixture
def browser(shop: ShopProcesses) -> Iterator[httpx.Client]:
    """A browser with cookies of its own, at the storefront."""
    with httpx.Client(base_url=shop.urls["storefront"], timeout=10.0) as client:
        yield client
