"""What is known about the databases: the topology, the edges that lead there, and the statements seen on them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from meshdev.daemon.edges import OUTSIDE
from meshdev.mesh.exchanges import OTHER
from meshdev.mesh.signals import EdgeSignals, RouteSignals
from meshdev.telemetry.histogram import middle
from meshdev.topology.model import EmbeddedFile, Kind, Service, System, runs_as
from meshdev.traffic.protocols.table import is_read, of_database
from meshdev.wire.control import EdgeSignalsView
from meshdev.wire.database_views import DatabaseUserView, DatabaseView, StatementView
from meshdev.wire.mesh import EdgeKey

MOST_STATEMENTS: Final = 200  # of a database
_REFUSED: Final = 4


def database_views(
    system: System, edges: Iterable[EdgeSignalsView], signals: Mapping[EdgeKey, EdgeSignals]
) -> list[DatabaseView]:
    """Every database in the topology's order, those that are files last. See `_is_database`."""
    leading: dict[str, list[EdgeSignalsView]] = {}
    for edge in edges:
        leading.setdefault(edge.callee, []).append(edge)
    nodes = [node for node in system.services.values() if _is_database(node)]
    served = [_served(system, node, leading.get(node.name, []), signals) for node in nodes]
    return [*served, *(_file(system, file) for file in system.embedded.values())]


def _is_database(node: Service) -> bool:
    """Whether it is declared as one, owned by somebody, or speaks as one (as services of a Compose file do)."""
    spoken = any(of_database(endpoint.protocol) for endpoint in node.endpoints)
    return node.kind is Kind.DATABASE or bool(node.owner) or spoken


def _served(
    system: System, node: Service, edges: list[EdgeSignalsView], signals: Mapping[EdgeKey, EdgeSignals]
) -> DatabaseView:
    protocol = next((edge.protocol for edge in edges if edge.observed), "") or (
        node.endpoints[0].protocol if node.endpoints else ""
    )
    users = [_user(edge) for edge in edges if edge.caller != OUTSIDE or edge.observed]
    seen = {user.service for user in users}
    users += [_unmeasured(caller, node) for caller in _users(system, node.name) if caller.name not in seen]
    return DatabaseView(
        name=node.name,
        engine=node.engine,
        owner=node.owner,
        exclusive=node.exclusive,
        runs=runs_as(node.run),
        protocol=protocol,
        read=is_read(protocol),
        users=users,
        statements=_statements(node.name, signals),
    )


def _file(system: System, file: EmbeddedFile) -> DatabaseView:
    return DatabaseView(
        name=file.name,
        engine=file.engine,
        owner=file.owner,
        exclusive=file.exclusive,
        runs="file",
        path=str(file.path),
        users=[_unmeasured(caller, file) for caller in _users(system, file.name)],
    )


def _users(system: System, name: str) -> list[Service]:
    return [node for node in system.services.values() if name in (*node.calls, *node.uses, *node.files)]


def _unmeasured(caller: Service, database: Service | EmbeddedFile) -> DatabaseUserView:
    return DatabaseUserView(
        service=caller.name,
        foreign=bool(database.owner) and caller.name not in (database.owner, database.name),
    )


def _user(edge: EdgeSignalsView) -> DatabaseUserView:
    return DatabaseUserView(
        service=edge.caller,
        declared=edge.declared,
        foreign=bool(edge.foreign),
        denied=edge.denied,
        connections=edge.connections,
        requests=edge.requests,
        errors=edge.errors,
        rps=edge.rps,
        p50_ms=edge.p50_ms,
        p99_ms=edge.p99_ms,
    )


def _statements(database: str, signals: Mapping[EdgeKey, EdgeSignals]) -> list[StatementView]:
    found = [
        _statement(key.caller, *words, counts)
        for key, edge in signals.items()
        if key.callee == database
        for words, counts in _told_apart(edge)
    ]
    return sorted(found, key=lambda it: (-it.total_ms, -it.count))[:MOST_STATEMENTS]


def _told_apart(edge: EdgeSignals) -> Iterator[tuple[tuple[str, str, str], RouteSignals]]:
    """By name, target and text: statements by their fingerprints; of a protocol that has none its commands."""
    if edge.statements:
        yield from edge.statements.items()
    elif edge.spoken:
        for route, counts in edge.routes.items():
            name, _, target = route.partition(" ")
            others = name == OTHER
            yield ("*" if others else name, target, "" if others else route), counts


def _statement(service: str, name: str, target: str, text: str, counts: RouteSignals) -> StatementView:
    latency = counts.latency
    measured = bool(latency.counts)
    return StatementView(
        service=service,
        name=name,
        target=target,
        text=text,
        count=counts.requests,
        errors=counts.failures,
        refused=counts.statuses[_REFUSED],
        p50_ms=round(latency.quantile(0.5) / 1000.0, 3) if measured else None,
        p99_ms=round(latency.quantile(0.99) / 1000.0, 3) if measured else None,
        total_ms=round(sum(middle(index) * count for index, count in latency.counts.items()) / 1000.0, 3),
    )
