"""A runner with a reaper for faults of instances."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshdev.runners.process import ProcessRunner
from meshdev.runners.reaper import Reaper
from support_afflictions import Ward
from support_processes import Bench, Facts, Heard

if TYPE_CHECKING:
    from meshdev.lifecycle.model import Incarnation


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    """A service whose instances are started by the test, and are gone after it."""
    reaper = Reaper()
    reaper.start()
    heard: dict[tuple[Incarnation, str], Heard] = {}
    facts = Facts()
    runner = ProcessRunner(
        reaper=reaper,
        run_id=secrets.token_hex(6),
        project=secrets.token_hex(6),
        report=facts,
        output=lambda ref, stream: heard.setdefault((ref, stream), Heard()),
    )
    ward = Ward(Bench(runner, reaper, facts, heard, tmp_path))
    yield ward
    ward.relieve()
    await runner.close()
    reaper.close()
