"""A worker's side of one edge: its policy, which upstream is next, who waits for one, and what is counted.

Rules: an upstream that left the policy gets no new connection; what it has goes on until it ends or is idle
(`relay`). With no upstream, or none that accepts, a connection is held, bounded in number and time. An upstream that
has never accepted may still be on its way to its port, so it is dialled again for as long as the edge holds; one that
has accepted before and refuses now is dying, and is given only a moment for the next policy to arrive.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from meshdev.mesh.exchanges import Exchanges
from meshdev.wire.mesh import (
    Act,
    EdgeCounters,
    EdgeEntry,
    EdgeError,
    EdgeKey,
    EdgePolicy,
    Exchange,
    StatementCounters,
    Upstream,
)

if TYPE_CHECKING:
    from meshdev.mesh.capture import EdgeCapture
    from meshdev.mesh.operations import Operations
    from meshdev.mesh.pod_sockets import PodSockets
    from meshdev.mesh.recorder_link import RecorderLink
    from meshdev.traffic.faults.edge import EdgeFaults

CONNECT_TIMEOUT: Final = 5.0
REDIAL_DELAY: Final = 0.05
DYING_GRACE: Final = 1.0

P = TypeVar("P", bound=asyncio.BaseProtocol)


class UnconnectedError(Exception):
    """No upstream could be had; ``kind`` is what to count."""

    def __init__(self, kind: EdgeError) -> None:
        super().__init__(kind)
        self.kind = kind


def _nobody_cares(_: "Edge") -> None:
    """Holding needs no announcement."""


def _nobody_hears(_: str) -> None:
    """What went wrong counts, and is not told."""


class Edge:
    """One edge in a worker; ``changed(edge)`` is told when there is something new to count."""

    __slots__ = (
        "_acts",
        "_changed",
        "_errors",
        "_loop",
        "_next",
        "_proven",
        "_told_bytes",
        "_told_closed",
        "_told_opened",
        "_waiters",
        "bytes_in",
        "bytes_out",
        "capture",
        "circuit",
        "clean",
        "closed",
        "dropped",
        "exchanges",
        "explain",
        "faults",
        "held",
        "id",
        "in_flight",
        "key",
        "opened",
        "operations",
        "pods",
        "policy",
        "waits",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, entry: EdgeEntry, changed: Callable[["Edge"], None]
    ) -> None:
        self._loop = loop
        self._changed = changed
        self.id: int = entry.id
        self.key: EdgeKey = entry.key
        self.policy: EdgePolicy = entry.policy
        self._next = 0
        self._proven: set[Upstream] = set()
        self._waiters: set[asyncio.Future[None]] = set()
        self._errors: Counter[str] = Counter()
        self._acts: Counter[str] = Counter()
        self.circuit = ""  # what telemetry tells of the circuit breaker
        self.clean = True
        self.opened = 0
        self.closed = 0
        self.in_flight = 0
        self.exchanges = Exchanges()
        self.operations: Operations | None = None  # once it is known to speak something that is read
        self.dropped = 0
        self.held = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.faults: EdgeFaults | None = None  # from the first fault on
        self.capture: EdgeCapture | None = None  # what is kept of what passes
        self.explain: Callable[[str], None] = _nobody_hears  # told why TLS with a callee failed
        self.pods: PodSockets | None = None  # who has sockets for upstreams in networks of their own
        self.waits: Callable[[Edge], None] = _nobody_cares  # told when a connection is about to be held
        self._told_opened = 0
        self._told_closed = 0
        self._told_bytes = (0, 0)
        self.adopt_faults()

    def __repr__(self) -> str:
        return f"<Edge {self.id} {self.key}, {len(self.policy.upstreams)} upstreams, {self.active} active>"

    @property
    def active(self) -> int:
        """Connections that are open now."""
        return self.opened - self.closed

    # --- policy -----------------------------------------------------------------------------------

    def adopt(self, policy: EdgePolicy) -> frozenset[Upstream]:
        """Act by ``policy`` from now on; gives the upstreams that are to be drained."""
        gone = frozenset(self.policy.upstreams) - frozenset(policy.upstreams)
        self.policy = policy
        self.adopt_faults()
        self._proven &= set(policy.upstreams)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        return gone

    def adopt_faults(self) -> None:
        """Have the faults of the policy; what they need is imported with the first one."""
        specs = self.policy.faults
        if self.faults is None:
            if not specs:
                return
            from meshdev.traffic.faults.edge import EdgeFaults  # noqa: PLC0415 - most workers never need it

            self.faults = EdgeFaults(str(self.key), self.key.caller)
        self.faults.adopt(specs, monotonic())

    def adopt_capture(self, policy: EdgePolicy, link: "RecorderLink") -> None:
        """Keep as much of what passes as ``policy`` says, which need not be this edge's own."""
        if self.capture is not None:
            self.capture.adopt(policy)
            if not policy.keep and not policy.recorded:
                self.capture = None
        elif policy.keep or policy.recorded:
            from meshdev.mesh.capture import EdgeCapture  # noqa: PLC0415 - not every edge has one

            self.capture = EdgeCapture(self.id, self.key, link)
            self.capture.adopt(policy)

    def take_turn(self) -> Upstream | None:
        """The upstream whose turn it is; the next one's comes then."""
        upstreams = self.policy.upstreams
        if not upstreams:
            return None
        turn = self._next % len(upstreams)
        self._next = turn + 1
        return upstreams[turn]

    def _beginning_with(self, first: Upstream | None) -> list[Upstream]:
        upstreams = self.policy.upstreams
        at = upstreams.index(first) if first in upstreams else 0
        return [*upstreams[at:], *upstreams[:at]]

    # --- connecting -------------------------------------------------------------------------------

    async def connect(self, protocol: Callable[[Upstream], P], first: Upstream | None = None) -> P:
        """Connect to an upstream (``first`` if it can be had), holding while there is none.

        Raises UnconnectedError.
        """
        began = self._loop.time()
        first = first or self.take_turn()
        while True:
            policy = self.policy
            failure = EdgeError.NO_UPSTREAM
            patience = policy.hold
            for upstream in self._beginning_with(first):
                try:
                    return await self._dial(upstream, protocol)
                except UnconnectedError as error:
                    failure = error.kind
                if upstream in self._proven:
                    patience = min(patience, DYING_GRACE)
            if self.policy is not policy:
                first = self.take_turn()
                continue  # a newer policy came while we dialled: its upstreams first
            left = began + patience - self._loop.time()
            if left <= 0.0:
                raise UnconnectedError(
                    EdgeError.HOLD_TIMEOUT if policy.hold and not policy.upstreams else failure
                )
            await self._hold(left if not policy.upstreams else min(left, REDIAL_DELAY))

    async def _dial(self, upstream: Upstream, protocol: Callable[[Upstream], P]) -> P:
        if upstream.remote is not None and upstream.remote.tls:
            from meshdev.mesh.remote import dial_by_tls  # noqa: PLC0415 - most workers never need it

            made = await dial_by_tls(self._loop, upstream, lambda: protocol(upstream), self.explain)
            self._proven.add(upstream)
            return made
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if upstream.net and self.pods is not None:
                    made = await self._dial_pod(self.pods, upstream, protocol)
                else:
                    _, made = await self._loop.create_connection(
                        lambda: protocol(upstream), upstream.host, upstream.port
                    )
        except TimeoutError as error:
            raise UnconnectedError(EdgeError.CONNECT_TIMEOUT) from error
        except (ConnectionError, socket.gaierror) as error:
            refused = isinstance(error, ConnectionError)
            raise UnconnectedError(EdgeError.REFUSED if refused else EdgeError.UNREACHABLE) from error
        except OSError as error:
            raise UnconnectedError(EdgeError.UNREACHABLE) from error
        self._proven.add(upstream)
        return made

    async def _dial_pod(self, pods: "PodSockets", upstream: Upstream, protocol: Callable[[Upstream], P]) -> P:
        """By a socket of the upstream's own network. Raises OSError."""
        sock = await pods.take(upstream.net)
        try:
            await self._loop.sock_connect(sock, (upstream.host, upstream.port))
        except BaseException:
            sock.close()
            raise
        _, made = await self._loop.create_connection(lambda: protocol(upstream), sock=sock)
        return made

    async def _hold(self, seconds: float) -> None:
        """Wait for a new policy, at most ``seconds``. Raises UnconnectedError when too many wait already."""
        if self.held >= self.policy.hold_most:
            raise UnconnectedError(EdgeError.HOLD_OVERFLOW)
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.add(waiter)
        self.held += 1
        self.touch()
        self.waits(self)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            pass
        finally:
            self.held -= 1
            self._waiters.discard(waiter)
            self.touch()

    # --- counting ---------------------------------------------------------------------------------

    def touch(self) -> None:
        """Something was counted: the worker shall tell about this edge soon."""
        if self.clean:
            self.clean = False
            self._changed(self)

    def count_error(self, kind: EdgeError) -> None:
        """Count one failed or broken connection."""
        self._errors[kind] += 1
        self.touch()

    def count_act(self, act: Act) -> None:
        """Count something that a policy did."""
        self._acts[act] += 1
        self.touch()

    def take_counters(self, exchanges: list[Exchange] | None = None) -> EdgeCounters:
        """What happened since this was last called; summaries of exchanges are added to ``exchanges``."""
        routes, recent, self.dropped = self.exchanges.take(self.id)
        if self.capture is not None:
            self.capture.refill()
        statements: tuple[StatementCounters, ...] = ()
        if self.operations is not None:
            self.operations.catch_up()
            if self.operations.statements is not None:
                statements = self.operations.statements.take()
            done, told, dropped = self.operations.take(self.id)
            routes, recent, self.dropped = (*routes, *done), (*recent, *told), self.dropped + dropped
        if exchanges is not None:
            exchanges += recent
        bytes_in, bytes_out = self._told_bytes
        counters = EdgeCounters(
            edge=self.id,
            opened=self.opened - self._told_opened,
            closed=self.closed - self._told_closed,
            active=self.active,
            held=self.held,
            bytes_in=self.bytes_in - bytes_in,
            bytes_out=self.bytes_out - bytes_out,
            errors=dict(self._errors),
            in_flight=self.in_flight,
            routes=routes,
            acts=dict(self._acts),
            circuit=self.circuit,
            fault_hits=self.faults.take_hits() if self.faults is not None else {},
            spoken=""
            if self.operations is None or self.policy.protocol == "http"
            else self.operations.protocol,
            statements=statements,
        )
        self._told_opened, self._told_closed = self.opened, self.closed
        self._told_bytes = (self.bytes_in, self.bytes_out)
        self._errors.clear()
        self._acts.clear()
        self.clean = True
        return counters
