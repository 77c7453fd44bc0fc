"""End to end: the product is started as a user would start it."""

import socket

import pytest

from support_product import product, shared

__all__ = ["product", "shared"]


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on at this moment."""
    return _free()


@pytest.fixture(scope="module")
def shared_port() -> int:
    """A port for what a module shares."""
    return _free()


@pytest.fixture
def another_port(free_port: int) -> int:
    """One more."""
    port = _free()
    assert port != free_port
    return port


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
