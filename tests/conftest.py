"""For all tests: code of meshdev's that blocks an event loop fails the test that runs it (`support_blocking`).

Those marked `docker` need an engine (`support_docker`).
"""

import inspect
import signal
from collections.abc import Iterator

import pytest

from support_blocking import guard
from support_brokers import mosquitto, rabbitmq  # noqa: F401 - fixtures
from support_docker import require_engine

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what is in the background deaf to Ctrl-C, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_blocking_call_in_a_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Guards every async test; what a test itself does between its awaits is its own business."""
    if not inspect.iscoroutinefunction(getattr(request, "function", None)):
        yield
        return
    blockbuster = guard()
    blockbuster.activate()
    yield
    blockbuster.deactivate()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs an engine has one, or is skipped (in CI: fails) with the reason."""
    if item.get_closest_marker("docker"):
        require_engine()
