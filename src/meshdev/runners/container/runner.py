"""The container runner: executes the lifecycle core's `Launch`, `Signal` and `Kill`, and reports what became of it.

Rules:
- Nothing waits: each command is a task that asks the engine in a thread. A fact is never reported inside a call.
- `Exited` comes after the container's last line; `Gone` when the container has been removed. A container has no strays:
  with its first process all others end.
- Whatever the engine does meanwhile: as soon as it answers again, what it knows is compared with what we know. What has
  ended or vanished is told then; what should be gone is removed then. A launch waits for an engine that was there
  before, and fails at once with one that never was.
- All timing is the core's, but for the engine's absence at the end: a close does not wait for it for ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshdev.lifecycle.model import Exited, Fact, Gone, Incarnation, Launched, LaunchFailed
from meshdev.runners import census
from meshdev.runners.census import Seen
from meshdev.runners.container import cgroup, labels, starting
from meshdev.runners.container.engine import Engine
from meshdev.runners.container.events import EventWatch, Happened
from meshdev.runners.container.execution import execute_in
from meshdev.runners.container.follower import LogFollower
from meshdev.runners.container.spec import ContainerSpec
from meshdev.runners.container.starting import Archive, Started
from meshdev.runners.container.trouble import EngineError
from meshdev.runners.execute import Executed
from meshdev.runners.output import OutputSink

if TYPE_CHECKING:
    from docker import APIClient

log = logging.getLogger(__name__)

_LAST_WORDS = 2.0  # seconds for the log's end after the container's
_ABSENCE = 60.0  # seconds that a launch waits for an engine that was there
_PAUSE = 0.25
_CLOSING = 5.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a launch needs: the spec, files to be there before the start, and what SIGTERM is for this image."""

    spec: ContainerSpec
    archives: tuple[Archive, ...] = ()
    stop_signal: str = "SIGTERM"


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what containers do besides the lifecycle: health as the engine asks it, and things worth a line."""

    health: Callable[[Incarnation, bool], None] = lambda _ref, _ok: None
    note: Callable[[Incarnation, str], None] = lambda _ref, _text: None


@dataclass(slots=True, eq=False)
class _Run:
    """One incarnation from its launch until it is gone."""

    ref: Incarnation
    id: str = ""
    started: Started | None = None
    tty: bool = False
    killed: bool = False
    ending: bool = False
    launching: asyncio.Task[None] | None = None
    follower: LogFollower | None = None
    following: asyncio.Task[None] | None = None
    exit_code: int | None = None
    oom: bool = False
    stop_signal: str = "SIGTERM"


class ContainerRunner:
    """Starts, signals and watches the containers of one run of one project."""

    def __init__(
        self,
        engine: Engine,
        *,
        run_id: str,
        project: str,
        report: Callable[[Fact], None],
        output: Callable[[Incarnation, str], OutputSink],
        ears: Ears = Ears(),
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._engine = engine
        self._run_id = run_id
        self._project = project
        self._report = report
        self._output = output
        self._ears = ears
        self._runs: dict[Incarnation, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch = EventWatch(
            engine.address, run_id, happened=self._happened, opened=self._opened, lost=self._lost
        )
        self._watching: asyncio.Task[None] | None = None
        self._there = asyncio.Event()
        self._known = False  # the engine has answered once
        self._absence: EngineError | None = None
        self._first = asyncio.Event()  # ... or has not, and that is known
        self._emptied: asyncio.Event | None = None

    # --- commands ---------------------------------------------------------------------------------

    def launch(self, ref: Incarnation, prepare: Callable[[], Awaitable[Prepared]]) -> None:
        """Start ``ref`` as ``prepare`` says; reports `Launched` or `LaunchFailed`."""
        if self._watching is None:
            self._watching = self._loop.create_task(self._watch.run(), name="engine events")
        run = self._runs[ref] = _Run(ref)
        run.launching = self._keep(self._launch(run, prepare), f"launch {ref}")

    def signal(self, ref: Incarnation, name: str) -> None:
        """Send the signal ``name`` to the container's first process; SIGSTOP and SIGCONT to all."""
        run = self._runs.get(ref)
        if run is not None and run.started is not None and not run.ending:
            meant = run.stop_signal if name == "SIGTERM" else name
            self._keep(self._send(run, meant), f"{meant} to {ref}")

    def kill(self, ref: Incarnation) -> None:
        """End and remove ``ref``, launched or not."""
        run = self._runs.get(ref)
        if run is None or run.killed:
            return
        run.killed = True
        if run.started is not None and not run.ending:
            self._keep(self._send(run, "SIGKILL"), f"kill {ref}")

    async def execute(
        self, ref: Incarnation, argv: Sequence[str], *, within: float, user: str = ""
    ) -> Executed:
        """Run a command in the container. Raises EngineError."""
        run = self._runs.get(ref)
        if run is None or run.started is None:
            raise EngineError(f"{ref} does not run")
        return await execute_in(self._engine, run.id, argv, within=within, user=user)

    async def put(self, ref: Incarnation, archive: Archive) -> None:
        """Unpack files in the container. Raises EngineError."""
        identity = self.container(ref)
        await self._engine.call(lambda client: client.put_archive(identity, archive.path, archive.content))

    # --- questions --------------------------------------------------------------------------------

    def knows(self, ref: Incarnation) -> bool:
        """Whether ``ref`` is one of these, and not gone."""
        return ref in self._runs

    def container(self, ref: Incarnation) -> str:
        """The engine's id of a container; empty when there is none."""
        run = self._runs.get(ref)
        return run.id if run is not None else ""

    def place(self, ref: Incarnation) -> Started | None:
        """Where it is, once it runs."""
        run = self._runs.get(ref)
        return run.started if run is not None else None

    def members(self, ref: Incarnation) -> tuple[Seen, ...]:
        """Its live processes, the first one first; empty when they are not on this machine."""
        seen = (census.look(pid) for pid in self.pids(ref))
        return tuple(one for one in seen if one is not None)

    def pids(self, ref: Incarnation) -> tuple[int, ...]:
        """The pids of `members`."""
        run = self._runs.get(ref)
        if run is None or run.started is None:
            return ()
        return tuple(cgroup.members(run.started.pid, run.id))

    def everybody(self) -> Iterator[tuple[Incarnation, tuple[int, ...]]]:
        """Each incarnation that is not gone, with the pids of its members."""
        for ref in tuple(self._runs):
            yield ref, self.pids(ref)

    async def close(self) -> None:
        """Kill and remove whatever is there; an engine that does not answer is not waited for."""
        self._emptied = asyncio.Event()
        for ref in tuple(self._runs):
            self.kill(ref)
        if self._runs:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), _CLOSING if not self._there.is_set() else 30.0)
        tasks = [*self._tasks, *(task for task in (self._watching,) if task is not None)]
        tasks += [run.following for run in self._runs.values() if run.following is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- starting ---------------------------------------------------------------------------------

    async def _launch(self, run: _Run, prepare: Callable[[], Awaitable[Prepared]]) -> None:
        try:
            await self._engine_there()
            prepared = await prepare()
            if run.killed:
                self._finish(run)
                return
            run.tty = prepared.spec.container.tty
            run.stop_signal = prepared.stop_signal
            spec = prepared.spec
            name = f"{spec.name}-{run.ref.slot}-{run.ref.generation}"
            run.id = await self._engine.call(lambda client: starting.create(client, spec, name))
            started = await self._engine.call(
                lambda client: starting.start(client, run.id, spec, prepared.archives)
            )
        except EngineError as error:
            await self._give_up(run, f"{error.message} ({error.hint})" if error.hint else error.message)
            return
        except Exception as error:
            log.exception("the launch of %s failed in a way that nobody thought of", run.ref)
            await self._give_up(run, f"cannot start: {error!r}")
            return
        self._launched(run, started)

    def _launched(self, run: _Run, started: Started) -> None:
        """It runs; what was wished or has happened meanwhile comes now."""
        run.started = started
        sinks = {name: self._output(run.ref, name) for name in ("stdout", "stderr")}
        run.follower = LogFollower(self._engine.address, run.id, sinks, tty=run.tty)
        run.follower.trouble = lambda text: self._ears.note(run.ref, text)
        run.following = self._loop.create_task(run.follower.run(), name=f"log {run.ref}")
        first = next(iter(started.ports.values()), 0)
        self._post(Launched(run.ref, started.pid or 1, first))
        if run.killed:
            self._keep(self._send(run, "SIGKILL"), f"kill {run.ref}")
        if run.exit_code is not None:  # it ended before we knew its name
            self._ended(run, run.exit_code)

    async def _engine_there(self) -> None:
        """Wait for the engine: for one that was there, a while."""
        await self._first.wait()
        if self._there.is_set():
            return
        if self._known:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._there.wait(), _ABSENCE)
        if not self._there.is_set():
            raise self._absence or EngineError("the engine does not answer", away=True)

    async def _give_up(self, run: _Run, reason: str) -> None:
        if run.id:
            await self._remove(run)
        self._forget(run)
        self._post(Gone(run.ref) if run.killed else LaunchFailed(run.ref, reason))

    async def _send(self, run: _Run, name: str) -> None:
        while not run.ending:
            try:
                await self._engine.call(lambda client: starting.signal(client, run.id, name))
            except EngineError as error:
                if not error.away:
                    self._ears.note(run.ref, f"{name} cannot be sent: {error.message}")
                    return
                await asyncio.sleep(_PAUSE)
            else:
                return

    # --- what happens -----------------------------------------------------------------------------

    def _happened(self, event: Happened) -> None:
        run = self._runs.get(event.ref)
        if run is None or (run.id and run.id != event.container):
            return
        match event.action:
            case "die":
                code = event.attributes.get("exitCode", "")
                self._ended(run, int(code) if code.isdigit() else None)
            case "oom":
                run.oom = True
                self._ears.note(event.ref, "the kernel ended a process of it: it is at its limit of memory")
            case "health_status":
                self._ears.health(event.ref, event.detail == "healthy")
            case _:
                pass

    def _ended(self, run: _Run, code: int | None) -> None:
        if run.started is None:
            run.exit_code = -1 if code is None else code
        elif not run.ending:
            run.ending = True
            self._keep(self._finish_up(run, None if code == -1 else code), f"end of {run.ref}")

    async def _finish_up(self, run: _Run, code: int | None) -> None:
        """Its last words, the news of its end, its removal."""
        if run.follower is not None and run.following is not None:
            run.follower.end()
            await asyncio.wait([run.following], timeout=_LAST_WORDS)
            if not run.following.done():
                run.following.cancel()
        self._post(Exited(run.ref, code))
        await self._remove(run)
        self._finish(run)

    async def _remove(self, run: _Run) -> None:
        """Remove it, as soon as there is an engine that can."""
        while True:
            try:
                await self._engine.call(lambda client: starting.remove(client, run.id))
            except EngineError as error:
                if not error.away:
                    log.warning("%s cannot be removed: %s", run.ref, error.message)
                    return
                await asyncio.sleep(_PAUSE)
            else:
                return

    def _finish(self, run: _Run) -> None:
        self._forget(run)
        self._post(Gone(run.ref))

    def _forget(self, run: _Run) -> None:
        self._runs.pop(run.ref, None)
        if self._emptied is not None and not self._runs:
            self._emptied.set()

    # --- the engine -------------------------------------------------------------------------------

    def _opened(self) -> None:
        again, self._known = self._known, True
        self._absence = None
        self._there.set()
        self._first.set()
        if again:
            self._keep(self._compare(), "compare with the engine")

    def _lost(self, error: EngineError) -> None:
        was_there = self._there.is_set()
        self._there.clear()
        self._absence = error
        self._first.set()
        if was_there and self._runs:
            log.warning("the engine is away: %s", error.message)

    async def _compare(self) -> None:
        """After an absence: what has ended or vanished meanwhile?"""
        try:
            found = await self._engine.call(self._ours)
        except EngineError:
            return  # away again; it will be asked again
        for run in tuple(self._runs.values()):
            if run.started is None or run.ending:
                continue
            state = found.get(run.id)
            if state is None:
                self._ears.note(run.ref, "its container has vanished from the engine")
                self._ended(run, None)
            elif not state.get("Running"):
                self._ended(run, state.get("ExitCode"))

    def _ours(self, client: "APIClient") -> dict[str, dict[str, Any]]:
        """The states of this run's containers, by id."""
        wanted = {"label": [f"{labels.RUN}={self._run_id}"]}
        return {
            one["Id"]: client.inspect_container(one["Id"])["State"]
            for one in client.containers(all=True, filters=wanted)
        }

    # --- inside -----------------------------------------------------------------------------------

    def _keep(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _post(self, fact: Fact) -> None:
        self._loop.call_soon(self._report, fact)
