"""The repository's own shop as a user's project, in a folder of its own."""

import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.wire.control import ServiceView
from support_product import Product, eventually
from support_shop_processes import PARTS, ROOT

# Parcels arrive sooner than usual; nothing is declined by chance, nothing given up because a machine stands still.
STEADY = {"PATIENCE_SECONDS": "120", "HOLD_SECONDS": "240", "STEP_SECONDS": "0.3", "DECLINE_RATE": "0"}
_MARKUP = re.compile(r"<(style|script)\b.*?</\1>|<[^>]+>", re.DOTALL)


def shop_up(
    product: Product, port: int, profile: str = "quiet", timeout: float = 90.0, **settings: str
) -> None:
    """Copy the shop into the project and have it up and healthy, without its crowd; the rest as in `shop_in`."""
    shop_in(product, port, **settings)
    shop_starts(product, profile, timeout)


def shop_starts(product: Product, profile: str, timeout: float) -> None:
    """Have it up and healthy."""
    product.environ.setdefault("SHOPPERS_RATE", "0")
    product.run("up", "-d", "--wait", "-p", profile, timeout=timeout)


def shop_in(product: Product, port: int, **settings: str) -> None:
    """Copy the shop into the project, the storefront at ``port``; ``settings`` lie over STEADY."""
    ignore = shutil.ignore_patterns("__pycache__", "tests", ".*")
    shutil.copytree(ROOT / "sample_system", product.root / "sample_system", ignore=ignore)
    toml = (ROOT / "meshdev.toml").read_text("utf-8")
    for name, value in (STEADY | settings).items():
        toml, found = re.subn(rf'\b{name} = "[^"]*"', f'{name} = "{value}"', toml)
        assert found, name
    path = f'path = ["{Path(sys.executable).parent}"]'
    toml, found = re.subn(r"(?m)^path = .*$", lambda _: path, toml)
    assert found == 1
    product.write(toml)
    product.environ["SHOP_PORT"] = str(port)


def buy(product: Product, browser: httpx.Client, goods: Iterable[str]) -> str:
    """Fill the cart and order what is in it; its id. Fails with what the page said, and the ends of all logs."""
    for sku in goods:
        _press(product, browser, "/cart", {"sku": sku})
    placed = _press(product, browser, "/checkout", {"card": "card-4242"})
    return placed.headers["location"].rsplit("/", 1)[-1]


def _press(product: Product, browser: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    answer = browser.post(path, data=form)
    said = f"POST {path}: {answer.status_code} {_words(answer.text)}"
    assert answer.status_code == httpx.codes.SEE_OTHER, f"{said}\n\n{_logs(product)}"
    return answer


def wait_delivered(product: Product, browser: httpx.Client, order: str, timeout: float = 40.0) -> None:
    """Wait until the orders' page of who placed it says so; fails with the pages and the ends of all logs."""

    def explain() -> str:
        pages = [f"{path}:\n{_words(browser.get(path).text)}" for path in ("/orders", f"/orders/{order}")]
        return "\n\n".join([f"{order} was not delivered", *pages, _logs(product)])

    def delivered() -> bool:
        page = browser.get("/orders").text
        return order in page and "delivered" in page

    eventually(delivered, timeout, explain)


def _words(page: str) -> str:
    return " ".join(_MARKUP.sub(" ", page).split())


def _logs(product: Product) -> str:
    logs = product.run("logs", "--tail", "80", check=None)
    return logs.stdout + logs.stderr


class Shop:
    """The running shop, asked over the control API."""

    def __init__(self, product: Product, port: int) -> None:
        self.product = product
        self.storefront = f"http://127.0.0.1:{port}"
        self._control = Control(find_project(None, cwd=product.root, environ=product.env()))

    def views(self) -> Mapping[str, ServiceView]:
        """Every service as it is now."""
        return {view.name: view for view in self._control.send(calls.services())}

    def urls(self) -> Mapping[str, str]:
        """Where each service's serving instance listens: the auditor goes past the edges."""
        return {
            name: f"http://127.0.0.1:{view.instances[0].port}"
            for name, view in self.views().items()
            if name in PARTS
        }

    def pids(self) -> Mapping[str, list[int]]:
        """The leaders of each service's instances."""
        return {name: [one.pid for one in view.instances if one.pid] for name, view in self.views().items()}

    def is_whole(self) -> bool:
        """Whether everything is healthy."""
        return all((view.phase, view.health) == ("running", "healthy") for view in self.views().values())
