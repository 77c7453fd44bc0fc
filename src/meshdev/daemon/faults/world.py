"""What joins the keeper of faults to the daemon's other rooms."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from meshdev.daemon.faults.book import FaultBook
from meshdev.daemon.faults.instances.acting import Afflictions
from meshdev.daemon.faults.keeper import FaultKeeper
from meshdev.daemon.journal import Journal
from meshdev.daemon.routes import Routes
from meshdev.lifecycle.model import Level
from meshdev.mesh.fleet import Fleet
from meshdev.wire.control import StreamEvent
from meshdev.wire.fault_views import FaultView
from meshdev.wire.faults import FaultSpec


@dataclass(slots=True)
class FaultRoom:
    """The book, the keeper and the afflictions of one daemon; implements `keeper.World`.

    ``teams`` are the services of the running system with theirs, ``boxed`` those that are containers.
    """

    fleet: Fleet
    routes: Routes
    journal: Journal
    afflictions: Afflictions
    teams: Callable[[], Mapping[str, str]]
    boxed: Callable[[], Collection[str]]
    wall_at: Callable[[float], float]
    say: Callable[[str, str, Level], None]
    write: Callable[[str, str], None]
    book: FaultBook = field(init=False)
    keeper: FaultKeeper = field(init=False)

    def __post_init__(self) -> None:
        """Make the book and its keeper."""
        self.book = FaultBook(
            edges=self.routes.edges,
            teams=self.teams,
            hits=self._hits,
            proxied=self.routes.proxied,
            boxed=self.boxed,
        )
        self.keeper = FaultKeeper(self.book, self, self._hits)
        self.routes.faults = self.book.on_edges
        self.routes.outside = self.book.on_hosts

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self, monotonic: float) -> float:
        """The same moment in epoch seconds."""
        return self.wall_at(monotonic)

    def publish(self) -> int:
        """Hand the mesh its policy anew."""
        self.routes.publish()
        return self.routes.version

    @property
    def acked(self) -> int:
        """The version that acts in every worker."""
        return self.fleet.acked

    async def wait_acked(self, version: int) -> None:
        """Until that version acts everywhere."""
        await self.fleet.wait_acked(version)

    def announce(self, faults: list[FaultView]) -> None:
        """Tell whoever follows the stream."""
        self.journal.append(StreamEvent(seq=0, at=time.time(), kind="faults", faults=faults))

    def notice(self, service: str, text: str, level: Level) -> None:
        """Something that a person should read."""
        self.say(service, text, level)

    def note(self, service: str, text: str) -> None:
        """A line into a service's log."""
        self.write(service, text)

    def afflict(self, faults: Mapping[str, Iterable[FaultSpec]]) -> None:
        """These faults of instances act from now on."""
        self.afflictions.afflict(faults)

    def _hits(self) -> Mapping[str, int]:
        hits = dict(self.afflictions.hits())
        for signals in self.fleet.signals().values():
            for key, count in signals.fault_hits.items():
                hits[key] = hits.get(key, 0) + count
        return hits
