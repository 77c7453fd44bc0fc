"""End to end: the product is started as a user would start it."""

import socket

import pytest

from support_product import product

__all__ = ["product"]


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
