"""What the services' own tests share: import paths, a place for the database, a broker that is real.

Each service is imported as it runs: from its own folder, with the library beside it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "lib"), *(str(folder) for folder in sorted((HERE / "services").iterdir()))]

from shopkit.testing import NOWHERE, Nats  # noqa: E402 the paths above make it importable


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the service's database, named in its environment as meshdev would; the broker is away."""
    path = tmp_path / "service.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("EVENTS_URL", NOWHERE)
    return path


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """A broker of the test's own, running."""
    broker = Nats(tmp_path)
    broker.start()
    yield broker
    broker.kill()
