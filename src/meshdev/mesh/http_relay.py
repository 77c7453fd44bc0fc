"""The HTTP/1 edge: bytes pass unchanged while a scanner reads along, and every request may go to another instance.

Rules: a request goes to the instance whose turn it is, over a kept connection if there is one · an upstream that
leaves the policy gets no further request, its idle connections are closed at once and the others after their response:
nobody notices that an instance went away · ``traceparent`` and ``x-request-id`` are spliced into the head
(`http_trace`), nothing else is touched · what is not HTTP/1 becomes a plain TCP link, and so does a connection that was
upgraded, or whose callee answers in a way that cannot be read.

A call is led by `http_call`, and on an edge with policies by what `http_guard` knows of all calls.

`HttpRelay` holds what an edge's connections share. The two ends are `http_caller` and `http_callee`.
"""

import asyncio
from collections.abc import Callable
from itertools import cycle, repeat
from typing import TYPE_CHECKING, Final

from meshdev.mesh.complaints import Complaints
from meshdev.mesh.edge import Edge
from meshdev.mesh.http_caller import HttpCaller
from meshdev.mesh.http_guard import Guard, draw, is_guarded
from meshdev.mesh.http_pool import Pool
from meshdev.mesh.http_trace import Tracer
from meshdev.mesh.relay import Start, close
from meshdev.mesh.scanned_link import ScannedRelay
from meshdev.traffic.http1_head import RequestHead
from meshdev.wire.mesh import EdgePolicy, Upstream

if TYPE_CHECKING:
    from meshdev.mesh.alarms import Alarms
    from meshdev.mesh.http_callee import HttpCallee
    from meshdev.traffic.faults.http import Plan

    Afflict = Callable[["HttpRelay", RequestHead, HttpCallee], Plan | None]

IDLE_ROUND: Final = 1.0


def _in_turn(pools: list[Pool]) -> Callable[[], Pool | None]:
    """Gives the connections to the instance whose turn it is; without a frame of Python's, for each request asks."""
    return cycle(pools).__next__ if pools else repeat(None).__next__


def _afflict(guard: Guard | None) -> "Afflict | None":
    """What is to be done to requests over kept connections where no rule but faults has a say."""
    if guard is None or not guard.only_faults:
        return None
    from meshdev.mesh.http_faults import afflict_kept  # noqa: PLC0415 - most workers never need it

    return afflict_kept


class HttpRelay:
    """All HTTP connections of one edge, and the kept ones to its upstreams."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, edge: Edge, start: Start, trouble: Callable[[str, int], None]
    ) -> None:
        self.loop = loop
        self.edge = edge
        self.start = start
        self.tunnels = ScannedRelay(loop, edge, start, trouble)
        self.callers: set[HttpCaller] = set()
        self._pools = [Pool(upstream) for upstream in edge.policy.upstreams]
        self.next_pool = _in_turn(self._pools)
        self.unguarded = Guard(edge, EdgePolicy())
        self.guard = Guard(edge, edge.policy) if is_guarded(edge.policy) else None
        self.afflict = _afflict(self.guard)
        self._round: asyncio.TimerHandle | None = None
        self.watches_idle = False
        self.complain_once = Complaints(edge, trouble).once
        self.spliced = Tracer().spliced
        self.alarms: Alarms | None = None  # from the first fault on that holds something back

    def accept(self) -> HttpCaller:
        """The protocol for one accepted connection."""
        return HttpCaller(self)

    # --- policy and kept connections --------------------------------------------------------------

    def adopt(self, policy: EdgePolicy) -> None:
        """Act by ``policy`` from now on: what left it gets nothing new, and is let go of as soon as it is idle."""
        self.edge.adopt(policy)
        known = {pool.upstream: pool for pool in self._pools}
        if policy.upstreams != tuple(known):
            self._pools = [
                known[upstream] if upstream in known else Pool(upstream, self.loop.time())
                for upstream in policy.upstreams
            ]
            self.next_pool = _in_turn(self._pools)
        self.guard = Guard(self.edge, policy, self.guard) if is_guarded(policy) else None
        self.afflict = _afflict(self.guard)
        if self.guard is None:
            self.edge.circuit = ""
        for pool in (known[upstream] for upstream in known.keys() - frozenset(policy.upstreams)):
            pool.leaving = True
            for callee in pool.idle:
                close(callee.transport)
            pool.idle.clear()
        if self.edge.faults is not None:
            self.tunnels.sync_faults(self.edge.faults)
        self.tunnels.drain()

    def choose(self, head: RequestHead, avoid: list[Pool]) -> Pool | None:
        """The connections to the instance that the policy gives ``head`` to, rather not one of ``avoid``."""
        guard = self.guard
        if guard is None:
            return self.next_pool()
        balancer = guard.balancer
        key = head.value(balancer.header) if balancer.header else None
        return balancer.choose(self._pools, now=self.loop.time(), draw=draw(), key=key, avoid=avoid)

    def pool_of(self, upstream: Upstream) -> Pool:
        """The connections to ``upstream``; a pool that is leaving when it is not in the policy."""
        for pool in self._pools:
            if pool.upstream == upstream:
                return pool
        stray = Pool(upstream)
        stray.leaving = True
        return stray

    def watch_idle(self) -> None:
        """Some connection is idle from now on; it is closed when it stays so for long."""
        self.watches_idle = True
        self._round = self.loop.call_later(IDLE_ROUND, self.close_rested)

    def close(self) -> None:
        """Let go of every idle connection; what is under way ends by itself."""
        if self._round is not None:
            self._round.cancel()
        self.adopt(EdgePolicy(hold=0.0))

    def put_out(self) -> None:
        """Close every connection of a caller at once: nobody shall stay."""
        for caller in tuple(self.callers):
            if caller.transport is not None:
                caller.transport.abort()
        self.tunnels.put_out()

    def close_rested(self) -> None:
        """Close what was idle for a whole round: the callee may be about to do so, and must not be raced."""
        self._round = None
        self.watches_idle = False
        any_left = False
        for pool in self._pools:
            staying = [callee for callee in pool.idle if not callee.rested]
            for callee in pool.idle:
                if callee.rested:
                    close(callee.transport)
                callee.rested = True
            pool.idle = staying
            any_left = any_left or bool(staying)
        if any_left:
            self.watch_idle()
