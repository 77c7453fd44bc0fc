"""What an HTTP edge's policies decide for all of its calls; an edge without policies has none.

Rules: a new policy keeps what was learnt (circuit, budget) as far as its own rule did not change · a call is asked for
at the door in this order: closed edge, open circuit, too many under way · all verdicts go to the edge's telemetry.
"""

from random import Random, SystemRandom
from typing import NamedTuple

from meshdev.mesh.edge import Edge
from meshdev.traffic.balancer import balancer
from meshdev.traffic.breaker import Breaker, Circuit, Pass
from meshdev.traffic.budget import SHARE, Budget
from meshdev.traffic.limit import Limit
from meshdev.traffic.retry import IDEMPOTENT, TIMEOUT, RetryRule
from meshdev.wire.mesh import Act, EdgeError, EdgePolicy

OFF = EdgePolicy()
draw = Random(SystemRandom().getrandbits(64)).random  # noqa: S311 - spreads load, no secret; one for all edges
NO_VERDICT = frozenset({EdgeError.CALLER_RESET, EdgeError.REFUSED_MESSAGE})
SERVER_ERROR = 500


class Verdict(NamedTuple):
    """Why a call is answered by the mesh itself, with which status, what is counted, and which fault led to it."""

    status: int
    reason: str
    kind: EdgeError
    instance: str = ""
    fault: str = ""


class Ticket(NamedTuple):
    """What an admitted call has taken and gives back at its end."""

    breaker: Breaker | None = None
    admitted: Pass = 0
    limit: Limit | None = None


def is_guarded(policy: EdgePolicy) -> bool:
    """Whether ``policy`` asks for anything besides forwarding in turn."""
    return bool(policy.faults) or _has_rules(policy)


def _has_rules(policy: EdgePolicy) -> bool:
    return any(
        getattr(policy, name) != getattr(OFF, name)
        for name in (
            "timeout",
            "retry_attempts",
            "circuit_breaker",
            "max_concurrency",
            "balance",
            "hedge_after",
            "slow_start",
            "denied",
        )
    )


class Guard:
    """The policies of one edge at work."""

    __slots__ = (
        "_edge",
        "balancer",
        "breaker",
        "budget",
        "hedge_after",
        "limit",
        "only_faults",
        "policy",
        "retry",
        "timeout",
    )

    def __init__(self, edge: Edge, policy: EdgePolicy, before: "Guard | None" = None) -> None:
        self._edge = edge
        self.policy = policy
        self.only_faults = not _has_rules(policy)
        old = before.policy if before is not None else OFF
        self.timeout = policy.timeout
        self.hedge_after = policy.hedge_after
        methods = frozenset(policy.retry_methods) or IDEMPOTENT
        on = frozenset(policy.retry_on)
        self.retry = RetryRule(policy.retry_attempts, on, policy.retry_backoff, methods)
        self.balancer = balancer(policy.balance, policy.slow_start)
        self.budget = Budget(SHARE if policy.retry_budget is None else policy.retry_budget)
        rule = policy.circuit_breaker
        self.breaker = (
            Breaker(rule.consecutive_errors, rule.error_rate, rule.window, rule.open_for) if rule else None
        )
        self.limit = Limit(policy.max_concurrency) if policy.max_concurrency is not None else None
        if before is not None:
            if (old.balance, old.slow_start) == (policy.balance, policy.slow_start):
                self.balancer = before.balancer
            if old.retry_budget == policy.retry_budget:
                self.budget = before.budget
            if old.circuit_breaker == policy.circuit_breaker:
                self.breaker = before.breaker
            if before.limit is not None and policy.max_concurrency is not None:
                self.limit = before.limit
                self.limit.most = policy.max_concurrency
        self._tell_circuit()

    @property
    def times_attempts(self) -> bool:
        """Whether the timeout is each attempt's, not the whole call's."""
        return TIMEOUT in self.retry.on

    def admit(self, now: float) -> Ticket | Verdict:
        """Let a call pass that begins now, or say why not."""
        callee = self._edge.key.callee
        policy, breaker, limit = self.policy, self.breaker, self.limit
        if policy.denied:
            who = f"{self._edge.key.caller} may not call {callee}"
            return Verdict(403, f"{who}: {policy.denied}", EdgeError.DENIED)
        admitted: Pass = 0
        if breaker is not None:
            passed = breaker.admit(now)
            self._tell_circuit()
            if passed is None:
                left = breaker.retry_after(now)
                when = f"one call may try in {left:.1f} s" if left else "one call is trying"
                reason = f"the circuit to {callee} is open after too many failures; {when}"
                return Verdict(503, reason, EdgeError.CIRCUIT_OPEN)
            admitted = passed
        if limit is not None and not limit.take():
            if breaker is not None:
                breaker.end(admitted, failed=None, now=now)
            reason = f"{limit.most} calls to {callee} are under way, and max_concurrency allows no more"
            return Verdict(503, reason, EdgeError.OVER_LIMIT)
        self.budget.request()
        return Ticket(breaker, admitted, limit)

    def end(self, ticket: Ticket, status: int, error: str, now: float) -> None:
        """An admitted call is over; ``status`` is its answer's, 0 when there was none."""
        if ticket.limit is not None:
            ticket.limit.give_back()
        breaker = ticket.breaker
        if breaker is not None:
            opened = breaker.opened
            failed = None if error in NO_VERDICT else bool(error) or not status or status >= SERVER_ERROR
            breaker.end(ticket.admitted, failed=failed, now=now)
            if breaker.opened > opened:
                self._edge.count_act(Act.CIRCUIT_OPENED)
            self._tell_circuit()

    def pays_for(self, act: Act, now: float) -> bool:
        """Whether the budget allows one request more, which is counted as ``act``."""
        allowed = self.budget.take(now)
        self._edge.count_act(act if allowed else Act.RETRY_OVER_BUDGET)
        return allowed

    def _tell_circuit(self) -> None:
        state = self.breaker.state if self.breaker is not None else Circuit.CLOSED
        told = "" if state is Circuit.CLOSED else state.value
        if told != self._edge.circuit:
            self._edge.circuit = told
            self._edge.touch()
