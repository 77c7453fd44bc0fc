"""The keys of one container in a Compose file, and the sections that containers share."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from meshdev.kernel.quantity import format_duration
from meshdev.topology.container import Container, FileGrant, ImageBuild, Mount, MountKind, NetworkLink
from meshdev.topology.model import System, Watch, WatchAction

Final = Callable[[str], str]
Relative = Callable[[Path | str], str]
_PLAIN = (
    "user",
    "container_name",
    "hostname",
    "domainname",
    "mac_address",
    "platform",
    "runtime",
    "working_dir",
)
_LISTS = ("group_add", "volumes_from", "dns", "dns_search", "dns_opt", "cap_add", "cap_drop", "security_opt")
_MORE_LISTS = ("expose", "devices", "device_cgroup_rules")
_TABLES = ("sysctls", "storage_opt", "labels", "annotations")
_FLAGS = ("privileged", "read_only", "tty", "stdin_open")
_NAMESPACES = {
    "network": "network_mode",
    "pid": "pid",
    "ipc": "ipc",
    "uts": "uts",
    "user": "userns_mode",
    "cgroup": "cgroup",
    "cgroup_parent": "cgroup_parent",
}
_RESOURCES = {
    "memory_reservation": "mem_reservation",
    "memory_swap": "memswap_limit",
    "memory_swappiness": "mem_swappiness",
    "cpu_shares": "cpu_shares",
    "cpu_quota": "cpu_quota",
    "cpu_period": "cpu_period",
    "cpu_rt_runtime": "cpu_rt_runtime",
    "cpu_rt_period": "cpu_rt_period",
    "cpuset": "cpuset",
    "pids": "pids_limit",
    "oom_kill_disable": "oom_kill_disable",
    "oom_score_adj": "oom_score_adj",
    "shm_size": "shm_size",
}
_DEFAULT = (NetworkLink("default"),)


def times(seconds: float) -> str:
    """Seconds as Compose writes them."""
    return format_duration(seconds)


def memory_text(count: int | None) -> str | None:
    """Bytes in the largest unit of which they are a whole number."""
    if count is None:
        return None
    for unit, size in (("g", 1024**3), ("m", 1024**2), ("k", 1024)):
        if count and count % size == 0:
            return f"{count // size}{unit}"
    return str(count)


def literal(value: Any) -> Any:
    """``value`` with its dollar signs kept from being variables."""
    match value:
        case str():
            return value.replace("$", "$$")
        case Mapping():
            return {key: literal(item) for key, item in value.items()}
        case tuple() | list():
            return [literal(item) for item in value]
        case _:
            return value


def container_keys(run: Container, final: Final, relative: Relative) -> dict[str, Any]:
    """What Compose says of the container alone."""
    keys: dict[str, Any] = {}
    if run.image:
        keys["image"] = literal(run.image)
    if run.build is not None:
        keys["build"] = build_keys(run.build, relative)
    for key, argv in (("entrypoint", run.entrypoint), ("command", run.command)):
        if argv is not None:
            keys[key] = [final(part) for part in argv]
    keys |= {key: literal(getattr(run, key)) for key in _PLAIN if getattr(run, key)}
    keys |= {
        key: literal(getattr(run, key)) for key in (*_LISTS, *_MORE_LISTS, *_TABLES) if getattr(run, key)
    }
    keys |= {key: True for key in _FLAGS if getattr(run, key)}
    if run.init is not None:
        keys["init"] = run.init
    if run.extra_hosts:
        keys["extra_hosts"] = [f"{name}={address}" for name, address in run.extra_hosts]
    for key, links in (("links", run.links), ("external_links", run.external_links)):
        if links:
            keys[key] = [name if name == alias else f"{name}:{alias}" for name, alias in links]
    if run.stop_signal:
        keys["stop_signal"] = run.stop_signal
    if (pull := _pull(run)) is not None:
        keys["pull_policy"] = pull
    keys |= _shared(run, relative)
    keys |= _limits(run)
    return keys


def _shared(run: Container, relative: Relative) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    mounts = [_mount(mount, relative) for mount in run.mounts]
    if mounts:
        keys["volumes"] = mounts
    secrets = [it for it in run.files if it.target.startswith("/run/secrets/")]
    for key, grants in (("secrets", secrets), ("configs", [it for it in run.files if it not in secrets])):
        if grants:
            keys[key] = [_grant(grant) for grant in grants]
    if run.networks not in ((), _DEFAULT):
        keys["networks"] = {link.network: _link(link) or None for link in run.networks}
    if run.logging is not None:
        keys["logging"] = {
            **({"driver": run.logging.driver} if run.logging.driver else {}),
            **({"options": literal(run.logging.options)} if run.logging.options else {}),
        }
    return keys


def _limits(run: Container) -> dict[str, Any]:
    keys: dict[str, Any] = {
        key: value for name, key in _NAMESPACES.items() if (value := getattr(run.namespaces, name))
    }
    resources = run.resources
    keys |= {
        key: value
        for name, key in _RESOURCES.items()
        if (value := getattr(resources, name)) not in (None, "", False)
    }
    if resources.device_requests:
        keys["gpus"] = [
            {
                "capabilities": list(it.capabilities),
                **({"driver": it.driver} if it.driver else {}),
                **({"count": "all" if it.count == -1 else it.count} if it.count is not None else {}),
                **({"device_ids": list(it.device_ids)} if it.device_ids else {}),
                **({"options": dict(it.options)} if it.options else {}),
            }
            for it in resources.device_requests
        ]
    if run.ulimits:
        keys["ulimits"] = {
            it.name: it.soft if it.soft == it.hard else {"soft": it.soft, "hard": it.hard}
            for it in run.ulimits
        }
    return keys


def _pull(run: Container) -> str | None:
    policy = run.pull_policy
    if policy.every is not None:
        return f"every_{round(policy.every / 60)}m"
    return None if policy.policy == "missing" else policy.policy


def build_keys(build: ImageBuild, relative: Relative) -> Any:
    """``build``, as a folder alone where that is all."""
    keys: dict[str, Any] = {"context": relative(build.context) if build.context else literal(build.remote)}
    for key in (
        "dockerfile",
        "dockerfile_inline",
        "target",
        "args",
        "labels",
        "network",
        "tags",
        "platforms",
    ):
        if getattr(build, key):
            keys[key] = literal(getattr(build, key))
    for key in ("ssh", "cache_from", "cache_to", "no_cache", "pull", "privileged", "shm_size"):
        if getattr(build, key):
            keys[key] = literal(getattr(build, key))
    if build.additional_contexts:
        keys["additional_contexts"] = {
            name: relative(place) if place.startswith("/") else literal(place)
            for name, place in build.additional_contexts.items()
        }
    if build.extra_hosts:
        keys["extra_hosts"] = [f"{name}={address}" for name, address in build.extra_hosts]
    if build.secrets:
        keys["secrets"] = [_grant(grant) for grant in build.secrets]
    return keys["context"] if set(keys) == {"context"} else keys


def _mount(mount: Mount, relative: Relative) -> Any:
    table: dict[str, Any] = {"type": mount.kind.value}
    if mount.source:
        table["source"] = literal(relative(mount.source) if mount.kind is MountKind.BIND else mount.source)
    table["target"] = literal(mount.target)
    if mount.read_only:
        table["read_only"] = True
    bind = {
        **({"propagation": mount.propagation} if mount.propagation else {}),
        **({"selinux": mount.selinux} if mount.selinux else {}),
        **({} if mount.create_host_path else {"create_host_path": False}),
    }
    volume = {
        **({"nocopy": True} if mount.nocopy else {}),
        **({"subpath": mount.subpath} if mount.subpath else {}),
    }
    tmpfs = {
        **({"size": mount.size} if mount.size is not None else {}),
        **({"mode": mount.mode} if mount.mode is not None else {}),
    }
    more = {key: part for key, part in (("bind", bind), ("volume", volume), ("tmpfs", tmpfs)) if part}
    short = (
        not more
        and mount.kind is not MountKind.TMPFS
        and ":" not in table.get("source", "") + table["target"]
    )
    if not short:
        return {**table, **more}
    source = f"{table['source']}:" if "source" in table else ""
    return f"{source}{table['target']}{':ro' if mount.read_only else ''}"


def _grant(grant: FileGrant) -> Any:
    usual = {grant.name, f"/{grant.name}", f"/run/secrets/{grant.name}"}
    more = {
        **({} if grant.target in usual else {"target": literal(grant.target)}),
        **({"uid": grant.uid} if grant.uid else {}),
        **({"gid": grant.gid} if grant.gid else {}),
        **({"mode": grant.mode} if grant.mode is not None else {}),
    }
    return {"source": grant.name, **more} if more else grant.name


def _link(link: NetworkLink) -> dict[str, Any]:
    keys = ("ipv4_address", "ipv6_address", "mac_address", "priority", "gw_priority")
    return {
        **({"aliases": list(link.aliases)} if link.aliases else {}),
        **{key: getattr(link, key) for key in keys if getattr(link, key)},
        **({"link_local_ips": list(link.link_local_ips)} if link.link_local_ips else {}),
        **({"driver_opts": literal(link.driver_opts)} if link.driver_opts else {}),
    }


def watch_keys(watches: Iterable[Watch], relative: Relative) -> list[dict[str, Any]]:
    """``develop.watch``; signals and commands of this machine have no word there."""
    found = []
    for watch in watches:
        if watch.action in (WatchAction.SIGNAL, WatchAction.EXEC):
            continue
        rule: dict[str, Any] = {"action": watch.action.value, "path": relative(watch.base)}
        if watch.target:
            rule["target"] = literal(watch.target)
        if watch.paths != ("**",):
            rule["include"] = list(watch.paths)
        if watch.ignore:
            rule["ignore"] = list(watch.ignore)
        if watch.initial_sync:
            rule["initial_sync"] = True
        if watch.action is WatchAction.SYNC_EXEC:
            rule["exec"] = {"command": literal(watch.argument)}
        found.append(rule)
    return found


def sections_of(system: System, relative: Relative, notes: list[str]) -> dict[str, Any]:
    """The sections of networks, volumes, secrets and configs, as far as there is something in them."""
    runs = [node.run for node in system.services.values() if isinstance(node.run, Container)]
    named = {it.source for run in runs for it in run.mounts if it.kind is MountKind.VOLUME and it.source}
    volumes: dict[str, Any] = {key: {} for key in sorted(named - system.volumes.keys())}
    for key, volume in system.volumes.items():
        table = {"name": volume.name, "external": volume.external, "driver": volume.driver}
        volumes[key] = _without(
            {**table, "driver_opts": literal(volume.driver_opts), "labels": literal(volume.labels)}
        )
    found = {"networks": _networks(system), "volumes": volumes, **_sources(runs, relative, notes)}
    return {section: table for section, table in found.items() if table}


def _networks(system: System) -> dict[str, Any]:
    return {
        key: _without(
            {
                "name": it.name,
                "external": it.external,
                "driver": it.driver,
                "driver_opts": literal(it.driver_opts),
                "internal": it.internal,
                "attachable": it.attachable,
                "enable_ipv4": it.enable_ipv4,
                "enable_ipv6": it.enable_ipv6,
                "ipam": _without(
                    {
                        "driver": it.ipam_driver,
                        "config": literal(it.ipam),
                        "options": literal(it.ipam_options),
                    }
                ),
                "labels": literal(it.labels),
            }
        )
        for key, it in system.networks.items()
    }


def _without(table: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing; an explicit no stays."""
    flags = ("enable_ipv4", "enable_ipv6")
    return {key: it for key, it in table.items() if it or (key in flags and it is False)}


def _sources(runs: Iterable[Container], relative: Relative, notes: list[str]) -> dict[str, dict[str, Any]]:
    secrets: dict[str, Any] = {}
    configs: dict[str, Any] = {}
    for run in runs:
        for grant in (*run.files, *(run.build.secrets if run.build else ())):
            secret = grant.target.startswith("/run/secrets/") or not grant.target.startswith("/")
            known = secrets if secret else configs
            if grant.name in known:
                continue
            known[grant.name] = _source(grant, relative)
            if secret and "content" in known[grant.name]:  # which Compose takes for configs only
                variable = grant.name.upper().replace("-", "_")
                known[grant.name] = {"environment": variable}
                notes.append(f"secret {grant.name}: its content is not written down, set {variable} to it")
    return {"secrets": secrets, "configs": configs}


def _source(grant: FileGrant, relative: Relative) -> dict[str, Any]:
    if grant.source is not None:
        return {"file": literal(relative(grant.source))}
    if grant.external:
        return {"external": True, **({"name": grant.external} if grant.external != grant.name else {})}
    if grant.variable:
        return {"environment": grant.variable}
    return {"content": literal(grant.content or "")}
