"""The fixtures ``mesh`` and ``amesh``, and their options. Loaded by pytest through the entry point ``meshdev``.

Nothing of meshdev is imported before a test asks for a fixture, so the plugin costs other test suites nothing.
"""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from meshdev.testing.asynchronous import AsyncMesh
    from meshdev.testing.mesh import Mesh


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--mesh-file``, ``--mesh-attach``, ``--mesh-keep``; each also as an ini option."""
    group = parser.getgroup("meshdev", "a whole system under test")
    group.addoption("--mesh-file", metavar="FILE", help="the topology file (else the nearest meshdev.toml)")
    group.addoption("--mesh-attach", action="store_true", help="never start the system: it must run already")
    group.addoption("--mesh-keep", action="store_true", help="leave the system running after the tests")
    parser.addini("mesh_file", "the topology file (else the nearest meshdev.toml)")


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Where an answer differs from what a recorded test expects, place by place (`like`)."""
    like = sys.modules.get("meshdev.testing.like")
    if like is None or op != "==" or not like.has_likes(right):
        return None
    return ["the answer is as expected, but for:", *like.differences(left, right)]


@pytest.fixture(scope="session")
def mesh_system(request: pytest.FixtureRequest) -> Iterator["Mesh"]:
    """The running system for the whole session; tests take ``mesh``, which counts from their own beginning."""
    from meshdev.testing.session import opened  # noqa: PLC0415 -- see the module

    config = request.config
    file = config.getoption("--mesh-file") or config.getini("mesh_file") or None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with opened(
        file,
        start=not config.getoption("--mesh-attach"),
        keep=config.getoption("--mesh-keep"),
        holder=f"pytest {worker}".strip(),
        scoped=bool(worker),
    ) as mesh:
        yield mesh


@pytest.fixture
def mesh(mesh_system: "Mesh") -> "Mesh":
    """The running system (`Mesh`); it is started if it does not run.

    Counts of edges begin with the test. Beside other workers of xdist, faults hit only
    what this worker's own calls cause (`Mesh.fault`).
    """
    mesh_system.begin()
    return mesh_system


@pytest.fixture
def amesh(mesh: "Mesh") -> "AsyncMesh":
    """The same for tests with an event loop: what waits is awaited."""
    from meshdev.testing.asynchronous import AsyncMesh  # noqa: PLC0415 -- see the module

    return AsyncMesh(mesh)
