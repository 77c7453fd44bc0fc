"""Exploring: faults on every edge in turn, each for a moment, under the same load, within a time budget."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from meshdev.chaos.actions import Hand
from meshdev.chaos.blast import Blast, blast_of
from meshdev.chaos.candidates import HTTP, SQL, Candidate, Edge, candidates, explorable
from meshdev.chaos.findings import Exploration, Finding, ranked
from meshdev.chaos.judge import SETTLE, Evidence, judge, recovered
from meshdev.chaos.load import LoadGenerator
from meshdev.chaos.observe import Observer
from meshdev.chaos.outcome import Done, harm_report
from meshdev.chaos.run import TELEMETRY, Progress, first_of, resolve, run_name, undone
from meshdev.client import calls
from meshdev.client.aio import AsyncControl
from meshdev.client.project import Project
from meshdev.errors import UsageError
from meshdev.topology.experiment import Check, Experiment

HOLD = 2.5
LONGEST_REST = 6.0
_LOOK = 0.5


@dataclass(slots=True)
class Explore:
    """One exploration; ``basis`` gives the load and the steady state, None: what happens by itself is looked at."""

    project: Project
    basis: Experiment | None
    budget: float
    seed: int
    tell: Progress
    clock: Callable[[], float] = time.time
    baseline: float = 5.0
    _control: AsyncControl = field(init=False)
    _hand: Hand = field(init=False)
    _evidence: Evidence = field(default_factory=Evidence, init=False)
    _findings: list[Finding] = field(default_factory=list, init=False)
    _notes: list[str] = field(default_factory=list, init=False)
    _possible: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._control = AsyncControl(self.project)
        self._hand = Hand(self._control, "exploration", self.project.root, self.clock)

    async def run(self) -> Exploration:
        """What was found; a cancellation ends it early. Raises MeshdevError."""
        begun = self.clock()
        snapshot = await self._control.send(calls.snapshot())
        edges = [
            Edge(view.caller, view.callee, http=view.protocol == HTTP, sql=view.protocol in SQL)
            for view in snapshot.signals
            if view.port and not view.denied
        ]
        inner = explorable(edges)
        if not inner:
            raise UsageError("there is no edge to explore", hint='services.a: calls = ["b"]')
        load = self.basis.load if self.basis else None
        generator = None
        if load is not None and not load.command:
            generator = LoadGenerator(load, resolve(load, snapshot.signals), run_name(begun))
        try:
            await self._watched(inner, generator, begun + self.budget)
        except asyncio.CancelledError:
            self._notes.append("it was interrupted; what was done to the system is undone")
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        return Exploration(
            system=snapshot.system.name,
            seed=self.seed,
            budget=self.budget,
            took=round(self.clock() - begun, 1),
            tried=len(self._findings),
            possible=self._possible,
            findings=ranked(self._findings),
            order=[it.faults for it in self._findings],
            notes=self._notes,
        )

    @property
    def _checks(self) -> Sequence[Check]:
        return self.basis.steady_state if self.basis else ()

    async def _watched(self, edges: list[Edge], generator: LoadGenerator | None, deadline: float) -> None:
        observer = Observer(self._control, self._evidence, self.project.root, self.clock)
        async with asyncio.TaskGroup() as group:
            work = [observer.watch_calls(), observer.watch_counters()]
            work += [observer.watch_probe(index, check) for index, check in enumerate(self._checks)]
            work += [generator.run()] if generator is not None else []
            jobs = [group.create_task(job) for job in work]
            try:
                await asyncio.sleep(1.0)
                begin = self.clock()
                self.tell(f"baseline for {self.baseline:g} s")
                await asyncio.sleep(self.baseline)
                baseline = (begin, self.clock())
                await self._hand.take_lease()
                jobs.append(group.create_task(self._hand.keep_lease()))
                await asyncio.sleep(TELEMETRY)
                await self._all(self._ordered(edges, baseline), baseline, deadline)
            finally:
                await undone(self._hand)
                for job in jobs:
                    job.cancel()

    def _ordered(self, edges: list[Edge], baseline: tuple[float, float]) -> list[Candidate]:
        """What to try: only edges over which something passes, for on others there is nothing to see."""
        samples = self._evidence.samples
        busy = [edge for edge in edges if samples.between(edge.name, *baseline)]
        silent = sorted({edge.name for edge in edges} - {edge.name for edge in busy})
        if silent:
            self._notes.append(f"nothing passed, so nothing was tried: {', '.join(silent)}")
        if not busy:
            self._notes.append("--load NAME takes the load of an experiment")
        order = list(candidates(busy, self.seed))
        self._possible = len(order)
        self.tell(f"{len(order)} things to try")
        return order

    async def _all(self, order: list[Candidate], baseline: tuple[float, float], deadline: float) -> None:
        for it in judge(self._checks, self._evidence, *baseline, self.baseline):
            if not it.holds:
                self._notes.append(f"did not hold before: {it.check} ({it.detail})")
        for candidate in order:
            if deadline - self.clock() < HOLD + TELEMETRY + SETTLE:
                return
            finding = await self._one(candidate, baseline)
            self._findings.append(finding)
            self.tell(f"{finding.faults}: hurts {finding.radius}, {finding.hits} hits")

    async def _one(self, candidate: Candidate, baseline: tuple[float, float]) -> Finding:
        begin = self.clock()
        done: list[Done] = []
        for number, action in enumerate(candidate.actions):
            done.append(await self._hand.do(number, action))
        try:
            await asyncio.sleep(HOLD)
        finally:
            for number in range(len(candidate.actions)):
                with suppress(UsageError):
                    await self._hand.undo(number)
        end = self.clock()
        recovery = await self._rest(end)
        blast = blast_of(self._evidence.samples, baseline, (begin, end), candidate.edges)
        judged = judge(self._checks, self._evidence, begin, end, HOLD)
        self._notes += [f"{it.words}: {it.error}" for it in done if it.error]
        return _finding(candidate, blast, done, recovery, [it.check for it in judged if not it.holds])

    async def _rest(self, begin: float) -> float | None:
        """Seconds until the steady state is back; waits for it, but not for long."""
        while True:
            await asyncio.sleep(_LOOK)
            until = self.clock() - TELEMETRY
            if until - begin < SETTLE:
                continue
            back = recovered(self._checks, self._evidence, begin, until)
            if back is not None or until - begin > LONGEST_REST:
                return back


def _finding(
    candidate: Candidate, blast: Blast, done: Sequence[Done], recovery: float | None, broke: list[str]
) -> Finding:
    spread = [harm for harm in (*blast.edges, *blast.routes) if not harm.struck]
    slower = [
        (harm.meanwhile.p50 - harm.before.p50) * 1000
        for harm in spread
        if harm.meanwhile.p50 is not None and harm.before.p50 is not None
    ]
    return Finding(
        faults=candidate.words,
        edges=list(candidate.edges),
        radius=blast.radius,
        services=list(blast.services),
        broke=broke,
        error_share=max((harm.meanwhile.error_share for harm in spread), default=0.0),
        slowdown_ms=round(max([0.0, *slower]), 1),
        recovery=recovery,
        hits=sum(it.hits or 0 for it in done),
        harm=[harm_report(harm) for harm in blast.edges if harm.why],
    )
