"""The repository's own shop as a user's project, in a folder of its own."""

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from meshdev.wire.control import ServiceView
from support_product import Product
from support_shop_processes import PARTS, ROOT

# Orders are given up and parcels arrive sooner than usual.
HURRIED = {"PATIENCE_SECONDS": "1", "STEP_SECONDS": "0.3", "HOLD_SECONDS": "20"}


def shop_up(product: Product, port: int, profile: str = "quiet", timeout: float = 90.0) -> None:
    """Copy the shop into the project and have it up and healthy, without its crowd, the storefront at ``port``."""
    shop_in(product, port)
    product.environ.setdefault("SHOPPERS_RATE", "0")
    product.run("up", "-d", "--wait", "-p", profile, timeout=timeout)


def shop_in(product: Product, port: int) -> None:
    """Copy the shop into the project, the storefront at ``port``."""
    ignore = shutil.ignore_patterns("__pycache__", "tests", ".*")
    shutil.copytree(ROOT / "sample_system", product.root / "sample_system", ignore=ignore)
    toml = (ROOT / "meshdev.toml").read_text("utf-8")
    for name, value in HURRIED.items():
        toml, found = re.subn(rf'\b{name} = "[^"]*"', f'{name} = "{value}"', toml)
        assert found == 1, name
    path = f'path = ["{Path(sys.executable).parent}"]'
    toml, found = re.subn(r"(?m)^path = .*$", lambda _: path, toml)
    assert found == 1
    product.write(toml)
    product.environ["SHOP_PORT"] = str(port)


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
