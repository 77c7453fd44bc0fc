"""The book of faults at work: edges get their faults, ends are kept in time, followers are told.

An answer to a wish comes when every worker has acknowledged it, or after `PATIENCE` (a worker may be away; it acts by
the same policy when it is back).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Protocol

from meshdev.daemon.faults.book import Entry, FaultBook
from meshdev.daemon.faults.chronicle import Chronicle
from meshdev.lifecycle.model import Level
from meshdev.traffic.faults.describe import part_view, words
from meshdev.traffic.faults.reading import Toggle
from meshdev.traffic.faults.target import written
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, FaultView, LeaseRequest, LeaseView
from meshdev.wire.faults import FaultSpec

PATIENCE = 2.0
LOOK = 1.0
"""Seconds between two looks at the hits, while a fault is on."""

ByService = Mapping[str, tuple[FaultSpec, ...]]


class World(Protocol):
    """What the keeper needs of the daemon."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self, monotonic: float) -> float:
        """The same moment in epoch seconds."""
        ...

    def publish(self) -> int:
        """Hand the mesh its policy anew; the version that says so."""
        ...

    @property
    def acked(self) -> int:
        """The version that acts in every worker."""
        ...

    def wait_acked(self, version: int) -> Awaitable[None]:
        """Until that version acts everywhere."""
        ...

    def announce(self, faults: list[FaultView]) -> None:
        """Tell whoever follows the stream."""
        ...

    def notice(self, service: str, text: str, level: Level) -> None:
        """Something that a person should read."""
        ...

    def note(self, service: str, text: str) -> None:
        """A line into a service's log."""
        ...

    def afflict(self, faults: ByService) -> None:
        """These faults of instances act from now on, and no others."""
        ...


class FaultKeeper:
    """See the module. ``hits`` counts so far by `FaultSpec.key`."""

    def __init__(self, book: FaultBook, world: World, hits: Callable[[], Mapping[str, int]]) -> None:
        self._book = book
        self._world = world
        self._hits = hits
        self._chronicle = Chronicle(world.note)
        self._version = 0
        self._told: list[FaultView] = []
        self._wake = asyncio.Event()
        self._closing = False

    # --- questions --------------------------------------------------------------------------------

    def views(self) -> list[FaultView]:
        """All faults, those of the topology first."""
        return [self._view(name) for name in self._book.entries]

    def view(self, name: str) -> FaultView:
        """One fault. Raises UsageError."""
        self._book.entry(name)
        return self._view(name)

    # --- wishes -----------------------------------------------------------------------------------

    def adopt(self, toggles: Mapping[str, Toggle]) -> None:
        """The topology's faults from now on; whoever calls publishes."""
        self._book.adopt(toggles)
        self._wake.set()

    async def add(self, request: FaultRequest) -> FaultView:
        """Add a fault. Raises UsageError."""
        entry = self._book.add(request, self._world.now())
        if entry.since is not None:
            self._say_on(entry)
        return await self._changed(entry.toggle.name)

    async def put(self, toggle: Toggle) -> None:
        """Have this fault on, as it is; one of its name is changed in its place. Raises UsageError."""
        known = self._book.entries.get(toggle.name)
        was_on = known is not None and known.since is not None
        entry = self._book.put(toggle, self._world.now())
        if not was_on:
            self._say_on(entry)
        await self._apply()

    def acting(self) -> frozenset[str]:
        """The names of the faults that are on."""
        return frozenset(name for name, entry in self._book.entries.items() if entry.since is not None)

    async def switch_on(self, name: str, switch: FaultSwitch) -> FaultView:
        """Switch one on. Raises UsageError."""
        self._say_on(self._book.switch_on(name, switch, self._world.now()))
        return await self._changed(name)

    async def switch_off(self, name: str) -> FaultView:
        """Switch one off. Raises UsageError."""
        self._book.switch_off(name)
        self._say_off([name])
        return await self._changed(name)

    async def remove(self, name: str) -> None:
        """Switch one off, and forget it if it was added. Raises UsageError."""
        self._book.remove(name)
        self._say_off([name])
        await self._apply()

    async def lift(self, names: Collection[str]) -> None:
        """Remove these, as many as there are, at once."""
        known = [name for name in names if name in self._book.entries]
        for name in known:
            self._book.remove(name)
        self._say_off(known)
        await self._apply()

    async def clear(self) -> list[FaultView]:
        """Everything off."""
        self._say_off(self._book.clear())
        await self._apply()
        return self.views()

    def end_all(self) -> None:
        """The system goes down: nothing may stand in its way. More than once is as once."""
        if self._book.entries:
            self._say_off(self._book.clear())
            self._version = self._world.publish()
            self._world.afflict({})

    def take_lease(self, request: LeaseRequest) -> LeaseView:
        """A new lease. Raises UsageError."""
        self._wake.set()
        return self._book.leases.take(request, self._world.now())

    def renew_lease(self, lease: str) -> LeaseView:
        """Renew it. Raises UsageError when it has ended."""
        return self._book.leases.renew(lease, self._world.now())

    async def end_lease(self, lease: str) -> None:
        """It is given back."""
        ended = self._book.end_lease(lease)
        self._say_off(ended)
        if ended:
            await self._apply()

    # --- time -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep ends in time and tell of hits, until `close`."""
        while not self._closing:
            self._wake.clear()
            now = self._world.now()
            ended = self._book.expire(now)
            if ended:
                self._say_off(ended)
                self._version = self._world.publish()
            self._world.afflict(self._book.on_services(now))
            for text in self._chronicle.look(self._book.hits()):
                self._world.notice("", text, Level.WARNING)
            self._tell()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._until_next(now))

    def close(self) -> None:
        """Let `run` return; every fault of an instance ends."""
        self._closing = True
        self._wake.set()
        self._world.afflict({})

    def _until_next(self, now: float) -> float | None:
        at = self._book.next_change(now)
        waits = [max(0.0, at - now)] if at is not None else []
        if any(entry.since is not None for entry in self._book.entries.values()):
            waits.append(LOOK)
        return min(waits, default=None)

    # --- parts ------------------------------------------------------------------------------------

    async def _changed(self, name: str) -> FaultView:
        await self._apply()
        return self._view(name)

    async def _apply(self) -> None:
        self._version = self._world.publish()
        self._wake.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._world.wait_acked(self._version), PATIENCE)
        self._tell()

    def _tell(self) -> None:
        views = self.views()
        if views != self._told:
            self._told = views
            self._world.announce(views)

    def _say_on(self, entry: Entry) -> None:
        what = "; ".join(words(spec) for spec in entry.specs)
        text = f"fault {entry.toggle.name} is on: {what} for {written(entry.toggle.target)}"
        self._world.notice("", text, Level.WARNING)
        self._chronicle.begins(entry.toggle.name, text, self._book.met(entry))

    def _say_off(self, names: list[str]) -> None:
        for name in names:
            text = f"fault {name} is off"
            self._world.notice("", text, Level.INFO)
            self._chronicle.ends(name, text)

    def _view(self, name: str) -> FaultView:
        entry, now, hits = self._book.entries[name], self._world.now(), self._hits()
        on = entry.since is not None
        parts = [
            part_view(spec, hits.get(spec.key, 0) - entry.before.get(spec.key, 0) if on else 0)
            for spec in (entry.specs if on else entry.toggle.specs)
        ]
        left = entry.remaining(now)
        ramps = [spec.schedule.ramp for spec in entry.specs if spec.schedule.ramp]
        return FaultView(
            name=name,
            on=on,
            origin=entry.origin,
            target=written(entry.toggle.target),
            parts=parts,
            edges=[*map(str, self._book.edges_of(entry)), *map(str, self._book.hosts_of(entry))],
            services=self._book.services_of(entry),
            acting=entry.acting(now),
            in_force=self._world.acked >= self._version,
            since=None if entry.since is None else self._world.wall(entry.since),
            remaining=None if left is None else round(left, 1),
            ramp=max(ramps, default=None),
            lease=entry.lease,
            description=entry.toggle.description,
            key=entry.toggle.key,
            hits=sum(part.hits for part in parts),
        )
