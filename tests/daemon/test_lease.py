"""The lease: who starts a system in the foreground and is killed before it could take it leaves nothing behind."""

import os

import pytest

from meshdev.client.launch import launch
from meshdev.client.project import find_project
from support_product import Product, product
from support_system import system

__all__ = ["product"]


def test_a_lease_that_nobody_takes_ends_the_system(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command died between the daemon's report and its own next step."""
    system(product.root, '[services.a]\ncommand = "sleep 600"\nendpoints = {}\n')
    monkeypatch.setenv("XDG_RUNTIME_DIR", product.environ["XDG_RUNTIME_DIR"])
    project = find_project(None, cwd=product.root, environ=os.environ)

    report = launch(project, profiles=None, services=[], lease=0.3)

    assert report.ready
    product.wait_gone()
