"""Background work outlives its failures and ends with its block."""

import asyncio

import pytest

from shopkit import background


async def test_a_job_that_fails_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause, for as long as the block lasts."""
    monkeypatch.setattr(background, "_PAUSE_SECONDS", 0.0)
    runs = 0
    again = asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            again.set()
        message = "no luck"
        raise RuntimeError(message)

    async with asyncio.timeout(10), background.running(job=job):
        await again.wait()
    assert runs >= 2


async def test_a_job_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one that swallows the first request to end."""
    monkeypatch.setattr(background, "_PAUSE_SECONDS", 0.01)
    started, ended = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.timeout(10), background.running(stubborn=stubborn):
        await started.wait()
    assert ended.is_set()
