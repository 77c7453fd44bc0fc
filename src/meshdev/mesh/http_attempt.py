"""One attempt of a call at one instance: its answer is kept back until its status is known.

An attempt stands where the caller stands (`http_callee.Served`) until its answer is the call's; from then on the
instance speaks to the caller itself. An attempt that is dropped hears nothing more, and its instance sees a reset.
"""

from time import monotonic
from typing import TYPE_CHECKING, Final

from meshdev.mesh.alarms import Alarm, alarms_of
from meshdev.mesh.edge import UnconnectedError
from meshdev.mesh.http_callee import HttpCallee
from meshdev.mesh.http_guard import Verdict
from meshdev.mesh.lasting import Lasting
from meshdev.mesh.tcp_facts import untouched
from meshdev.traffic.http1_head import FIRST_FINAL
from meshdev.traffic.retry import CONNECT, IDEMPOTENT, RESET
from meshdev.wire.mesh import EdgeError, Upstream

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from meshdev.mesh.http_call import Call
    from meshdev.mesh.http_pool import Pool
    from meshdev.traffic.faults.http import Plan

SWITCHING: Final = 101
UNCONNECTED: Final = frozenset({EdgeError.REFUSED, EdgeError.CONNECT_TIMEOUT, EdgeError.UNREACHABLE})


class Attempt:
    """One try of ``call``; ``hedge`` when it is made beside another."""

    __slots__ = (
        "_dialling",
        "_pool",
        "bytes_out",
        "call",
        "callee",
        "dropped",
        "heard",
        "hedge",
        "held",
        "injected",
        "plan",
    )

    def __init__(self, call: "Call", *, hedge: bool) -> None:
        self.call = call
        self.hedge = hedge
        self.callee: HttpCallee | None = None
        self.held: list[bytes] = []
        self.bytes_out = 0
        self.dropped = False
        self._pool: Pool | None = None
        self._dialling: asyncio.Task[None] | asyncio.Handle | Alarm | None = None
        self.plan: Plan | None = None  # what faults do to it
        self.injected = False  # whether its answer is a fault's
        self.heard = b""

    @property
    def stream(self) -> Lasting | None:
        """Why the answer lasts."""
        return self.call.caller.stream

    @stream.setter
    def stream(self, stream: Lasting | None) -> None:
        self.call.caller.stream = stream

    @property
    def instance(self) -> str:
        """Who was asked."""
        return self._pool.upstream.instance if self._pool is not None else ""

    def wait(self, due: float, then: "Callable[[], None]") -> None:
        """Go on only then (`time.monotonic`); when the loop comes round, if that is now."""

        def go_on() -> None:
            self._dialling = None
            then()

        loop = self.call.relay.loop
        self._dialling = alarms_of(loop).at(due, go_on) if due > monotonic() else loop.call_soon(go_on)

    def dial(self, first: Upstream | None) -> None:
        """Open a connection, to ``first`` if it can be had."""
        self._dialling = self.call.relay.start(self._dial(first))

    async def _dial(self, first: Upstream | None) -> None:
        call = self.call
        relay = call.relay
        try:
            callee = await relay.edge.connect(lambda upstream: HttpCallee(relay, upstream), first)
        except UnconnectedError as error:
            self._dialling = None
            reason = f"no instance of {relay.edge.key.callee} took the request: {error.kind}"
            failure = CONNECT if error.kind in UNCONNECTED else error.kind
            call.failed(self, failure, Verdict(503, reason, error.kind))
            return
        self._dialling = None
        self.join(callee)

    def join(self, callee: HttpCallee) -> None:
        """Send what there is of the request."""
        call = self.call
        self.callee = callee
        self._pool = pool = callee.pool
        pool.in_flight += 1
        call.tried.append(pool)
        if self.plan is not None:
            from meshdev.mesh.http_faults import tap  # noqa: PLC0415 - they know each other

            tap(call.relay, call.head, self.plan, callee)
        callee.serve(self, call.head, b"".join(call.kept))
        call.joined(self)

    def drop(self) -> None:
        """It is of no more use; the instance sees a reset, unless its answer is the call's."""
        if self.dropped:
            return
        self.dropped = True
        self.call.attempts.remove(self)
        if self._dialling is not None:
            self._dialling.cancel()
        self._leave()

    def _leave(self) -> None:
        if self._pool is not None:
            self._pool.in_flight -= 1
            self._pool = None
        callee, self.callee = self.callee, None
        if callee is not None and callee.caller is self:
            callee.abandon(roughly=True)

    # --- what the instance says -------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Keep the answer back until its status is known."""
        callee = self.callee
        if self.dropped or callee is None:
            return
        self.held.append(data)
        status = callee.status
        if status >= FIRST_FINAL or status == SWITCHING:
            self.call.answered(self, status)
        elif status:
            self.call.bind()

    def overhear(self, data: bytes) -> None:
        """What is held may never be passed on; if it is, it is kept then."""

    def response_ended(self) -> None:
        """The response is complete."""
        if self.call.winner is self:
            self.call.caller.response_ended()

    def tunnel(self) -> None:
        """The instance has changed the protocol, or says what nobody can read: pass it on."""
        if not self.dropped:
            self.call.commit(self)
            self.call.caller.tunnel()

    def update_reading(self) -> None:
        """The instance takes more, or no more, for now."""
        self.call.caller.update_reading()

    def callee_lost(self, callee: HttpCallee, _: Exception | None) -> None:
        """The instance went away before its answer."""
        call = self.call
        if self.dropped or call.winner is self:
            return
        if (
            callee.reused
            and not callee.answered
            and (call.head.method in IDEMPOTENT or untouched(callee.transport, callee.before))
        ):
            self._leave()
            self.dial(callee.upstream)
            return
        verdict = Verdict(502, callee.loss_text(), callee.loss, callee.upstream.instance, callee.fault)
        call.failed(self, RESET, verdict)
