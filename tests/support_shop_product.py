"""The repository's own shop as a user's project, in a folder of its own."""

import re
import shutil
import sys
from pathlib import Path

from support_product import Product
from support_shop_processes import ROOT

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
