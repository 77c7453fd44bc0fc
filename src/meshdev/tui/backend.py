"""The seam between the dashboard and the world: what it needs from a client, and from a reader of logs.

`daemon_backend` has the real one; tests and the pictures' script bring a scripted one. Nothing here blocks the loop.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from meshdev.tui.chaos.trial import Tell, Trial, Verdict
from meshdev.tui.flows import DeliverCalls
from meshdev.tui.model import Picture
from meshdev.tui.recordings.source import RecordingSource
from meshdev.tui.scrollback import Line
from meshdev.wire.control import EnvView
from meshdev.wire.fault_views import FaultKindView, FaultRequest, FaultView

Deliver = Callable[[Sequence[Line], int], None]
"""Takes lines in order, and how many lines before them were left out because there were too many."""


class Tail(Protocol):
    """A log that is being followed; it delivers in the loop that opened it until it is closed."""

    def close(self) -> None:
        """Stop delivering, at once."""
        ...


class Backend(RecordingSource, Protocol):
    """The system, as the dashboard can see and move it. Calls raise MeshdevError."""

    def follow(self) -> AsyncIterator[Picture]:
        """Pictures, a new one whenever something has changed; ends when the system has gone down in order."""
        ...

    def tail(self, log_dir: str, service: str, deliver: Deliver) -> Tail:
        """Follow the log of a service from its last lines on."""
        ...

    def exchanges(self, deliver: DeliverCalls) -> Tail:
        """Follow the calls over all edges, from the last ones on; after an earlier tail, from where that was closed."""
        ...

    async def start(self, names: Sequence[str]) -> None:
        """Want these services up."""
        ...

    async def stop(self, names: Sequence[str]) -> None:
        """Want these services down."""
        ...

    async def restart(self, names: Sequence[str]) -> None:
        """Want fresh incarnations of these services."""
        ...

    async def scale(self, name: str, replicas: int) -> None:
        """Want so many replicas."""
        ...

    async def env(self, name: str) -> EnvView:
        """The environment that the service's next incarnation gets, secrets included."""
        ...

    async def apply(self) -> str:
        """Read the topology file again and apply the difference; says what that came to."""
        ...

    async def publish(self, topic: str, broker: str, payload: str) -> str:
        """Publish a message; the broker has it when this returns. Says on which broker."""
        ...

    async def fault_kinds(self) -> Sequence[FaultKindView]:
        """The catalogue of faults."""
        ...

    async def add_fault(self, request: FaultRequest) -> FaultView:
        """Add a fault; it is in force when this returns."""
        ...

    async def switch_fault(self, name: str, *, on: bool) -> None:
        """Switch a fault on or off."""
        ...

    async def remove_fault(self, name: str) -> None:
        """Switch a fault off, and forget it if it was added."""
        ...

    async def clear_faults(self) -> None:
        """Switch all faults off, and forget those that were added."""
        ...

    async def experiments(self) -> Sequence[Trial]:
        """The experiments of the topology file."""
        ...

    async def run_experiment(self, name: str, tell: Tell) -> Verdict:
        """Run one, telling line by line how it goes; cancelled, it undoes what it did."""
        ...

    async def shutdown(self, urgency: int) -> None:
        """Want everything down: 1 graceful, 2 hurry, 3 kill."""
        ...
