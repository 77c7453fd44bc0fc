"""Fixtures for the runners: a reaper and a process runner on the test's loop, a trace for survivors."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from meshdev.lifecycle.model import Incarnation
from meshdev.runners.process import ProcessRunner
from meshdev.runners.reaper import Reaper
from support_processes import Bench, Facts, Heard, Trace, traced


@pytest.fixture
def trace() -> Iterator[Trace]:
    """Nothing with this token outlives the test."""
    with traced() as found:
        yield found


@pytest.fixture
async def reaper() -> AsyncIterator[Reaper]:
    """A started reaper."""
    reaper = Reaper()
    reaper.start()
    yield reaper
    reaper.close()


@pytest.fixture
async def bench(reaper: Reaper, tmp_path: Path) -> AsyncIterator[Bench]:
    """A runner that is closed after the test."""
    facts = Facts()
    heard: dict[tuple[Incarnation, str], Heard] = {}

    def output(ref: Incarnation, stream: str) -> Heard:
        return heard.setdefault((ref, stream), Heard())

    runner = ProcessRunner(
        reaper=reaper, run_id=secrets.token_hex(6), project=secrets.token_hex(6), report=facts, output=output
    )
    yield Bench(runner, reaper, facts, heard, tmp_path)
    await runner.close()
