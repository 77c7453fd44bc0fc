"""One call: attempts at instances, until an answer is good enough to be passed on.

Rules: an attempt's answer is kept back until its final status is known; then it is the call's answer, or the attempt
has failed and another is made · what the caller has said is kept for that, up to 64 KiB; with the first byte more the
call is bound to the attempt that it has · an interim answer (1xx) is passed on, and binds too · the timeout runs from
when an instance has the request, so that being held is no timeout; it is each attempt's when timeouts are retried,
else the whole call's · a hedge is a second attempt beside a slow first one: the first answer wins · an attempt that
failed because its kept connection was closed just then is nobody's failure and made again. Without policies there is
one attempt, which takes as long as it takes.

Once bound, the caller and the instance speak to each other directly (`http_caller`), the call only watches the clock.
"""

from typing import TYPE_CHECKING

from meshdev.mesh.exchanges import Marks
from meshdev.mesh.http_answer import BY_US
from meshdev.mesh.http_attempt import Attempt
from meshdev.mesh.http_guard import SERVER_ERROR, Guard, Ticket, Verdict, draw
from meshdev.mesh.http_pool import Pool
from meshdev.mesh.relay import EARLY_BYTES
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.retry import IDEMPOTENT, TIMEOUT, Failure
from meshdev.wire.mesh import Act, EdgeError

if TYPE_CHECKING:
    import asyncio

    from meshdev.mesh.http_caller import HttpCaller
    from meshdev.traffic.faults.http import Plan


class Call:
    """What the policies do for one request of ``caller``."""

    __slots__ = (
        "_backoff",
        "_bound",
        "_clock",
        "_guard",
        "_hedge",
        "_hedged",
        "_made",
        "_retries",
        "_ticket",
        "attempts",
        "caller",
        "faults",
        "head",
        "kept",
        "kept_bytes",
        "plan",
        "relay",
        "tried",
        "winner",
    )

    def __init__(
        self,
        caller: "HttpCaller",
        guard: Guard,
        head: RequestHead,
        spliced: bytes,
        plan: "Plan | None" = None,
    ) -> None:
        self.caller = caller
        self.relay = caller.relay
        self.head = head
        self.kept = [spliced]
        self.kept_bytes = len(spliced)
        self.attempts: list[Attempt] = []
        self.tried: list[Pool] = []
        self.winner: Attempt | None = None
        self.faults: list[str] = []  # those that had a part in it
        self.plan = plan  # what they do to the first attempt, if that is known already
        self._guard = guard
        self._ticket: Ticket | None = None
        self._bound = False
        self._made = 0
        self._retries = 0
        self._hedged = False
        self._clock: asyncio.TimerHandle | None = None
        self._hedge: asyncio.TimerHandle | None = None
        self._backoff: asyncio.TimerHandle | None = None

    def begin(self, pool: Pool | None = None) -> None:
        """Ask whether the call may pass, then make the first attempt, rather at ``pool``."""
        admitted = self._guard.admit(self.relay.loop.time())
        if isinstance(admitted, Verdict):
            self._give_up(admitted)
            return
        self._ticket = admitted
        self._attempt(pool)

    # --- what the caller says ---------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """A piece of the request's body, while no attempt has the call for itself."""
        self.kept.append(data)
        self.kept_bytes += len(data)
        joined = False
        for attempt in self.attempts:
            if attempt.callee is not None:
                attempt.callee.write(data)
                attempt.callee.sent += len(data)
                joined = True
        if self.kept_bytes >= EARLY_BYTES:
            self.bind()
        if not joined:
            self.caller.early_bytes = self.kept_bytes
            self.caller.update_reading()

    def bind(self) -> None:
        """From now on there is only one attempt: the one that is under way, or the next."""
        self._bound = True
        for attempt in self.attempts:
            if attempt.callee is not None:
                self.commit(attempt)
                return

    # --- attempts ---------------------------------------------------------------------------------

    def _attempt(self, pool: Pool | None = None, *, hedge: bool = False) -> None:
        self._backoff = None
        self._made += not hedge
        attempt = Attempt(self, hedge=hedge)
        self.attempts.append(attempt)
        pool = pool or self.relay.choose(self.head, self.tried)
        callee = pool.take_idle() if pool is not None else None
        faults = self.relay.edge.faults
        if faults is not None and faults.faults:
            from meshdev.mesh.http_faults import afflict  # noqa: PLC0415 - most workers never need it

            if afflict(attempt, faults, pool, callee):
                return
        if callee is not None:
            attempt.join(callee)
        else:
            attempt.dial(pool.upstream if pool is not None else None)

    def joined(self, attempt: "Attempt") -> None:
        """An instance has all of the request that there is so far."""
        self.watch()
        if self._bound:
            self.commit(attempt)
        else:
            self.caller.early_bytes = 0
            self.caller.update_reading()

    def watch(self) -> None:
        """The clocks run from now on, if they do not yet."""
        guard, loop = self._guard, self.relay.loop
        if self._clock is None and guard.timeout is not None:
            self._clock = loop.call_later(guard.timeout, self._timed_out)
        if self._hedge is None and guard.hedge_after is not None and self.head.method in IDEMPOTENT:
            self._hedge = loop.call_later(guard.hedge_after, self._hedge_now)

    def answered(self, attempt: "Attempt", status: int) -> None:
        """The status of an attempt's answer is known."""
        if self._guard.retry.repeats(self.head.method, status, self._made):
            if len(self.attempts) > 1:
                attempt.drop()
                return
            if self._again(status):
                attempt.drop()
                return
        self.commit(attempt)

    def failed(self, attempt: "Attempt", failure: Failure, verdict: Verdict) -> None:
        """An attempt ended without an answer; ``verdict`` is what the caller hears if there is no other."""
        attempt.drop()
        if not self.attempts and not self._again(failure):
            self._give_up(verdict)

    def commit(self, attempt: "Attempt") -> None:
        """This attempt's answer is the call's."""
        callee, caller = attempt.callee, self.caller
        if callee is None or self.winner is not None:
            return
        self.winner = attempt
        for other in [it for it in self.attempts if it is not attempt]:
            other.drop()
        self._cancel_hedge()
        if attempt.hedge:
            caller.edge.count_act(Act.HEDGE_WON)
        caller.bytes_out += attempt.bytes_out
        caller.early_bytes = 0
        self.kept.clear()
        caller.take_over(callee, b"".join(attempt.held))

    def _again(self, failure: Failure) -> bool:
        rule, loop = self._guard.retry, self.relay.loop
        if not rule.repeats(self.head.method, failure, self._made):
            return False
        if not self._guard.pays_for(Act.RETRY, loop.time()):
            return False
        self._retries += 1
        if self._guard.times_attempts:
            self._cancel_clock()
        self._backoff = loop.call_later(rule.delay(self._made, draw()), self._attempt)
        return True

    def _hedge_now(self) -> None:
        alone = len(self.attempts) == 1 and self.winner is None
        if alone and self.caller.request_ended and self._guard.pays_for(Act.HEDGE, self.relay.loop.time()):
            self._hedged = True
            self._attempt(hedge=True)

    # --- ends -------------------------------------------------------------------------------------

    def _timed_out(self) -> None:
        self._clock = None
        instance = self.attempts[-1].instance if self.attempts else ""
        if self.winner is None:
            for attempt in tuple(self.attempts):
                attempt.drop()
            if self._again(TIMEOUT):
                return
        reason = f"{instance or self.caller.edge.key.callee} did not answer in full within {self._guard.timeout:g} s"
        self._give_up(Verdict(504, reason, EdgeError.TIMEOUT, instance))

    def _give_up(self, verdict: Verdict) -> None:
        self.caller.fail(verdict.status, verdict.reason, verdict.kind, verdict.instance, verdict.fault)

    def over(self, status: int, error: str, by: str) -> Marks:
        """The exchange is over, one way or another."""
        self._cancel_clock()
        self._cancel_hedge()
        if self._backoff is not None:
            self._backoff.cancel()
        for attempt in tuple(self.attempts):
            attempt.drop()
        if self.winner is not None and self.winner.injected:
            by = by or BY_US
            if status >= SERVER_ERROR:
                self.caller.edge.count_error(EdgeError.FAULT)
        self.winner = None  # it names us: let go of each other, so that no collection is needed to free both
        if self._ticket is not None:
            self._guard.end(self._ticket, status, error, self.relay.loop.time())
        return Marks(by, self._retries, self._hedged, faults=tuple(self.faults))

    def _cancel_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _cancel_hedge(self) -> None:
        if self._hedge is not None:
            self._hedge.cancel()
