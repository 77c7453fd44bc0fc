"""What joins the keeper of recordings to the daemon's other rooms."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshdev.daemon.journal import Journal
from meshdev.daemon.recording.keeper import RecordingKeeper
from meshdev.daemon.recording.process import RecorderProcess
from meshdev.daemon.routes import Routes
from meshdev.lifecycle.model import Level
from meshdev.mesh.fleet import Fleet
from meshdev.topology.model import System
from meshdev.wire.control import StreamEvent
from meshdev.wire.mesh import Dump, EdgeKey, EdgePolicy
from meshdev.wire.recording_views import RecordingView


@dataclass(slots=True)
class RecordingRoom:
    """The keeper and the recorder of one daemon; implements `keeper.Ground`."""

    fleet: Fleet
    routes: Routes
    journal: Journal
    environment: Mapping[str, str]
    key_file: Path
    running: Callable[[], System]
    say: Callable[[str, str, Level], None]
    keeper: RecordingKeeper = field(init=False)

    def __post_init__(self) -> None:
        """Make the keeper."""
        self.keeper = RecordingKeeper(
            self,
            self.key_file,
            lambda told, died: RecorderProcess(self.fleet, self.environment, told, died),
        )
        self.routes.capture = self.keeper.capture

    def system(self) -> System:
        """The system that runs."""
        return self.running()

    def edges(self) -> list[EdgeKey]:
        """Its edges."""
        return self.routes.edges()

    def policy(self, key: EdgeKey) -> EdgePolicy | None:
        """What the mesh does on one of them."""
        return self.routes.policy(key)

    def publish(self) -> int:
        """Hand the mesh its policy anew."""
        self.routes.publish()
        return self.routes.version

    async def wait_acked(self, version: int) -> None:
        """Until that version acts everywhere."""
        await self.fleet.wait_acked(version)

    def dump(self, dump: Dump) -> None:
        """Ask every worker for what it has kept."""
        self.fleet.dump(dump)

    def announce(self, recordings: list[RecordingView]) -> None:
        """Tell whoever follows the stream."""
        self.journal.append(StreamEvent(seq=0, at=time.time(), kind="recordings", recordings=recordings))

    def notice(self, text: str, level: Level) -> None:
        """Something that a person should read."""
        self.say("", text, level)
