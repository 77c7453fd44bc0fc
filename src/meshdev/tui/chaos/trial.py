"""Experiments from the dashboard: ``meshdev chaos`` beside it, its progress line by line, its verdict.

A process of its own: an experiment makes load and keeps time, which a dashboard that draws should not disturb. It is
asked to end with SIGTERM, undoes what it did, and then ends.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from meshdev.errors import MeshdevError

Tell = Callable[[str], None]
_MESHDEV = (sys.executable, "-m", "meshdev")


class Trial(Struct, frozen=True, kw_only=True):
    """An experiment as ``meshdev chaos list --json`` has it."""

    name: str
    hypothesis: str = ""
    steady_state: list[str] = []
    timeline: list[str] = []
    seconds: float = 0.0
    load: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """What came of one, of ``meshdev chaos run --json``; ``broke`` and ``recovery`` are seconds."""

    name: str
    verdict: str
    summary: str = ""
    broke: float | None = None
    recovery: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the hypothesis held."""
        return self.verdict == "holds"


async def trials(root: Path, file: Path) -> list[Trial]:
    """The experiments of the topology. Raises MeshdevError."""
    return msgspec.json.decode(await _asked(root, file, ("list", "--json"), _unheard), type=list[Trial])


async def run_trial(root: Path, file: Path, name: str, tell: Tell) -> Verdict:
    """Run one; ``tell`` gets each line of its progress. Raises MeshdevError; cancelled, it is rolled back."""
    return msgspec.json.decode(await _asked(root, file, ("run", name, "--json"), tell), type=Verdict)


async def _asked(root: Path, file: Path, arguments: Sequence[str], tell: Tell) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *_MESHDEV,
        "chaos",
        *arguments,
        cwd=root,
        env={**os.environ, "MESHDEV_FILE": str(file), "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # ctrl+c of the terminal is the dashboard's
    )
    last: list[str] = []

    async def progress(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            text = line.decode("utf-8", "replace").rstrip()
            last[:] = [*last[-3:], text]
            tell(text)

    assert process.stdout is not None  # noqa: S101 -- both are pipes
    assert process.stderr is not None  # noqa: S101
    try:
        answer, _ = await asyncio.gather(process.stdout.read(), progress(process.stderr))
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
    if not answer.strip():
        raise MeshdevError("\n".join(last).removeprefix("error: ") or "the experiment said nothing")
    return answer


def _unheard(_: str) -> None:
    """Nobody listens."""
