"""What the user asks of the system: said at once, done beside the drawing, its refusal shown as a toast.

Every action is a worker of the application, so a key never waits for the daemon.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from meshdev.errors import MeshdevError
from meshdev.tui.backend import Backend


class Stage(Protocol):
    """What actions need of the application."""

    def say(self, text: str, *, service: str = "", level: str = "info") -> None:
        """Put a line into the ticker."""
        ...

    def complain(self, error: MeshdevError, doing: str) -> None:
        """Show why something could not be done."""
        ...

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work`` as a worker."""
        ...


class Actions:
    """The verbs of the dashboard."""

    def __init__(self, stage: Stage, backend: Backend) -> None:
        self._stage = stage
        self._backend = backend

    def start(self, *names: str) -> None:
        """Want these services up."""
        self.attempt(f"start {_all(names)}", lambda: self._backend.start(names))

    def stop(self, *names: str) -> None:
        """Want these services down."""
        self.attempt(f"stop {_all(names)}", lambda: self._backend.stop(names))

    def restart(self, *names: str) -> None:
        """Want fresh incarnations."""
        self.attempt(f"restart {_all(names)}", lambda: self._backend.restart(names))

    def scale(self, name: str, replicas: int) -> None:
        """Want so many replicas."""
        self.attempt(f"scale {name} to {replicas}", lambda: self._backend.scale(name, replicas))

    def apply(self) -> None:
        """Read the topology file again and apply the difference."""

        async def work() -> None:
            self._stage.say(await self._backend.apply())

        self.attempt("read the topology file again", work)

    def shutdown(self, urgency: int) -> None:
        """Want everything down."""
        self.attempt("stop the system", lambda: self._backend.shutdown(urgency))

    def attempt(self, doing: str, call: Callable[[], Awaitable[None]], *, quiet: bool = False) -> None:
        """Say what is done, unless ``quiet``, do it beside the drawing, and tell why it could not be done."""
        if not quiet:
            self._stage.say(f"{doing} …")

        async def work() -> None:
            try:
                await call()
            except MeshdevError as error:
                self._stage.complain(error, doing)

        self._stage.begin(work)


def _all(names: Sequence[str]) -> str:
    most = 3
    return ", ".join(names) if len(names) <= most else f"{len(names)} services"
