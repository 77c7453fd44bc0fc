"""From a topology's container to what the engine's ``POST /containers/create`` takes. Pure.

Everything of the model that an engine can do is here or in `images`, `networks`; what is None, empty or False is not
sent, so the image's own value counts. Only what keeps a run together is added: labels, names of the neighbours, a
log that can be read, and no restarts by the engine, since restarting is the lifecycle's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshdev.topology.container import Container, Mount, MountKind
from meshdev.topology.model import Limits

NANO = 1_000_000_000
_LOG = {"Type": "json-file", "Config": {"max-size": "32m", "max-file": "4"}}


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container to be.

    ``image`` is how the engine knows it, ``name`` what its container's name begins with; ``command``, ``entrypoint``
    and ``environment`` have no templates left. ``ports`` are its ports by endpoint, ``hosts`` whom it knows by name,
    ``network`` the engine's name of its own network ("" when it shares another's), ``more_networks`` are others'
    networks that it is in as well, with its aliases there. ``sources`` are the engine's names of volumes by their key,
    ``others`` the ids of other services' containers (``network_mode: service:db``). With ``publish`` its ports are on
    loopback, too, at free ports (for engines whose bridges are out of reach).
    """

    container: Container
    image: str
    name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    hosts: tuple[tuple[str, str], ...] = ()
    network: str = ""
    aliases: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None
    stop_signal: str = ""
    publish: bool = False
    more_networks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    engine_health: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)


def create_body(spec: ContainerSpec) -> dict[str, Any]:
    """The JSON of a create call."""
    container = spec.container
    body: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "Labels": {**container.labels, **spec.labels},
        "Hostname": container.hostname,
        "Domainname": container.domainname,
        "MacAddress": container.mac_address,
        "User": container.user,
        "WorkingDir": container.working_dir,
        "Tty": container.tty,
        "OpenStdin": container.stdin_open,
        "StopSignal": spec.stop_signal,
        "ExposedPorts": {f"{port}/tcp": {} for port in spec.ports.values()},
        "HostConfig": _given(_host_config(spec)),
    }
    if spec.command is not None:
        body["Cmd"] = list(spec.command)
    if spec.entrypoint is not None:
        body["Entrypoint"] = list(spec.entrypoint) or [""]
    if health := _health(spec):
        body["Healthcheck"] = health
    if spec.network:
        endpoint = _given({"Aliases": list(spec.aliases)})
        body["NetworkingConfig"] = {"EndpointsConfig": {spec.network: endpoint}}
    return _given(body)


def _health(spec: ContainerSpec) -> dict[str, Any]:
    """The engine asks only where the image's own healthcheck counts, by times that may be the user's."""
    check = spec.container.healthcheck
    if not spec.engine_health or (check is not None and check.disabled):
        return {"Test": ["NONE"]}
    if check is None:
        return {}
    times = {"Interval": check.interval, "Timeout": check.timeout, "StartPeriod": check.start_period}
    nanos = {name: int(value * NANO) for name, value in times.items() if value is not None}
    return nanos | ({} if check.retries is None else {"Retries": check.retries})


def _host_config(spec: ContainerSpec) -> dict[str, Any]:
    container = spec.container
    spaces, resources = container.namespaces, container.resources
    limits = spec.limits or Limits()
    return {
        "NetworkMode": spec.network or _shared(spaces.network, spec.others),
        "ExtraHosts": [f"{name}:{address}" for name, address in (*spec.hosts, *container.extra_hosts)],
        "PortBindings": {
            f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]
            for port in (spec.ports.values() if spec.publish else ())
        },
        "Mounts": [
            _mount(mount, spec.sources) for mount in container.mounts if mount.kind is not MountKind.BIND
        ],
        "Binds": [_bind(mount) for mount in container.mounts if mount.kind is MountKind.BIND],
        "LogConfig": _logging(container),
        "Memory": limits.memory,
        "NanoCpus": None if limits.cpus is None else int(limits.cpus * NANO),
        "MemoryReservation": resources.memory_reservation,
        "MemorySwap": resources.memory_swap,
        "MemorySwappiness": resources.memory_swappiness,
        "CpuShares": resources.cpu_shares,
        "CpuQuota": resources.cpu_quota,
        "CpuPeriod": resources.cpu_period,
        "CpuRealtimeRuntime": resources.cpu_rt_runtime,
        "CpuRealtimePeriod": resources.cpu_rt_period,
        "CpusetCpus": resources.cpuset,
        "PidsLimit": resources.pids,
        "OomKillDisable": resources.oom_kill_disable,
        "OomScoreAdj": resources.oom_score_adj,
        "ShmSize": resources.shm_size,
        "DeviceRequests": [_device_request(request) for request in resources.device_requests],
        "PidMode": _shared(spaces.pid, spec.others),
        "IpcMode": _shared(spaces.ipc, spec.others),
        "UTSMode": spaces.uts,
        "UsernsMode": spaces.user,
        "CgroupnsMode": spaces.cgroup,
        "CgroupParent": spaces.cgroup_parent,
        "Dns": list(container.dns),
        "DnsSearch": list(container.dns_search),
        "DnsOptions": list(container.dns_opt),
        "GroupAdd": list(container.group_add),
        "CapAdd": list(container.cap_add),
        "CapDrop": list(container.cap_drop),
        "SecurityOpt": list(container.security_opt),
        "Privileged": container.privileged,
        "ReadonlyRootfs": container.read_only,
        "Init": container.init,
        "Devices": [_device(device) for device in container.devices],
        "DeviceCgroupRules": list(container.device_cgroup_rules),
        "Sysctls": dict(container.sysctls),
        "Ulimits": [
            {"Name": limit.name, "Soft": limit.soft, "Hard": limit.hard} for limit in container.ulimits
        ],
        "StorageOpt": dict(container.storage_opt),
        "Annotations": dict(container.annotations),
        "VolumesFrom": [_from(text, spec.others) for text in container.volumes_from],
        "Runtime": container.runtime,
    }


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody wrote."""
    return {name: value for name, value in values.items() if value not in (None, "", False, [], {}, ())}


def _shared(mode: str, others: Mapping[str, str]) -> str:
    """``service:db`` as the engine has it: ``container:ID``."""
    kind, _, name = mode.partition(":")
    return f"container:{others.get(name, name)}" if kind == "service" else mode


def _from(text: str, others: Mapping[str, str]) -> str:
    """``db:ro`` as the engine has it, ``container:NAME`` without its first word."""
    name, _, rights = text.removeprefix("container:").partition(":")
    found = name if text.startswith("container:") else others.get(name, name)
    return f"{found}:{rights}" if rights else found


def _logging(container: Container) -> dict[str, Any]:
    logging = container.logging
    if logging is None or not logging.driver:
        return _LOG
    return {"Type": logging.driver, "Config": dict(logging.options)}


def _bind(mount: Mount) -> str:
    """``Binds`` make the host's folder if it is missing, as Compose does; ``Mounts`` would refuse."""
    options = ["ro" if mount.read_only else "rw"]
    options += [option for option in (mount.propagation, mount.selinux) if option]
    return f"{mount.source}:{mount.target}:{','.join(options)}"


def _mount(mount: Mount, sources: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"Type": str(mount.kind), "Target": mount.target, "ReadOnly": mount.read_only}
    if mount.kind is MountKind.TMPFS:
        options = _given({"SizeBytes": mount.size, "Mode": mount.mode})
        return _given({**found, "TmpfsOptions": options})
    if mount.source:
        found["Source"] = sources.get(mount.source, mount.source)
    options = _given({"NoCopy": mount.nocopy, "Subpath": mount.subpath})
    return _given({**found, "VolumeOptions": options})


def _device(text: str) -> dict[str, str]:
    host, _, rest = text.partition(":")
    inside, _, rights = rest.partition(":")
    return {
        "PathOnHost": host,
        "PathInContainer": inside or host,
        "CgroupPermissions": rights or "rwm",
    }


def _device_request(request: Any) -> dict[str, Any]:
    return _given(
        {
            "Driver": request.driver,
            "Count": 0 if request.count is None else request.count,
            "DeviceIDs": list(request.device_ids),
            "Capabilities": [list(request.capabilities)],
            "Options": dict(request.options),
        }
    )
