"""What an edge does besides forwarding: the topology's rules as the mesh takes them, and in a few words. Pure.

Access: ``allow = false`` closes an edge; under ``zero_trust`` an edge that nobody declared is closed, and so is one to
an ``exclusive`` database for all but its owner. Published ports are declared by being published.
"""

from collections.abc import Iterator

from meshdev.daemon.edges import OUTSIDE, Edge
from meshdev.kernel.quantity import format_duration
from meshdev.topology import model
from meshdev.topology.model import System
from meshdev.traffic.faults.asked import asked_specs
from meshdev.wire.faults import ALWAYS
from meshdev.wire.mesh import CircuitBreaker, EdgePolicy

_ROUND_ROBIN = EdgePolicy().balance


def policy_of(system: System, edge: Edge) -> EdgePolicy:
    """The policy of ``edge``, whoever stands behind it at the moment."""
    caller = system.services.get(edge.key.caller)
    rules = caller.edges.get(edge.key.callee) if caller is not None else None
    denied = _denied(system, edge, rules)
    if rules is None:
        return EdgePolicy(protocol=edge.endpoint.protocol, denied=denied)
    breaker = rules.circuit_breaker
    return EdgePolicy(
        protocol=edge.endpoint.protocol,
        timeout=rules.timeout,
        retry_attempts=rules.retry_attempts,
        retry_on=rules.retry_on,
        retry_backoff=rules.retry_backoff,
        retry_budget=rules.retry_budget,
        circuit_breaker=None
        if breaker is None
        else CircuitBreaker(breaker.consecutive_errors, breaker.error_rate, breaker.window, breaker.open_for),
        max_concurrency=rules.max_concurrency,
        balance=rules.balance,
        hedge_after=rules.hedge_after,
        retry_methods=rules.retry_methods,
        slow_start=rules.slow_start,
        denied=denied,
        faults=asked_specs(rules.fault_headers),
    )


def _denied(system: System, edge: Edge, rules: model.EdgePolicy | None) -> str:
    key = edge.key
    callee = system.services.get(key.callee)
    if edge.foreign and callee is not None and callee.exclusive:
        return f"{key.callee} belongs to {edge.foreign}, and is exclusive"
    if rules is not None:
        return "" if rules.allow else "the topology says allow = false for this edge"
    if system.zero_trust and not edge.declared and key.caller != OUTSIDE:
        return f"zero_trust is on, and services.{key.caller} does not declare this call"
    return ""


def words(policy: EdgePolicy) -> list[str]:
    """What acts on an edge, each in a word or two: ``timeout 2s``, ``3 retries``."""
    return list(_words(policy))


def _words(policy: EdgePolicy) -> Iterator[str]:
    if policy.denied:
        yield "denied"
    if policy.tls is not None:
        yield "TLS terminated" if policy.tls.certificate else "TLS originated"
    if policy.timeout is not None:
        yield f"timeout {format_duration(policy.timeout)}"
    if policy.retry_attempts:
        yield f"{policy.retry_attempts} {'retry' if policy.retry_attempts == 1 else 'retries'}"
    if policy.circuit_breaker is not None:
        yield "circuit breaker"
    if policy.max_concurrency is not None:
        yield f"at most {policy.max_concurrency} at once"
    if policy.hedge_after is not None:
        yield f"hedging after {format_duration(policy.hedge_after)}"
    if policy.balance != _ROUND_ROBIN:
        yield policy.balance
    if policy.faults:
        most = policy.faults[0].percentage
        yield "fault headers" + (f" for {most:g} %" if most < ALWAYS else "")
    if policy.slow_start:
        yield f"slow start over {format_duration(policy.slow_start)}"
