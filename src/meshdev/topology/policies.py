"""The smaller tables of one node as the model has them: edges, dependencies, restart, watch, stop, limits."""

import re
import signal
from collections.abc import Iterator
from dataclasses import replace

from meshdev.topology.file_model import ServiceTable
from meshdev.topology.file_parts import EdgeTable, RestartTable
from meshdev.topology.model import (
    CircuitBreaker,
    Condition,
    Dependency,
    EdgePolicy,
    Limits,
    Restart,
    RestartPolicy,
    Stop,
    Watch,
    WatchAction,
)
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.scope import Scope

RETRY_ON = ("connect", "reset", "5xx", "4xx", "timeout", "gateway-error")
_BALANCE = ("round-robin", "least-request", "random")
_HASH = re.compile(r"hash:[A-Za-z0-9-]+")
_METHOD = re.compile(r"[A-Z][A-Z-]*")
_STATUS = re.compile(r"[1-5][0-9]{2}")


def dependencies_of(scope: Scope) -> tuple[Dependency, ...]:
    """``depends_on``, in the file's order."""
    return tuple(_dependencies(scope))


def _dependencies(scope: Scope) -> Iterator[Dependency]:
    for target, entry in (scope.table.depends_on or {}).items():
        condition = entry.condition or (Condition.LOG if entry.log is not None else Condition.STARTED)
        where = scope.where_named((*scope.path, "depends_on"), target)
        if condition is Condition.LOG:
            _check_pattern(scope, target, entry.log)
        elif entry.log is not None:
            scope.complain(
                ("depends_on", target), f'log stands beside condition = "{condition}"', "write one of them"
            )
        yield Dependency(target, condition, entry.required, entry.restart, entry.log, where)


def _check_pattern(scope: Scope, target: str, pattern: str | None) -> None:
    keys = ("depends_on", target)
    if pattern is None:
        scope.complain(keys, 'condition = "log" needs the pattern', '{ log = "ready to accept connections" }')
        return
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        scope.complain((*keys, "log"), f'"{pattern}" is no regular expression: {error}')


def restart_of(table: RestartTable | None, *, one_shot: bool) -> Restart:
    """The restart policy; what runs once is not restarted unless the file says so."""
    default = Restart(policy=RestartPolicy.NO if one_shot else RestartPolicy.ON_FAILURE)
    if table is None:
        return default
    return Restart(
        policy=table.policy or default.policy,
        backoff_first=default.backoff_first if table.backoff is None else table.backoff,
        backoff_most=default.backoff_most if table.max_backoff is None else table.max_backoff,
        burst=table.burst or default.burst,
        window=default.window if table.window is None else table.window,
        healthy_after=default.healthy_after if table.healthy_after is None else table.healthy_after,
    )


def watches_of(scope: Scope) -> tuple[Watch, ...]:
    """What is watched, relative to the folder that the node runs in."""
    found = []
    for entry in scope.table.watch or ():
        kind, _, argument = entry.action.partition(":")
        if kind == "signal":
            argument = _signal(scope, ("watch",), argument)
        base = scope.base if entry.base is None else scope.folder(entry.base)
        watch = Watch(base, entry.paths, entry.ignore, WatchAction(kind), argument.strip())
        found.append(replace(watch, target=entry.target or "", initial_sync=entry.initial_sync))
        if kind.startswith("sync") and scope.contained and not entry.target:
            scope.complain(("watch",), "sync needs its target", 'target = "/app"')
    return tuple(found)


def stop_of(scope: Scope) -> Stop:
    """How it is asked to end."""
    table = scope.table.stop
    name = (table.signal if table else None) or scope.table.stop_signal
    grace = table.grace if table and table.grace is not None else scope.table.stop_grace_period
    key: tuple[str, ...] = ("stop", "signal") if table and table.signal else ("stop_signal",)
    return Stop(
        signal=_signal(scope, key, name) if name else Stop().signal,
        grace=Stop().grace if grace is None else grace,
    )


def _signal(scope: Scope, keys: tuple[str, ...], written: str) -> str:
    name = written.strip().upper()
    if name.isdecimal() and int(name) in set(signal.Signals):
        return signal.Signals(int(name)).name
    full = name if name.startswith("SIG") else f"SIG{name}"
    known = [item.name for item in signal.Signals]
    if full not in known:
        hint = did_you_mean(full, known, what="accepted")
        scope.complain(keys, f'found "{written}" (string), accepted: a signal such as "SIGTERM"', hint)
    return full


def limits_of(scope: Scope) -> Limits | None:
    """Upper bounds of one instance, if there are any."""
    table = scope.table.limits
    return None if table is None else Limits(table.memory, table.cpus)


def edges_of(scope: Scope) -> dict[str, EdgePolicy]:
    """The policies of the edges, from ``edges`` and from ``calls`` in its long form."""
    table = scope.table
    if not isinstance(table, ServiceTable):
        return {}
    found: dict[str, EdgePolicy] = {}
    for key, entries in (("calls", table.calls), ("edges", table.edges)):
        for target, entry in (entries or {}).items():
            if not entry.model_fields_set:
                continue
            if target in found:
                hint = f"keep calls.{target} or edges.{target}"
                scope.complain((key, target), "this edge is described twice", hint)
            found[target] = _policy(scope, (key, target), entry)
    return found


def _policy(scope: Scope, keys: tuple[str, ...], table: EdgeTable) -> EdgePolicy:
    default = EdgePolicy()
    retries = table.retries
    for word in retries.on if retries else ():
        if word not in RETRY_ON and not _STATUS.fullmatch(word):
            hint = did_you_mean(word, RETRY_ON, what="accepted (or a status code)")
            scope.complain((*keys, "retries", "on"), f'"{word}" is nothing to retry on', hint)
    methods = tuple(method.upper() for method in retries.methods) if retries else ()
    for method in methods:
        if not _METHOD.fullmatch(method):
            scope.complain((*keys, "retries", "methods"), f'"{method}" is no method', "such as POST")
    balance = table.balance or default.balance
    if balance not in _BALANCE and not _HASH.fullmatch(balance):
        hint = did_you_mean(balance, (*_BALANCE, "hash:HEADER"), what="accepted")
        scope.complain((*keys, "balance"), f'found "{balance}" (string), accepted: a way to balance', hint)
    return EdgePolicy(
        timeout=table.timeout,
        retry_attempts=retries.attempts if retries else 0,
        retry_on=retries.on if retries else (),
        retry_backoff=default.retry_backoff
        if retries is None or retries.backoff is None
        else retries.backoff,
        retry_budget=retries.budget if retries else None,
        circuit_breaker=_breaker(scope, keys, table),
        max_concurrency=table.max_concurrency,
        balance=balance,
        hedge_after=table.hedge_after,
        allow=table.allow,
        retry_methods=methods,
        slow_start=default.slow_start if table.slow_start is None else table.slow_start,
        fault_headers=table.fault_headers,
        tls=table.tls,
    )


def _breaker(scope: Scope, keys: tuple[str, ...], table: EdgeTable) -> CircuitBreaker | None:
    breaker = table.circuit_breaker
    if breaker is None:
        return None
    if (breaker.consecutive_errors is None) == (breaker.error_rate is None):
        scope.complain((*keys, "circuit_breaker"), "needs exactly one of consecutive_errors and error_rate")
    default = CircuitBreaker()
    return CircuitBreaker(
        breaker.consecutive_errors,
        breaker.error_rate,
        default.window if breaker.window is None else breaker.window,
        default.open_for if breaker.open_for is None else breaker.open_for,
    )
