"""What the dashboard's tests share: a pilot over a scripted system, and pictures compared with stored ones."""

import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import support_idle  # before anything imports Textual
from meshdev.tui.model import Picture
from support_dashboard import ScriptedBackend, Visit, Visiting, dashboard, healthy, logs

support_idle.install()

UPDATE = "MESHDEV_UPDATE_SNAPSHOTS"
SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(scope="package", autouse=True)
def _little_collecting() -> Iterator[None]:
    """An application makes ten thousands of objects that live as long as it; none of them is garbage."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visiting:
    """The dashboard on a picture, to be used.

    ``async with visit(picture, size=(80, 24)) as seen: await seen.press("q")``
    """
    for name in ("NO_COLOR", "COLORFGBG", "MESHDEV_THEME", "SSH_TTY", "SSH_CONNECTION", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    @asynccontextmanager
    async def open_dashboard(
        picture: Picture | None = None,
        *,
        size: tuple[int, int] = (120, 40),
        owner: bool = True,
        theme: str = "meshdev-dark",
        connected: bool = True,
    ) -> AsyncIterator[Visit]:
        backend = ScriptedBackend((picture or healthy()) if connected else None, logs())
        app = dashboard(backend, owner=owner)
        app.theme = theme
        async with app.run_test(size=size, notifications=True) as pilot:
            seen = Visit(app, pilot, backend)
            await seen.settle()
            yield seen

    return open_dashboard


@pytest.fixture
def snapshot() -> Callable[[str, str], None]:
    """Compare with the stored text of that name; with MESHDEV_UPDATE_SNAPSHOTS=1 store it."""

    def compare(name: str, found: str) -> None:
        file = SNAPSHOTS / name
        if os.environ.get(UPDATE):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found, encoding="utf-8")
            return
        assert file.exists(), f"no snapshot {name}; {UPDATE}=1 stores it, then look at it"
        assert file.read_text(encoding="utf-8") == found, f"{name} differs; {UPDATE}=1 stores the new one"

    return compare
