"""Writing topology files into a folder and loading them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, settings

from meshdev.errors import TopologyError
from meshdev.topology.load import load
from meshdev.topology.model import System

CALM = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
"""For property tests: a busy machine is no defect."""

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def write(folder: Path, text: str, name: str = "meshdev.toml") -> Path:
    """Write ``text`` (dedented) as a file in ``folder``."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(text).lstrip("\n"), "utf-8")
    return file


def loaded(
    folder: Path,
    text: str,
    *,
    profiles: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> System:
    """The system that ``text`` describes."""
    return load(write(folder, text), profiles=profiles, environ={**PATH, **(environ or {})})


def complaints(
    folder: Path,
    text: str,
    *,
    profiles: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """Every problem of ``text``, as it is printed."""
    with pytest.raises(TopologyError) as caught:
        loaded(folder, text, profiles=profiles, environ=environ)
    return [str(problem) for problem in caught.value.problems]
