"""Tests of what runs inside a worker run twice: on uvloop, and on the plain loop that is its fallback.

Those of forwarding run three times: without policies, under all of them with bounds that nothing reaches, and under
faults that only make some of it a little late.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

import support_http_edge
from meshdev.wire.faults import FaultSpec
from meshdev.wire.mesh import CircuitBreaker

ON_BOTH_LOOPS = {
    "test_faulted_link",
    "test_message_faults",
    "test_relay",
    "test_http_faults",
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


UNDER_RULES = {"test_http_relay", "test_http_instances", "test_http_kept"}
GENEROUS = {
    "timeout": 60.0,
    "retry_attempts": 1,
    "retry_on": ("5xx", "timeout"),
    "circuit_breaker": CircuitBreaker(consecutive_errors=1_000_000),
    "max_concurrency": 1_000_000,
    "hedge_after": 60.0,
}
FAULTY = {
    "faults": (
        FaultSpec("late", "latency", {"latency": 0.0005}, direction="both", percentage=30.0),
        FaultSpec("late", "delay", {"delay": 0.001}, percentage=10.0),
        FaultSpec("cut", "slicer", {"average_size": 16_000}, direction="both", percentage=30.0),
    )
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Forwarding must be the same with and without policies, and under faults that destroy nothing."""
    if metafunc.module.__name__.rpartition(".")[2] in UNDER_RULES:
        metafunc.parametrize(
            "standing_rules", [{}, GENEROUS, FAULTY], ids=["plain", "rules", "faults"], indirect=True
        )


@pytest.fixture(autouse=True)
def standing_rules(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that every HTTP edge of the test has."""
    for name, value in getattr(request, "param", {}).items():
        monkeypatch.setitem(support_http_edge.STANDING, name, value)
