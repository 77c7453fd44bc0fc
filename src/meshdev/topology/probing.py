"""The healthcheck of one node: ours or Compose's words, or the one that is implied.

Implied is tcp on the first endpoint. Without an endpoint, and with ``healthcheck = false``, running is healthy.
"""

import re
from typing import Any

from meshdev.topology.commands import as_argv, compile_command
from meshdev.topology.container import Container
from meshdev.topology.file_parts import HealthcheckTable
from meshdev.topology.model import Endpoint, Healthcheck, ProbeKind, Process, Run
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.scope import Scope

_KINDS = ("http", "tcp", "exec", "log", "file", "grpc", "test")
_TIMES = ("interval", "timeout", "retries", "successes", "start_period", "initial_delay", "ready_timeout")
_ON_ENDPOINTS = (ProbeKind.HTTP, ProbeKind.TCP, ProbeKind.GRPC)


def healthcheck_of(
    scope: Scope, endpoints: tuple[Endpoint, ...], run: Run, own: frozenset[str]
) -> Healthcheck | None:
    """The node's healthcheck, or None: running is healthy."""
    table = scope.table.healthcheck
    times = _times(scope, table)
    kinds = _written_kinds(table)
    if not kinds:
        disabled = table is not None and table.disable
        if disabled or not endpoints or not isinstance(run, Process | Container):
            return None
        return Healthcheck(
            ProbeKind.TCP, endpoints[0].name, endpoints[0].name, **times, implied=table is None
        )
    if table is None or table.disable or _is_none(table):
        return None
    if len(kinds) > 1:
        scope.complain(("healthcheck",), f"asks in several ways: {', '.join(kinds)}", "write one of them")
    probe = _probe(scope, table, kinds[0], endpoints, own)
    return None if probe is None else Healthcheck(*probe, **times)


def _is_none(table: HealthcheckTable) -> bool:
    return table.test == "NONE" or (isinstance(table.test, tuple) and table.test[:1] == ("NONE",))


def _written_kinds(table: HealthcheckTable | None) -> list[str]:
    if table is None:
        return []
    return [kind for kind in _KINDS if getattr(table, kind) not in (None, False)]


def _times(scope: Scope, table: HealthcheckTable | None) -> dict[str, Any]:
    times = {key: getattr(table, key, None) for key in _TIMES}
    times["ready_timeout"] = times["ready_timeout"] or scope.table.ready_timeout
    return {key: value for key, value in times.items() if value is not None}


def _probe(
    scope: Scope, table: HealthcheckTable, kind: str, endpoints: tuple[Endpoint, ...], own: frozenset[str]
) -> tuple[ProbeKind, str | tuple[str, ...], str] | None:
    match kind:
        case "exec" | "test":
            return _exec(scope, table, kind, own)
        case "log":
            return _log(scope, table.log or "")
        case "file":
            return ProbeKind.FILE, str(scope.base / (table.file or "")), ""
        case _:
            return _on_endpoint(scope, table, ProbeKind(kind), endpoints)


def _on_endpoint(
    scope: Scope, table: HealthcheckTable, kind: ProbeKind, endpoints: tuple[Endpoint, ...]
) -> tuple[ProbeKind, str | tuple[str, ...], str] | None:
    keys = ("healthcheck", kind.value)
    if not endpoints:
        scope.complain(
            keys, "there is no endpoint to ask", "ask with exec, log or file, or give it an endpoint"
        )
        return None
    if kind is ProbeKind.HTTP and not (table.http or "").startswith("/"):
        scope.complain(keys, f'found "{table.http}" (string), accepted: a path such as "/healthz"')
    written = table.endpoint or (table.tcp if isinstance(table.tcp, str) else None)
    by_protocol = {endpoint.protocol: endpoint.name for endpoint in reversed(endpoints)}
    endpoint = written or by_protocol.get(kind.value, endpoints[0].name)
    names = [known.name for known in endpoints]
    if endpoint not in names:
        key = "endpoint" if table.endpoint else "tcp"
        hint = did_you_mean(endpoint, names, what="endpoints")
        scope.complain(("healthcheck", key), f'there is no endpoint "{endpoint}"', hint)
    target = {ProbeKind.HTTP: table.http or "/", ProbeKind.TCP: endpoint}.get(kind)
    if target is None:
        target = table.grpc if isinstance(table.grpc, str) else ""
    return kind, target, endpoint


def _exec(
    scope: Scope, table: HealthcheckTable, kind: str, own: frozenset[str]
) -> tuple[ProbeKind, str | tuple[str, ...], str] | None:
    if scope.contained:
        from meshdev.topology.containers import test_of  # noqa: PLC0415 -- only for containers

        return _within(test_of(scope, table))
    command = (table.exec if kind == "exec" else table.test) or ""
    if kind == "test" and isinstance(command, tuple):
        match command:
            case ("CMD", *argv) if argv:
                command = tuple(argv)
            case ("CMD-SHELL", line):
                command = line
            case _:
                accepted = '["CMD", …], ["CMD-SHELL", "…"], ["NONE"] or one text'
                scope.complain(("healthcheck", "test"), f"found {list(command)}, accepted: {accepted}")
                return None
    return ProbeKind.EXEC, as_argv(compile_command(scope, ("healthcheck", kind), command, own)), ""


def _within(test: tuple[str, ...]) -> tuple[ProbeKind, str | tuple[str, ...], str] | None:
    """The engine's form of a test as an argv that is run in the container."""
    match test:
        case ("CMD", *argv):
            return ProbeKind.EXEC, tuple(argv), ""
        case ("CMD-SHELL", line):
            return ProbeKind.EXEC, ("/bin/sh", "-c", line), ""
        case _:
            return None


def _log(scope: Scope, pattern: str) -> tuple[ProbeKind, str, str]:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        scope.complain(("healthcheck", "log"), f'"{pattern}" is no regular expression: {error}')
    return ProbeKind.LOG, pattern, ""
