"""A small system whose one service has every kind of answer (`e2e/programs/variety.py`), started as a user would."""

from collections.abc import Callable

from support_product import Product

SYSTEM = """
[system]
name = "variety"

[services.shop]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
ports = ["@port@:http"]
"""


def variety_up(product: Product, port: int, more: str = "", change: Callable[[str], str] = str) -> str:
    """Start it; where it is reached."""
    product.write(change(SYSTEM.replace("@port@", str(port))) + more)
    product.run("up", "-d", "--wait")
    return f"http://127.0.0.1:{port}"
