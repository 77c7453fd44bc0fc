"""One node of the file as one node of the model: defaults filled in, paths absolute, commands launchable."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from meshdev.topology import engines
from meshdev.topology.assembly import RUNS
from meshdev.topology.commands import compile_command, variable_prefix
from meshdev.topology.container import Container, MountKind
from meshdev.topology.environments import environment_of
from meshdev.topology.file_model import DatabaseTable, ServiceTable
from meshdev.topology.file_recordings import stub_of
from meshdev.topology.listening import endpoints_of, published
from meshdev.topology.model import (
    EmbeddedFile,
    Endpoint,
    Kind,
    Names,
    Process,
    PublishedPort,
    ReloadStrategy,
    Remote,
    Run,
    Service,
    StartMode,
)
from meshdev.topology.nearest import nearest
from meshdev.topology.policies import dependencies_of, edges_of, limits_of, restart_of, stop_of, watches_of
from meshdev.topology.probing import healthcheck_of
from meshdev.topology.protos import protos_of
from meshdev.topology.recordings import Stub
from meshdev.topology.scalars import COMMAND
from meshdev.topology.scope import Scope
from meshdev.topology.stand_ins import complain_of_stub, played
from meshdev.topology.tls import OWN_TLS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # names become folders, which may not be too long
_RESERVED = frozenset({"outside"})
_NOTHING = Process(("",))


def build_node(scope: Scope, *, completes: bool) -> Service | EmbeddedFile:
    """The node; ``completes`` says that another waits for its end. Problems go to the scope."""
    if not _NAME.fullmatch(scope.key) or scope.name in _RESERVED:
        scope.complain(
            (),
            f'"{scope.key}" cannot be a name',
            "accepted: up to 100 of a to z, 0 to 9, - and _ (not: outside)",
        )
    engine = engines.engine_of(scope)
    table = scope.table
    if isinstance(table, DatabaseTable) and engine == "sqlite":
        _complain_of_running(scope)
        return engines.sqlite_file(scope, table)
    one_shot = completes if table.one_shot is None else table.one_shot
    listening = endpoints_of(scope, one_shot=one_shot, engine=engine)
    ports, endpoints = published(scope, listening)
    if not scope.contained:
        _complain_of_container_keys(scope)
    written = environment_of(scope)
    own = _own_names(scope, written)
    run = _run_of(scope, engine, own)
    if isinstance(run, Remote):
        _complain_of_remote(scope, run, endpoints, ports)
    healthcheck = None if isinstance(run, Remote) else healthcheck_of(scope, endpoints, run, own)
    names = (
        (table.names or Names.ENV) if isinstance(run, Process) else Names.ENV
    )  # all others have their own way
    pod = names is Names.POD
    fixed = not pod and any(endpoint.port is not None for endpoint in endpoints)
    replicas = 1 if table.replicas is None else table.replicas
    if fixed and replicas > 1 and isinstance(run, Process):
        _complain_of_fixed(scope, endpoints, replicas)
    service = Service(
        name=scope.name,
        run=run,
        working_dir=_working_dir(scope),
        kind=scope.kind,
        description=table.description or "",
        team=table.team or "",
        engine=engine,
        owner=(table.owner or "") if isinstance(table, DatabaseTable | ServiceTable) else "",
        exclusive=isinstance(table, DatabaseTable | ServiceTable) and table.exclusive,
        environment={**scope.extra, **written},
        endpoints=endpoints,
        ports=_apart(ports, endpoints) if isinstance(run, Process) and not pod else ports,
        replicas=replicas,
        depends_on=dependencies_of(scope),
        healthcheck=healthcheck,
        restart=restart_of(table.restart, one_shot=one_shot),
        watch=watches_of(scope),
        reload=_reload(scope, run, fixed=fixed, listens=bool(endpoints), one_shot=one_shot),
        stop=stop_of(scope),
        start=table.start or StartMode.EAGER,
        limits=limits_of(scope),
        profiles=table.profiles or (),
        edges=edges_of(scope),
        one_shot=one_shot,
        names=names,
        where=scope.where(),
    )
    if isinstance(table, DatabaseTable):
        engines.seed_of(scope, table)
    if isinstance(run, Stub):
        complain_of_stub(scope, service)
        service = played(service, run)
    if not isinstance(table, ServiceTable):
        return service
    return replace(
        service,
        calls=tuple(table.calls or ()),
        uses=table.uses or (),
        publishes=table.publishes or (),
        subscribes=table.subscribes or (),
        proxy_env=bool(table.proxy_env),
        protos=protos_of(scope, table.protos or ()),
    )


def _apart(ports: tuple[PublishedPort, ...], endpoints: tuple[Endpoint, ...]) -> tuple[PublishedPort, ...]:
    """Without ports on which the program itself listens (Compose's ``8080:8080``): it is there already."""
    own = {(endpoint.name, endpoint.port) for endpoint in endpoints}
    return tuple(entry for entry in ports if (entry.endpoint, entry.port) not in own)


def _complain_of_remote(
    scope: Scope, run: Remote, endpoints: tuple[Endpoint, ...], ports: tuple[PublishedPort, ...]
) -> None:
    """What runs elsewhere can be published if it speaks HTTP, and not on its own port."""
    if ports and any(endpoint.protocol != "http" for endpoint in endpoints):
        hint = "accepted: http:// and https://; others are reached at their own address"
        scope.complain(("ports",), f'"{run.url}" cannot be published', hint)
    elif endpoints and _is_here(run.url):
        for index, published_port in enumerate(ports):
            if published_port.port == endpoints[0].port:
                message = f"port {published_port.port} is where the url leads, so calls would go in a circle"
                scope.complain(("ports", index), message, "publish it on another port")


def _is_here(url: str) -> bool:
    try:
        return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:
        return False


def _complain_of_container_keys(scope: Scope) -> None:
    """Keys that only containers have, beside something else that runs."""
    for key, value in scope.table.container or ():
        if value is not None:
            scope.complain((key,), "is for containers", "give it an image or a build, or drop it")


def _complain_of_running(scope: Scope) -> None:
    for key in ("command", "image", "build", "url", "ports", "replicas"):
        if getattr(scope.table, key) is not None:
            scope.complain(
                (key,), "stands beside an engine that is a file", "a sqlite database is opened, not run"
            )


def _run_of(scope: Scope, engine: str, own: frozenset[str]) -> Run:
    table = scope.table
    written = [key for key in RUNS if getattr(table, key) is not None]
    if scope.contained:  # of an image that is built, which may have a command of its own
        if others := [key for key in written if key in ("stub", "url")]:
            scope.complain((), f"says {written[0]} and {others[0]}", f"accepted: one of {', '.join(RUNS)}")
        from meshdev.topology.containers import container_of  # noqa: PLC0415 -- only for containers

        return container_of(scope)
    if len(written) > 1:
        scope.complain((), f"says {' and '.join(written)}", f"accepted: one of {', '.join(RUNS)}")
    if table.command == ():
        scope.complain(("command",), f"found an array, accepted: {COMMAND}")
        return _NOTHING
    if table.command is not None:
        return compile_command(scope, ("command",), table.command, own)
    if table.stub is not None:
        return stub_of(scope, table.stub)
    if table.url is not None:
        return Remote(table.url)
    return _embedded(scope, engine)


def _embedded(scope: Scope, engine: str) -> Process:
    """What runs when the file says only an engine, or nothing at all."""
    if engine == "nats" and scope.section == "brokers":
        return engines.nats_process(scope) or _NOTHING
    if engine:
        message = f'engine "{engine}" has no embedded form, accepted: "{engines.EMBEDDED[scope.section]}"'
        scope.complain(("engine",), message, "or say what runs it: command, image, build or url")
        return _NOTHING
    if scope.assembly.cut.get((scope.section, scope.key)):  # what runs it may be what was taken out
        return _NOTHING
    names = [
        name for section, name, _ in scope.assembly.nodes() if section == scope.section and name != scope.key
    ]
    meant = nearest(scope.key, names)
    hint = f'did you mean "{meant}"?' if meant else 'command = "python -m orders"'
    scope.complain((), f"nothing to run, accepted: one of {', '.join(RUNS)}", hint)
    return _NOTHING


def _own_names(scope: Scope, written: dict[str, str]) -> frozenset[str]:
    """The variables that the instance will have, besides those of the outside."""
    names = set(written)
    table = scope.table
    callees: list[str] = []
    if isinstance(table, ServiceTable):
        callees = [*(table.calls or {}), *(table.uses or ())]
    for callee in callees:
        prefix = variable_prefix(callee.rpartition(".")[2])
        names.update(f"{prefix}_{part}" for part in ("URL", "HOST", "PORT", "PATH"))
    if table.tls is not None or any(one.tls is not None for one in (table.endpoints or {}).values()):
        names.update(OWN_TLS)
    names.update(("MESHDEV_RUN", "MESHDEV_INSTANCE", "MESHDEV_GENERATION", "MESHDEV_PROJECT"))
    return frozenset(names)


def _working_dir(scope: Scope) -> Path:
    written = scope.table.working_dir
    if written is None:
        return scope.home
    folder = scope.base
    if not folder.is_dir():
        scope.complain(("working_dir",), f'there is no folder "{written}"', f"looked for {folder}")
    return folder


def _reload(scope: Scope, run: Run, *, fixed: bool, listens: bool, one_shot: bool) -> ReloadStrategy:
    """Rolling for what listens on ``$PORT``; what insists on a port, or listens on nothing, is replaced.

    A container (and a process in a pod, whose port is never ``fixed``) has its own ports, but not two a
    name, the machine's network, or data that only one may write.
    """
    written = scope.table.reload.strategy if scope.table.reload else None
    contained = isinstance(run, Container)
    if written is ReloadStrategy.ROLLING and fixed and not contained:
        hint = 'let it listen on $PORT, or write reload = "replace"'
        scope.complain(("reload",), "rolling needs two at once, but the port is fixed", hint)
    if written is not None:
        return written
    bound = _only_one(run) if isinstance(run, Container) else fixed
    alone = bound or one_shot or not listens or scope.kind is not Kind.SERVICE
    return ReloadStrategy.REPLACE if alone else ReloadStrategy.ROLLING


def _only_one(run: Container) -> bool:
    data = any(
        mount.kind is MountKind.VOLUME and mount.source and not mount.read_only for mount in run.mounts
    )
    return data or bool(run.container_name or run.namespaces.network or run.mac_address)


def _complain_of_fixed(scope: Scope, endpoints: tuple[Endpoint, ...], replicas: int) -> None:
    port = next(endpoint.port for endpoint in endpoints if endpoint.port is not None)
    message = f"{replicas} replicas cannot all listen on port {port}"
    scope.complain(("replicas",), message, "let it listen on $PORT, without a port of its own")
