"""Tests of what runs inside a worker run twice: on uvloop, and on the plain loop that is its fallback."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

ON_BOTH_LOOPS = {
    "test_relay",
    "test_http_relay",
    "test_http_instances",
    "test_http_kept",
    "test_http_limits",
    "test_http_policies",
}


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Both loops for the data plane's modules, asyncio's own for what runs in the daemon."""
    if item.path.stem in ON_BOTH_LOOPS:
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}
