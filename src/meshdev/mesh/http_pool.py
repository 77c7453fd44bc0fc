"""The kept connections to one instance, and what a balancer needs to know of it."""

from typing import TYPE_CHECKING

from meshdev.wire.mesh import Upstream

if TYPE_CHECKING:
    from meshdev.mesh.http_callee import HttpCallee


class Pool:
    """The idle connections to one instance, the one used last at the end.

    ``in_flight`` counts requests of calls under policies only: others need no count.
    """

    __slots__ = ("idle", "in_flight", "leaving", "name", "since", "upstream")

    def __init__(self, upstream: Upstream, since: float = 0.0) -> None:
        self.upstream = upstream
        self.idle: list[HttpCallee] = []
        self.leaving = False  # whether the instance is no longer in the policy
        self.in_flight = 0
        self.since = since
        self.name = upstream.instance.partition("@")[0] or f"{upstream.host}:{upstream.port}"

    def take_idle(self) -> "HttpCallee | None":
        """A connection that can be used at once."""
        while self.idle:
            callee = self.idle.pop()
            if not callee.is_closing():
                callee.reused = True
                return callee
        return None
