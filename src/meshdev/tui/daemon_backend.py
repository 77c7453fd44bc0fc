"""The real backend: the daemon's control API, and the log files of its run."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from meshdev.client import calls, fault_calls
from meshdev.client.aio import Ahead, AsyncControl, follow
from meshdev.client.mirror import Mirror
from meshdev.client.project import Project
from meshdev.tui.backend import Deliver, Tail
from meshdev.tui.chaos.trial import Tell, Trial, Verdict, run_trial, trials
from meshdev.tui.flows import DeliverCalls
from meshdev.tui.follow_log import LogFollower
from meshdev.tui.follow_traffic import Bookmark, TrafficFollower
from meshdev.tui.model import Happening, Link, Picture
from meshdev.tui.narrative import happened
from meshdev.tui.recordings.daemon import DaemonRecordings
from meshdev.wire.control import EnvView, PlanView, UpRequest
from meshdev.wire.fault_views import FaultKindView, FaultRequest, FaultSwitch, FaultView
from meshdev.wire.topic_views import PublishRequest

SEEN_KEPT = 200


class DaemonBackend(DaemonRecordings):
    """Talks to the daemon of ``project``; implements `backend.Backend`. ``first``: its answer is on the way."""

    def __init__(
        self, project: Project, *, clock: Callable[[], float] = time.time, first: Ahead | None = None
    ) -> None:
        self._project = project
        self._control = AsyncControl(project)
        self._clock = clock
        self._first = first
        self._bookmark = Bookmark()

    async def follow(self) -> AsyncIterator[Picture]:
        """Pictures until the system has gone down in order; a lost daemon is waited for without end."""
        picture = Picture()
        async with aclosing(follow(self._project, first=self._first)) as mirrors:
            async for mirror in mirrors:
                picture = picture_of(mirror, picture, self._clock())
                yield picture

    def tail(self, log_dir: str, service: str, deliver: Deliver) -> Tail:
        """Follow a service's log files."""
        return LogFollower(log_dir, service, deliver)

    def exchanges(self, deliver: DeliverCalls) -> Tail:
        """Follow the calls over all edges."""
        return TrafficFollower(self._project, self._bookmark, deliver)

    async def start(self, names: Sequence[str]) -> None:
        """Want these services up."""
        await self._control.send(calls.start(list(names)))

    async def stop(self, names: Sequence[str]) -> None:
        """Want these services down."""
        await self._control.send(calls.stop(list(names)))

    async def restart(self, names: Sequence[str]) -> None:
        """Want fresh incarnations of these services."""
        await self._control.send(calls.restart(list(names)))

    async def scale(self, name: str, replicas: int) -> None:
        """Want so many replicas."""
        await self._control.send(calls.scale(name, replicas))

    async def env(self, name: str) -> EnvView:
        """The environment that the service's next incarnation gets, secrets included."""
        return await self._control.send(calls.env(name))

    async def apply(self) -> str:
        """Read the topology file again and apply the difference."""
        return plan_line(await self._control.send(calls.up(UpRequest())))

    async def publish(self, topic: str, broker: str, payload: str) -> str:
        """Publish a message; says on which broker."""
        request = PublishRequest(topic=topic, broker=broker, payload=payload)
        return (await self._control.send(calls.publish(request))).broker

    async def fault_kinds(self) -> Sequence[FaultKindView]:
        """The catalogue of faults."""
        return await self._control.send(fault_calls.kinds())

    async def add_fault(self, request: FaultRequest) -> FaultView:
        """Add a fault."""
        return await self._control.send(fault_calls.add(request))

    async def switch_fault(self, name: str, *, on: bool) -> None:
        """Switch a fault on or off."""
        call = fault_calls.switch_on(name, FaultSwitch()) if on else fault_calls.switch_off(name)
        await self._control.send(call)

    async def remove_fault(self, name: str) -> None:
        """Switch a fault off, and forget it if it was added."""
        await self._control.send(fault_calls.remove(name))

    async def clear_faults(self) -> None:
        """Switch all faults off, and forget those that were added."""
        await self._control.send(fault_calls.clear())

    async def experiments(self) -> Sequence[Trial]:
        """The experiments of the topology file."""
        return await trials(self._project.root, self._project.file)

    async def run_experiment(self, name: str, tell: Tell) -> Verdict:
        """Run one."""
        return await run_trial(self._project.root, self._project.file, name, tell)

    async def shutdown(self, urgency: int) -> None:
        """Want everything down."""
        await self._control.send(calls.shutdown(urgency))


def picture_of(mirror: Mirror, before: Picture, now: float) -> Picture:
    """The dashboard's picture of the client's read model."""
    link = Link.CONNECTED if mirror.connected else Link.LOST
    services = tuple(mirror.services.values())
    seen = before.seen
    if mirror.services and services != before.services:
        seen = (*seen, *happened(before.services, services, now))[-SEEN_KEPT:]
    notices = (Happening(notice.at, notice.name, notice.text, notice.level) for notice in mirror.notices)
    return Picture(
        system=mirror.system,
        services=services,
        edges=mirror.edges,
        signals=tuple(mirror.signals.values()),
        faults=mirror.faults,
        faults_at=before.faults_at if mirror.faults is before.faults else now,
        topics=mirror.topics,
        recordings=mirror.recordings,
        happenings=tuple(sorted((*notices, *seen), key=lambda happening: happening.at)),
        seen=seen,
        link=link,
        link_since=before.link_since if before.link is link else now,
        seq=mirror.seq,
    )


def plan_line(plan: PlanView) -> str:
    """What applying the file came to, on one line."""
    changed = [f"{step.action} {step.service}" for step in plan.steps if step.action != "keep"]
    return "applied: " + ", ".join(changed) if changed else "nothing differs from the topology file"
