"""Watching while an experiment runs: the calls over all edges, and what the probes of its steady state say."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.chaos.judge import Answer, Evidence
from meshdev.chaos.samples import Sample, sample_of
from meshdev.client import calls
from meshdev.client.aio import AsyncControl, exchanges
from meshdev.errors import DaemonError
from meshdev.topology.experiment import Check, Command, ExecCheck, HttpCheck, SignalCheck
from meshdev.wire.control import CONNECTIONS, EdgeSignalsView

_REFUSED = 400
_SHOWN = 200


@dataclass(slots=True)
class Observer:
    """Gathers evidence; each `watch_…` runs until it is cancelled."""

    control: AsyncControl
    evidence: Evidence
    root: Path
    clock: Callable[[], float] = time.time
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def watch_calls(self) -> None:
        """Every call over an edge that is read, as it ends. Raises DaemonError when the system goes down."""
        known = await self.control.send(calls.traffic(1))
        after = known[-1].seq if known else 0
        async with aclosing(exchanges(self.control.project, after)) as batches:
            async for batch in batches:
                for view in batch:
                    self.evidence.samples.add(sample_of(view))
        raise DaemonError("the daemon has ended the stream of calls", hint="`meshdev status` looks again")

    async def watch_counters(self) -> None:
        """Connections over edges that are not read, once a second, by their counters."""
        while True:
            for edge in await self.control.send(calls.edges()):
                if edge.unit == CONNECTIONS:
                    self._count(edge)
            await asyncio.sleep(1.0)

    def _count(self, edge: EdgeSignalsView) -> None:
        name = f"{edge.caller} -> {edge.callee} {edge.endpoint}"
        before = self._counted.get(name)
        self._counted[name] = (edge.requests, edge.errors)
        if before is None:
            return
        new, failed = edge.requests - before[0], edge.errors - before[1]
        for ordinal in range(max(new, failed)):
            self.evidence.samples.add(
                Sample(
                    self.clock(),
                    edge.caller,
                    edge.callee,
                    edge.protocol,
                    None,
                    failed=ordinal < failed,
                    struck=bool(edge.faults) and ordinal < failed,
                )
            )

    async def watch_probe(self, index: int, check: Check) -> None:
        """Ask one HTTP or exec probe again and again."""
        if isinstance(check, SignalCheck):
            return
        while True:
            at = self.clock()
            detail = await (
                _ask_http(check) if isinstance(check, HttpCheck) else _ask_command(check, self.root)
            )
            self.evidence.answers.append(Answer(at, index, not detail, detail))
            await asyncio.sleep(max(0.0, at + check.every - self.clock()))


async def _ask_http(check: HttpCheck) -> str:
    """What is wrong with the answer; empty if nothing is."""
    import httpx  # noqa: PLC0415 -- only experiments with such a probe need it

    try:
        async with httpx.AsyncClient(timeout=check.timeout, trust_env=False) as client:
            answer = await client.get(check.url)
    except httpx.TimeoutException:
        return f"no answer within {check.timeout:g} s"
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    wanted = check.status
    if answer.status_code not in wanted if wanted else answer.status_code >= _REFUSED:
        return f"answered {answer.status_code}"
    return f"does not contain {check.contains!r}" if check.contains not in answer.text else ""


async def _ask_command(check: ExecCheck, root: Path) -> str:
    code, output = await run_command(check.command, root, check.timeout)
    if code is None:
        return f"not over within {check.timeout:g} s"
    if code != check.code:
        return f"ended with {code}: {output[-_SHOWN:].strip()}"
    return f"does not say {check.contains!r}" if check.contains not in output else ""


async def start_command(command: Command, root: Path, output: int) -> asyncio.subprocess.Process:
    """A command of the user's in the project's folder, in a session of its own; raises OSError."""
    arguments = ("/bin/sh", "-c", command) if isinstance(command, str) else command
    return await asyncio.create_subprocess_exec(
        *arguments,
        cwd=root,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def run_command(command: Command, root: Path, timeout: float) -> tuple[int | None, str]:  # noqa: ASYNC109 -- the command's own
    """Exit code (None: not over in time, so it was killed) and output."""
    try:
        process = await start_command(command, root, asyncio.subprocess.PIPE)
    except OSError as error:
        return 127, error.strerror or str(error)
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate()
    except TimeoutError:
        return None, ""
    finally:
        await end_command(process, grace=0.0)
    return process.returncode, output.decode("utf-8", "replace")


async def end_command(process: asyncio.subprocess.Process, grace: float) -> None:
    """End it and what it has started: SIGTERM, and SIGKILL after the grace."""
    if process.returncode is None and grace:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await process.wait()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
