"""Running an experiment: gate, timeline, recovery, rollback — the shell around `outcome` and `judge`.

Whatever happens (a failed action, Ctrl-C, a lost daemon), what was done is undone before the report is made; should
this process be killed, the lease ends its faults.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from meshdev.chaos.actions import Hand
from meshdev.chaos.http_client import Target
from meshdev.chaos.judge import SETTLE, gate, recovered
from meshdev.chaos.load import LoadGenerator
from meshdev.chaos.observe import Observer, end_command, start_command
from meshdev.chaos.outcome import Outcome, conclude
from meshdev.chaos.report import ExperimentReport
from meshdev.chaos.samples import signals_of
from meshdev.chaos.words import milliseconds, percent
from meshdev.client import calls
from meshdev.client.aio import AsyncControl
from meshdev.client.project import Project
from meshdev.errors import MeshdevError, UsageError
from meshdev.kernel.quantity import format_duration
from meshdev.topology.experiment import Experiment, Load, SignalCheck
from meshdev.topology.file_experiments import edge_of
from meshdev.wire.control import EdgeSignalsView

TELEMETRY = 0.6  # seconds after which a call that has ended is known here
_LOOK = 0.5
_COMMAND_GRACE = 3.0
_OUTSIDE = "outside"

Progress = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """One run of one experiment; ``tell`` gets lines of what happens, ``tick`` one of how it stands, twice a second."""

    project: Project
    experiment: Experiment
    tell: Progress
    tick: Progress
    clock: Callable[[], float] = time.time
    _control: AsyncControl = field(init=False)
    _hand: Hand = field(init=False)
    _outcome: Outcome = field(init=False)
    _generator: LoadGenerator | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        root = self.project.root
        self._control = AsyncControl(self.project)
        self._hand = Hand(self._control, f"experiment {self.experiment.name}", root, self.clock)
        self._outcome = Outcome(self.experiment, "", self.clock())

    async def run(self) -> ExperimentReport:
        """The report. Raises MeshdevError when the system cannot be had, or not be asked for what it should do.

        A cancellation ends the experiment: it is rolled back, and the report says so.
        """
        outcome = self._outcome
        await self._prepare()
        try:
            await self._watched()
        except asyncio.CancelledError:
            outcome.interrupted = True
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            outcome.ended = self.clock()
            if outcome.meanwhile and outcome.meanwhile[1] == float("inf"):
                outcome.meanwhile = (outcome.meanwhile[0], outcome.ended)
        if self._generator is not None:
            outcome.shots = self._generator.shots
        return conclude(outcome)

    async def _prepare(self) -> None:
        snapshot = await self._control.send(calls.snapshot())
        self._outcome.system = snapshot.system.name
        pairs = [(edge.caller, edge.callee) for edge in snapshot.edges if edge.kind in ("calls", "uses")]
        pairs += [(edge.caller, edge.callee) for edge in snapshot.signals if edge.observed]
        self._outcome.edges = tuple(dict.fromkeys(pairs))
        wanted = {action.fault for action in self.experiment.timeline if action.fault}
        on = [view.name for view in snapshot.faults if view.on]
        if wanted & set(on):
            name = min(wanted & set(on))
            raise UsageError(f"the fault {name} is on already", hint=f"`meshdev fault off {name}`")
        if on:
            self.tell(f"other faults are on meanwhile: {', '.join(on)}")
        load = self.experiment.load
        if load is not None and not load.command:
            target = resolve(load, snapshot.signals)
            self._generator = LoadGenerator(load, target, run_name(self.clock()))

    async def _watched(self) -> None:
        observer = Observer(self._control, self._outcome.evidence, self.project.root, self.clock)
        async with asyncio.TaskGroup() as group:
            jobs = [
                group.create_task(observer.watch_calls()),
                group.create_task(observer.watch_counters()),
                *(
                    group.create_task(observer.watch_probe(index, check))
                    for index, check in enumerate(self.experiment.steady_state)
                ),
                group.create_task(self._make_load()),
                group.create_task(self._ticking()),
            ]
            try:
                await self._phases(group, jobs)
            finally:
                await undone(self._hand)
                for job in jobs:
                    job.cancel()

    async def _phases(self, group: asyncio.TaskGroup, jobs: "list[asyncio.Task[None]]") -> None:
        experiment, outcome = self.experiment, self._outcome
        await asyncio.sleep(experiment.warm_up)
        begin = self.clock()
        self.tell(f"steady state: watching for {format_duration(experiment.baseline)}")
        await asyncio.sleep(experiment.baseline)
        outcome.before = (begin, self.clock())
        await asyncio.sleep(TELEMETRY)
        checks = experiment.steady_state
        outcome.gate = gate(checks, outcome.evidence, *outcome.before, experiment.window)
        for it in outcome.gate:
            self.tell(f"  {'holds' if it.holds else 'DOES NOT HOLD'}: {it.check} ({it.detail})")
        if not outcome.gate_holds:
            return
        await self._hand.take_lease()
        jobs.append(group.create_task(self._hand.keep_lease()))
        outcome.meanwhile = (self.clock(), float("inf"))
        try:
            fine = await self._timeline(outcome.meanwhile[0])
        finally:
            await undone(self._hand)
            outcome.meanwhile = (outcome.meanwhile[0], self.clock())
        if fine:
            self.tell("all is undone; watching it recover")
            await self._recovery(outcome.meanwhile[1])

    async def _timeline(self, begin: float) -> bool:
        """Whether all could be done."""
        order = count()
        agenda: list[tuple[float, int, int, bool]] = []
        for number, action in enumerate(self.experiment.timeline):
            heapq.heappush(agenda, (begin + action.at, next(order), number, True))
        while agenda:
            at, _, number, doing = heapq.heappop(agenda)
            await asyncio.sleep(max(0.0, at - self.clock()))
            action = self.experiment.timeline[number]
            clock = f"{self.clock() - begin:5.1f}s"
            if not doing:
                await self._hand.undo(number)
                self.tell(f"{clock}  end of {action.words}")
                continue
            done = await self._hand.do(number, action)
            self._outcome.done.append(done)
            if done.error:
                self.tell(f"{clock}  {action.words} FAILED: {done.error}")
                return False
            self.tell(f"{clock}  {action.words}")
            if action.lasts is not None:
                heapq.heappush(agenda, (at + action.lasts, next(order), number, False))
        await asyncio.sleep(max(0.0, begin + self.experiment.duration - self.clock()))
        return True

    async def _recovery(self, begin: float) -> None:
        experiment, outcome = self.experiment, self._outcome
        longest = experiment.recovery + SETTLE + TELEMETRY
        while True:
            await asyncio.sleep(_LOOK)
            until = self.clock() - TELEMETRY
            outcome.after = (begin, until)
            enough = until - begin >= SETTLE
            if enough and recovered(experiment.steady_state, outcome.evidence, begin, until) is not None:
                return
            if self.clock() - begin > longest:
                return

    async def _make_load(self) -> None:
        load = self.experiment.load
        begun = self.clock()
        try:
            if self._generator is not None:
                await self._generator.run()
            elif load is not None:
                process = await start_command(load.command, self.project.root, asyncio.subprocess.DEVNULL)
                try:
                    code = await process.wait()
                    self._outcome.trouble = f"the load's command ended by itself, with {code}"
                finally:
                    await end_command(process, _COMMAND_GRACE)
        except OSError as error:
            raise UsageError(f"the load could not be started: {error}") from error
        finally:
            self._outcome.load_seconds = self.clock() - begun

    async def _ticking(self) -> None:
        """How the edges of the steady state stand, over the last seconds."""
        checks = [it for it in self.experiment.steady_state if isinstance(it, SignalCheck)]
        while True:
            await asyncio.sleep(_LOOK)
            now = self.clock() - TELEMETRY
            parts = []
            for check in checks:
                found = signals_of(
                    self._outcome.evidence.samples.between(check.edge, now - 2, now, check.route), 2.0
                )
                parts.append(
                    f"{check.edge}: {found.rps:.3g} rps, {percent(found.error_share)} errors, "
                    f"p99 {milliseconds(found.p99)}"
                )
            self.tick("   ".join(parts))


def run_name(now: float) -> str:
    """What ``{run}`` stands for: another text each time."""
    return f"{int(now * 1000) % 0x1000000000:09x}"


async def undone(hand: Hand) -> None:
    """Undo everything, even when this is cancelled meanwhile."""
    undoing = asyncio.get_running_loop().create_task(hand.undo_all())
    while not undoing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(undoing)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one that matters of what ended a group: one of ours if there is one."""
    flat: list[BaseException] = []
    queue: list[BaseException] = [group]
    while queue:
        found = queue.pop(0)
        if isinstance(found, BaseExceptionGroup):
            queue.extend(found.exceptions)
        else:
            flat.append(found)
    return next((found for found in flat if isinstance(found, MeshdevError)), flat[0])


def resolve(load: Load, edges: list[EdgeSignalsView]) -> Target:
    """Where the load goes. Raises UsageError when there is no such port."""
    if load.url:
        return Target.of(load.url)
    edge = edge_of(load.to)
    for view in edges:
        caller = view.caller.partition(":")[0]
        wanted = (caller, view.callee) == (edge or (_OUTSIDE, load.to))
        if wanted and view.port:
            return Target("127.0.0.1", view.port, tls=view.scheme == "https")
    if edge:
        raise UsageError(f"the load should come over {load.to}, but there is no such edge")
    hint = f'services.{load.to}: ports = ["8080:http"], or load.to = "CALLER -> {load.to}"'
    raise UsageError(
        f"the load should go to {load.to}, which has no published port, or cannot have it (`meshdev status`)",
        hint=hint,
    )
