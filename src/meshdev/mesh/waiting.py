"""Which edges have callers that wait for a service to start: the daemon is told, and told again while they wait.

At most once a second for each edge, however many callers there are.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from meshdev.mesh.edge import Edge
from meshdev.wire.mesh import Waiting

TELL_SECONDS: Final = 1.0


class WaitingRoom:
    """Tells by ``say`` as long as somebody waits on an edge that has no upstream and whose policy says ``wake``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, say: Callable[[Waiting], None]) -> None:
        self._loop = loop
        self._say = say
        self._told: set[int] = set()

    def enter(self, edge: Edge) -> None:
        """Somebody waits on ``edge`` from now on."""
        if edge.id not in self._told:
            self._tell(edge)

    def _tell(self, edge: Edge) -> None:
        self._told.discard(edge.id)
        if edge.held and edge.policy.wake and not edge.policy.upstreams:
            self._told.add(edge.id)
            self._say(Waiting(edge.id))
            self._loop.call_later(TELL_SECONDS, self._tell, edge)
