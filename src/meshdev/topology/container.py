"""A container as the topology has it: everything that its engine must be told, in Compose's words.

What is None, empty or False was not written, and is left to the image or to the engine. Paths of the host are
absolute, sizes are bytes, times are seconds, octal modes are whole numbers. Texts of ``command`` and ``entrypoint``
(and the values of `Service.environment`) are templates that are resolved at launch (`topology.template`); everything
else is final.

`Service` keeps what processes have too: environment, endpoints, restart, stop (``stop_signal`` here is empty when the
image's own STOPSIGNAL counts), limits (memory, CPUs), watch. `Service.healthcheck` is what meshdev asks;
`Container.healthcheck` is the same in the engine's own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileGrant:
    """A secret or config that lies in the container as a file, at ``target``.

    It comes from a file of the host (``source``), or is ``content`` (which ``variable`` held); ``external`` names one
    that only a swarm keeps, which no plain engine can give.
    """

    target: str
    name: str = ""
    source: Path | None = None
    content: str | None = field(default=None, repr=False)
    variable: str = ""
    external: str = ""
    uid: str = ""
    gid: str = ""
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """How an image is built: ``context`` is a folder, or ``remote`` a URL. ``dockerfile`` starts at the context."""

    context: Path | None = None
    remote: str = ""
    dockerfile: str = ""
    dockerfile_inline: str = ""
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[FileGrant, ...] = ()
    ssh: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    additional_contexts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    extra_hosts: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    network: str = ""
    shm_size: int | None = None
    no_cache: bool = False
    pull: bool = False
    privileged: bool = False


class MountKind(StrEnum):
    """What lies at the target of a mount."""

    BIND = "bind"
    VOLUME = "volume"
    TMPFS = "tmpfs"


@dataclass(frozen=True, slots=True)
class Mount:
    """Something at ``target``.

    It is a path of the host (bind), a volume by its key in `System.volumes` (anonymous: ""; a volume may have no table
    there), or memory (tmpfs). ``subpath`` is a folder within the volume.
    """

    kind: MountKind
    target: str
    source: str = ""
    read_only: bool = False
    create_host_path: bool = True
    propagation: str = ""
    selinux: str = ""
    nocopy: bool = False
    subpath: str = ""
    size: int | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkLink:
    """One network that the container is in, by its key in `System.networks`, and who it is there."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: str = ""
    ipv6_address: str = ""
    mac_address: str = ""
    link_local_ips: tuple[str, ...] = ()
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    gw_priority: int = 0


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A limit of the kernel; -1 is no limit."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Logging:
    """The engine's own log driver."""

    driver: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Devices by capability (GPUs): ``count`` of them (-1: all), or those with these ``device_ids``."""

    capabilities: tuple[str, ...] = ("gpu",)
    driver: str = ""
    count: int | None = None
    device_ids: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineHealthcheck:
    """Health in the engine's words.

    ``test`` is ``("CMD", …)``, ``("CMD-SHELL", line)``, ``("NONE",)`` (the image's own is switched off) or empty (the
    image's own, with these times). Seconds; None is the image's.
    """

    test: tuple[str, ...] = ()
    interval: float | None = None
    timeout: float | None = None
    retries: int | None = None
    start_period: float | None = None
    start_interval: float | None = None

    @property
    def disabled(self) -> bool:
        """Whether the image's own healthcheck is switched off."""
        return self.test == ("NONE",)


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits and shares beyond `Service.limits`."""

    memory_reservation: int | None = None
    memory_swap: int | None = None
    memory_swappiness: int | None = None
    cpu_shares: int | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpu_rt_runtime: int | None = None
    cpu_rt_period: int | None = None
    cpuset: str = ""
    cpu_reservation: float | None = None
    pids: int | None = None
    oom_kill_disable: bool = False
    oom_score_adj: int | None = None
    shm_size: int | None = None
    device_requests: tuple[DeviceRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Namespaces that are not the container's own: ``host``, ``none``, ``service:NAME``, ``container:NAME``."""

    network: str = ""
    pid: str = ""
    ipc: str = ""
    uts: str = ""
    user: str = ""
    cgroup: str = ""
    cgroup_parent: str = ""


@dataclass(frozen=True, slots=True)
class PullPolicy:
    """``always``, ``never``, ``missing`` (the default), ``build``; ``every`` seconds where an age is given."""

    policy: str = "missing"
    every: float | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """Run as a container: of ``image``, or of what ``build`` makes (which is called ``image`` if both are written).

    ``command`` and ``entrypoint`` are argvs; None is the image's own, an empty one takes it away. ``links`` are
    (service, the name that this container knows it by). ``unsupported`` names what was written and has no force here.
    """

    image: str = ""
    build: ImageBuild | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    working_dir: str = ""
    user: str = ""
    group_add: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    files: tuple[FileGrant, ...] = ()
    networks: tuple[NetworkLink, ...] = ()
    namespaces: Namespaces = Namespaces()
    links: tuple[tuple[str, str], ...] = ()
    external_links: tuple[tuple[str, str], ...] = ()
    expose: tuple[str, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    container_name: str = ""
    hostname: str = ""
    domainname: str = ""
    mac_address: str = ""
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    privileged: bool = False
    read_only: bool = False
    init: bool | None = None
    tty: bool = False
    stdin_open: bool = False
    devices: tuple[str, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    ulimits: tuple[Ulimit, ...] = ()
    storage_opt: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    logging: Logging | None = None
    platform: str = ""
    runtime: str = ""
    pull_policy: PullPolicy = PullPolicy()
    stop_signal: str = ""
    resources: Resources = Resources()
    healthcheck: EngineHealthcheck | None = None
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the system, or one of the engine's (``external``). ``name`` is what the engine calls it, if written.

    ``ipam`` are the pools as the engine takes them: subnet, ip_range, gateway, aux_addresses.
    """

    key: str
    name: str = ""
    external: bool = False
    driver: str = ""
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    internal: bool = False
    attachable: bool = False
    enable_ipv4: bool | None = None
    enable_ipv6: bool | None = None
    ipam_driver: str = ""
    ipam: tuple[Mapping[str, object], ...] = ()
    ipam_options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume of the system, or one of the engine's (``external``)."""

    key: str
    name: str = ""
    external: bool = False
    driver: str = ""
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
