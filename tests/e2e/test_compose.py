"""A Compose project as the daemon has it: several files, found or named, applied again; without an engine.

Its services are processes that stand under `x-meshdev`, since what a container needs is not everywhere.
"""

import pytest

from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.client.project import find_project
from support_product import Product

pytestmark = pytest.mark.e2e

PROJECT = """
name: pair
version: "3"
x-meshdev:
  services:
    front: {command: "@python@ @programs@/server.py one", healthcheck: /healthz, calls: [back]}
    back: {command: "@python@ @programs@/server.py", healthcheck: /healthz}
"""
OVERRIDE = """
x-meshdev:
  services:
    back: {environment: {LAID: over}}
"""


def test_a_compose_project_from_up_to_down(product: Product) -> None:
    """It is found with its override, told of in a word, applied again when that has changed."""
    product.write(PROJECT)
    (product.root / "meshdev.toml").rename(product.root / "compose.yml")
    started = product.run("up", "-d", "--wait")
    assert "compose.yml: 1 warning, `meshdev check` lists them" in started.stderr
    assert {"front", "back"} == set(product.status())
    (note,) = (
        Control(find_project(None, cwd=product.root, environ=product.env()))
        .send(calls.snapshot())
        .system.notes
    )
    assert note.where.endswith("compose.yml:3")
    assert note.text.startswith("version: has no meaning")
    (product.root / "compose.override.yml").write_text(OVERRIDE, "utf-8")
    applied = product.run("up", "-d", "--wait")
    assert "restart back (environment (LAID))" in applied.stdout
    assert "version: has no meaning any more" in applied.stderr + applied.stdout
    assert "LAID=over" in product.run("env", "back").stdout
    named = product.run("plan", "-f", "compose.yml")
    assert "restart back  (environment (LAID))" in named.stdout
    product.run("down")
