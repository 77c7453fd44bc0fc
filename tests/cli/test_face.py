"""Between the daemon's start and the first picture: what happens then counts too."""

from collections.abc import Iterator

import pytest

from support_running import TICKER, RunningSystem, close_terminal, running_system, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def shop() -> Iterator[RunningSystem]:
    """A folder for a system."""
    with running_system() as system:
        yield system


def test_terminal_closed_before_the_dashboard_is_there(shop: RunningSystem) -> None:
    """Whoever closes the window while the dashboard is still being loaded wants nothing to stay either."""
    shop.write(TICKER)
    with shop.terminal("up") as child:
        until((shop.root / ".meshdev" / "daemon.lock").exists)
        close_terminal(child)
        until(shop.is_gone)
