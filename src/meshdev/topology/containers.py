"""One node's container, from the keys of its table: paths absolute, names checked, short forms gone.

Commands are split as Compose splits them: a line becomes an argv without any shell. References in it are filled in
when the file is read (``$$`` is a dollar sign for the container), addresses and ``$PORT`` at launch.
"""

import shlex
from collections.abc import Mapping
from typing import Any

from meshdev.kernel.quantity import QuantityError, parse_duration
from meshdev.topology.container import (
    Container,
    DeviceRequest,
    EngineHealthcheck,
    ImageBuild,
    Logging,
    Namespaces,
    PullPolicy,
    Resources,
    Ulimit,
)
from meshdev.topology.container_forms import pair
from meshdev.topology.container_places import build_grants_of, files_of, keys_of, mounts_of, networks_of
from meshdev.topology.file_container_parts import BuildTable
from meshdev.topology.file_parts import HealthcheckTable
from meshdev.topology.nearest import did_you_mean
from meshdev.topology.policies import stop_of
from meshdev.topology.scope import Scope
from meshdev.topology.template import Address as AddressOf
from meshdev.topology.template import Mode, addresses_in, expand, parse_address

_AGES = {"daily": 86400.0, "weekly": 7 * 86400.0}
_PULL = ("missing", "always", "never", "build", "if_not_present", *_AGES)
_PLAIN = ("user", "container_name", "hostname", "domainname", "mac_address", "platform", "runtime")
_TUPLES = ("group_add", "volumes_from", "dns", "dns_search", "dns_opt", "cap_add", "cap_drop", "security_opt")
_MORE_TUPLES = ("expose", "extra_hosts", "devices", "device_cgroup_rules")
_TABLES = ("sysctls", "storage_opt", "labels", "annotations")
_FLAGS = ("privileged", "read_only", "tty", "stdin_open")


def container_of(scope: Scope) -> Container:
    """The container; problems go to the scope."""
    node, table = scope.table, keys_of(scope)
    written: dict[str, Any] = {}
    for key in (*_PLAIN, *_TUPLES, *_MORE_TUPLES, *_TABLES):
        value = getattr(table, key)
        if value is not None:
            written[key] = value
    written.update({key: True for key in _FLAGS if getattr(table, key)})
    return Container(
        image=node.image or "",
        build=None if table.build is None else build_of(scope, table.build),
        command=argv_of(scope, ("command",), node.command),
        entrypoint=argv_of(scope, ("entrypoint",), table.entrypoint),
        working_dir=inside if (inside := node.working_dir or "").startswith("/") else "",
        mounts=mounts_of(scope),
        files=files_of(scope),
        networks=networks_of(scope),
        namespaces=_namespaces(scope),
        links=tuple(map(pair, table.links or ())),
        external_links=tuple(map(pair, table.external_links or ())),
        init=table.init,
        ulimits=tuple(Ulimit(name, it.soft, it.hard) for name, it in (table.ulimits or {}).items()),
        logging=Logging(table.logging.driver or "", table.logging.options or {}) if table.logging else None,
        pull_policy=_pull_policy(scope),
        stop_signal=stop_of(scope).signal if _says_signal(scope) else "",
        resources=_resources(scope),
        healthcheck=_healthcheck(scope, node.healthcheck),
        **written,
    )


def build_of(scope: Scope, table: BuildTable) -> ImageBuild:
    """How the image is built."""
    remote = "://" in table.context or table.context.startswith(("git@", "github.com/"))
    if table.dockerfile is not None and table.dockerfile_inline is not None:
        scope.complain(("build",), "says dockerfile and dockerfile_inline", "write one of them")
    return ImageBuild(
        context=None if remote else scope.folder(table.context),
        remote=table.context if remote else "",
        dockerfile=table.dockerfile or "",
        dockerfile_inline=table.dockerfile_inline or "",
        target=table.target or "",
        args=table.args or {},
        secrets=build_grants_of(scope, table.secrets or ()),
        ssh=table.ssh or (),
        cache_from=table.cache_from or (),
        cache_to=table.cache_to or (),
        additional_contexts=_contexts(scope, table.additional_contexts or {}),
        labels=table.labels or {},
        extra_hosts=table.extra_hosts or (),
        tags=table.tags or (),
        platforms=table.platforms or (),
        network=table.network or "",
        shm_size=table.shm_size,
        no_cache=table.no_cache,
        pull=table.pull,
        privileged=table.privileged,
    )


def _contexts(scope: Scope, written: Mapping[str, str]) -> dict[str, str]:
    """Further contexts: folders absolute, ``docker-image://`` and the like as they are."""
    return {
        name: value if "://" in value or value.startswith("service:") else str(scope.folder(value))
        for name, value in written.items()
    }


def argv_of(
    scope: Scope, keys: tuple[str | int, ...], value: str | tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """A command for the container as a template: a line is split as a shell would, but no shell runs it."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_expanded(scope, (*keys, index), part) for index, part in enumerate(value))
    text = _expanded(scope, keys, value)
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        hint = "close the quote, or write an array of text"
        scope.complain(keys, f'found "{value}": {str(error).lower()}', hint)
        return (text,)


def _expanded(scope: Scope, keys: tuple[str | int, ...], text: str) -> str:
    expansion = expand(text, scope.variables, Mode.TEMPLATE)
    for fault in expansion.faults:
        scope.complain(keys, fault.message, f'{fault.hint}; "$$" is a dollar sign for the container')
    parsed = (parse_address(reference) for reference in addresses_in(expansion.text))
    scope.mentions.extend((keys, address) for address in parsed if isinstance(address, AddressOf))
    return expansion.text


def test_of(scope: Scope, table: HealthcheckTable) -> tuple[str, ...]:
    """The test in the engine's form; empty when none is written."""
    key = "exec" if table.test is None else "test"
    command = table.exec if table.test is None else table.test
    if table.disable or command == "NONE":
        return ("NONE",)
    if isinstance(command, str):
        command = ("CMD-SHELL", command)
    elif command is not None and key == "exec":
        command = ("CMD", *command)
    match command:
        case None:
            return ()
        case ("NONE", *_):
            return ("NONE",)
        case ("CMD", _, *_) | ("CMD-SHELL", _):
            return (command[0], *(_literal(scope, ("healthcheck", key), part) for part in command[1:]))
        case _:
            accepted = '["CMD", …], ["CMD-SHELL", "…"], ["NONE"] or one text'
            scope.complain(("healthcheck", key), f"found {list(command)}, accepted: {accepted}")
            return ()


def _literal(scope: Scope, keys: tuple[str, ...], text: str) -> str:
    """``text`` as the container gets it: no launch comes between."""
    return _expanded(scope, keys, text).replace("$$", "$")


def _healthcheck(scope: Scope, table: HealthcheckTable | None) -> EngineHealthcheck | None:
    if table is None:
        return None
    test = test_of(scope, table)
    by_grpc = table.grpc not in (None, False)  # an empty text asks for the server as a whole
    asked_by_meshdev = any((table.http, table.tcp, table.log, table.file, by_grpc))
    return EngineHealthcheck(
        ("NONE",) if asked_by_meshdev else test,
        table.interval,
        table.timeout,
        table.retries,
        table.start_period,
        table.start_interval,
    )


def _says_signal(scope: Scope) -> bool:
    table = scope.table
    return table.stop_signal is not None or (table.stop is not None and table.stop.signal is not None)


def _namespaces(scope: Scope) -> Namespaces:
    table = keys_of(scope)
    if table.network_mode and table.networks:
        scope.complain(("network_mode",), "stands beside networks", "write one of them")
    return Namespaces(
        network=table.network_mode or "",
        pid=table.pid or "",
        ipc=table.ipc or "",
        uts=table.uts or "",
        user=table.userns_mode or "",
        cgroup=table.cgroup or "",
        cgroup_parent=table.cgroup_parent or "",
    )


def _pull_policy(scope: Scope) -> PullPolicy:
    written = keys_of(scope).pull_policy or "missing"
    if written in _AGES:
        return PullPolicy("missing", _AGES[written])
    if written.startswith("every_"):
        try:
            return PullPolicy("missing", _weeks(written.removeprefix("every_")))
        except QuantityError as error:
            scope.complain(("pull_policy",), str(error))
            return PullPolicy()
    if written not in _PULL:
        hint = did_you_mean(written, (*_PULL, "every_12h"), what="accepted")
        scope.complain(("pull_policy",), f'found "{written}" (string)', hint)
    return PullPolicy("missing" if written == "if_not_present" else written)


def _weeks(text: str) -> float:
    if text.endswith("w") and text[:-1].isdecimal():
        return int(text[:-1]) * _AGES["weekly"]
    return parse_duration(text)


def _resources(scope: Scope) -> Resources:
    table = keys_of(scope)
    return Resources(
        memory_reservation=table.mem_reservation,
        memory_swap=table.memswap_limit,
        memory_swappiness=table.mem_swappiness,
        cpu_shares=table.cpu_shares,
        cpu_quota=table.cpu_quota,
        cpu_period=table.cpu_period,
        cpu_rt_runtime=table.cpu_rt_runtime,
        cpu_rt_period=table.cpu_rt_period,
        cpuset=table.cpuset or "",
        cpu_reservation=table.cpu_reservation,
        pids=table.pids_limit,
        oom_kill_disable=bool(table.oom_kill_disable),
        oom_score_adj=table.oom_score_adj,
        shm_size=table.shm_size,
        device_requests=tuple(
            DeviceRequest(it.capabilities, it.driver or "", it.count, it.device_ids, it.options or {})
            for it in table.gpus or ()
        ),
    )
