"""What importing the topology costs."""

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "networkx", "asyncio")


def imported(*modules: str) -> list[str]:
    """The heavy modules that are there once ``modules`` are imported."""
    code = f"import sys, {', '.join(modules)}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    return ran.stdout.split()


@pytest.mark.parametrize("module", ["model", "template", "diff", "graph", "render", "lint", "draft"])
def test_light(module: str) -> None:
    """Only the loader needs pydantic, and only a question of order needs networkx."""
    assert imported(f"meshdev.topology.{module}") == []


def test_loading() -> None:
    """Loading needs pydantic, but not networkx."""
    assert imported("meshdev.topology.load") == ["pydantic"]
