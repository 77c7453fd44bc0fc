"""The tables of a topology file that only containers have: their part of a node, and networks, volumes and files.

What they mean is the business of `topology.containers`; here is only which shapes are accepted.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from meshdev.topology.file_container_parts import (
    BuildEntry,
    Devices,
    Expose,
    Gpus,
    Grants,
    Hosts,
    Integer,
    Line,
    LoggingTable,
    Mounts,
    NetworkLinks,
    Pairs,
    Swap,
    Ulimits,
)
from meshdev.topology.file_parts import Table, free_names
from meshdev.topology.scalars import Flag, Number, Size, Text, Texts


class ContainerTable(Table):
    """What only containers have; beside a process each of these keys is an error."""

    build: BuildEntry | None = Field(
        default=None, description="build and run a container: folder with a Dockerfile, or a table"
    )
    entrypoint: Line | None = Field(
        default=None, description="what the image starts; `command` are its arguments"
    )
    user: Text | None = Field(default=None, description="who runs it: name, uid or uid:gid")
    group_add: Texts | None = Field(default=None, description="further groups of the user")
    volumes: Mounts | None = Field(default=None, description='"./src:/app", "data:/data:ro", or tables')
    volumes_from: Texts | None = Field(default=None, description="services whose mounts it has too")
    tmpfs: Texts | None = Field(default=None, description='memory at a path: "/tmp" or "/tmp:size=64m"')
    secrets: Grants | None = Field(default=None, description="[secrets] that lie in it as files")
    configs: Grants | None = Field(default=None, description="[configs] that lie in it as files")
    networks: NetworkLinks | None = Field(default=None, description="[networks] that it is in")
    network_mode: Text | None = Field(default=None, description="host | none | service:NAME | container:NAME")
    links: Texts | None = Field(default=None, description='"db:database": db is also called database here')
    external_links: Texts | None = Field(default=None, description="containers that others started")
    expose: Expose | None = Field(default=None, description="ports that it says it listens on")
    extra_hosts: Hosts | None = Field(default=None, description='"db.local:10.0.0.5"')
    dns: Texts | None = Field(default=None, description="name servers")
    dns_search: Texts | None = Field(default=None, description="search domains")
    dns_opt: Texts | None = Field(default=None, description="options of the resolver")
    container_name: Text | None = Field(
        default=None, description="the container's own name: one instance only"
    )
    hostname: Text | None = Field(default=None, description="what the container calls itself")
    domainname: Text | None = Field(default=None, description="its domain")
    mac_address: Text | None = Field(default=None, description="a fixed MAC address")
    cap_add: Texts | None = Field(default=None, description="capabilities beyond the usual")
    cap_drop: Texts | None = Field(default=None, description="capabilities that it does without")
    security_opt: Texts | None = Field(default=None, description="labels and profiles of the kernel's guards")
    privileged: Flag | None = Field(default=None, description="all rights on the machine")
    read_only: Flag | None = Field(default=None, description="its own files cannot be written to")
    init: Flag | None = Field(default=None, description="a tiny init that passes signals on and reaps")
    tty: Flag | None = Field(default=None, description="a terminal")
    stdin_open: Flag | None = Field(default=None, description="its input stays open")
    devices: Devices | None = Field(default=None, description='devices: "/dev/snd:/dev/snd:rwm"')
    device_cgroup_rules: Texts | None = Field(default=None, description="rules of the device controller")
    gpus: Gpus | None = Field(default=None, description='GPUs: "all", or tables')
    sysctls: Pairs | None = Field(default=None, description="parameters of the kernel")
    ulimits: Ulimits | None = Field(default=None, description="limits of the kernel: nofile, nproc, …")
    shm_size: Size | None = Field(default=None, description="size of /dev/shm")
    storage_opt: Pairs | None = Field(default=None, description="options of the storage driver")
    labels: Pairs | None = Field(default=None, description="labels of the container")
    annotations: Pairs | None = Field(default=None, description="annotations of the container")
    logging: LoggingTable | None = Field(default=None, description="the engine's own log driver")
    platform: Text | None = Field(default=None, description="such as linux/amd64")
    runtime: Text | None = Field(default=None, description="such as runc")
    pull_policy: Text | None = Field(
        default=None, description="missing (default) | always | never | build | daily | weekly | every_12h"
    )
    pid: Text | None = Field(default=None, description="host | service:NAME | container:NAME")
    ipc: Text | None = Field(
        default=None, description="host | private | shareable | service:NAME | container:NAME"
    )
    uts: Text | None = Field(default=None, description="host")
    cgroup: Text | None = Field(default=None, description="host | private")
    cgroup_parent: Text | None = Field(default=None, description="the parent of its cgroup")
    userns_mode: Text | None = Field(default=None, description="host")
    pids_limit: Integer | None = Field(default=None, description="how many processes; -1 is no limit")
    mem_reservation: Size | None = Field(default=None, description="memory that is kept for it")
    memswap_limit: Swap | None = Field(default=None, description="memory and swap together; -1 is no limit")
    mem_swappiness: Integer | None = Field(default=None, description="0 to 100")
    oom_kill_disable: Flag | None = Field(default=None, description="not killed when memory runs out")
    oom_score_adj: Integer | None = Field(default=None, description="-1000 to 1000")
    cpu_shares: Integer | None = Field(default=None, description="weight against others (1024)")
    cpu_quota: Integer | None = Field(default=None, description="microseconds in each period")
    cpu_period: Integer | None = Field(default=None, description="length of a period, microseconds")
    cpu_rt_runtime: Integer | None = Field(default=None, description="real-time microseconds in each period")
    cpu_rt_period: Integer | None = Field(
        default=None, description="length of a real-time period, microseconds"
    )
    cpuset: Text | None = Field(default=None, description='CPUs that it may use: "0-2"')
    cpu_reservation: Number | None = Field(default=None, description="CPUs that are kept for it")


class IpamPoolTable(Table):
    """One range of addresses."""

    subnet: Text | None = Field(default=None, description="such as 172.28.0.0/16")
    ip_range: Text | None = Field(default=None, description="from which addresses are given")
    gateway: Text | None = Field(default=None, description="the gateway's address")
    aux_addresses: Pairs | None = Field(default=None, description="addresses that others have")


class IpamTable(Table):
    """How addresses of a network are given."""

    driver: Text | None = Field(default=None, description="default")
    config: tuple[IpamPoolTable, ...] = Field(default=(), description="ranges of addresses")
    options: Pairs | None = Field(default=None, description="options of the driver")


class NetworkTable(Table):
    """A network of containers."""

    name: Text | None = Field(default=None, description="what the engine calls it")
    external: Flag = Field(default=False, description="it is there already, and stays")
    driver: Text | None = Field(default=None, description="bridge (default), …")
    driver_opts: Pairs | None = Field(default=None, description="options of the driver")
    internal: Flag = Field(default=False, description="no way out of it")
    attachable: Flag = Field(default=False, description="others may join")
    enable_ipv4: Flag | None = Field(default=None, description="IPv4 addresses")
    enable_ipv6: Flag | None = Field(default=None, description="IPv6 addresses")
    ipam: IpamTable | None = Field(default=None, description="how addresses are given")
    labels: Pairs | None = Field(default=None, description="its labels")


class VolumeTable(Table):
    """A named volume."""

    name: Text | None = Field(default=None, description="what the engine calls it")
    external: Flag = Field(default=False, description="it is there already, and stays")
    driver: Text | None = Field(default=None, description="local (default), …")
    driver_opts: Pairs | None = Field(default=None, description="options of the driver")
    labels: Pairs | None = Field(default=None, description="its labels")


class FileSourceTable(Table):
    """A secret or a config: where its content comes from."""

    file: Text | None = Field(default=None, description="a file of this machine")
    environment: Text | None = Field(default=None, description="the variable that holds it")
    content: Text | None = Field(default=None, description="the content itself")
    external: Flag = Field(default=False, description="only a swarm has it")
    name: Text | None = Field(default=None, description="what a swarm calls it")


_Sources = Annotated[dict[str, FileSourceTable], BeforeValidator(free_names)]


class ContainerSections(Table):
    """The sections of a file that only containers use."""

    networks: Annotated[dict[str, NetworkTable], BeforeValidator(free_names)] = Field(
        default={}, description="networks of containers by name"
    )
    volumes: Annotated[dict[str, VolumeTable], BeforeValidator(free_names)] = Field(
        default={}, description="volumes of containers by name"
    )
    secrets: _Sources = Field(default={}, description="secrets that containers get as files, by name")
    configs: _Sources = Field(default={}, description="configs that containers get as files, by name")
