"""The smaller tables of containers in a topology file, in Compose's words, with Compose's short forms.

What they mean is the business of `topology.containers`; here is only which shapes are accepted. Where Compose takes a
list or a table (labels, sysctls, build arguments), so do we; short forms of mounts and networks become tables here.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from meshdev.topology import container_forms as forms
from meshdev.topology.file_parts import Table
from meshdev.topology.scalars import (
    Flag,
    Interpolated,
    Size,
    Text,
    Texts,
    Unknown,
    VariableText,
    refuse,
    size_of,
)


def _whole(value: Any) -> Any:
    """A whole number, also below zero (-1 is no limit), also from a reference."""
    if isinstance(value, Interpolated) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, Unknown) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise refuse("a whole number")


def _mode(value: Any) -> Any:
    """``0o440`` or ``"0440"``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        digits = value.removeprefix("0o")
        if digits and all(digit in "01234567" for digit in digits):
            return int(digits, 8)
    raise refuse('an octal mode such as 0o440 or "0440"')


def pairs_form(value: Any) -> Any:
    """``["a=1", "b"]`` as the table that it stands for."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return dict(item.partition("=")[::2] for item in value)
    if isinstance(value, dict):
        return {key: "" if item is None else item for key, item in value.items()}
    raise refuse('a table such as { a = "1" }, or an array such as ["a=1"]')


def _hosts_form(value: Any) -> Any:
    if isinstance(value, dict):
        return [f"{name}={item}" for name, found in value.items() for item in _listed(found)]
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _hosts(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refuse('an array such as ["db.local:10.0.0.5"], or a table')
    try:
        return tuple(forms.host(item) for item in value)
    except forms.FormError as error:
        raise refuse(error.accepted) from error


def _argv_or_line(value: Any) -> Any:
    """A command of a container: also nothing at all, which takes away the image's."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise refuse('a command line, or an array of text such as ["redis-server", "--save", ""]')


Integer = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer"})]
Mode = Annotated[int, PlainValidator(_mode), WithJsonSchema({"type": ["integer", "string"]})]
Pairs = Annotated[
    dict[str, VariableText],
    BeforeValidator(pairs_form, json_schema_input_type=dict[str, VariableText] | list[str]),
]
Hosts = Annotated[
    tuple[tuple[str, str], ...],
    PlainValidator(lambda value: _hosts(_hosts_form(value))),
    WithJsonSchema({"type": ["array", "object"]}),
]
Line = Annotated[
    str | tuple[str, ...],
    PlainValidator(_argv_or_line),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class GrantTable(Table):
    """A secret or config that the container gets as a file."""

    source: Text = Field(description="its name in [secrets] or [configs]")
    target: Text | None = Field(default=None, description="/run/secrets/NAME, or /NAME for configs")
    uid: Text | None = Field(default=None, description="its owner in the container")
    gid: Text | None = Field(default=None, description="its group in the container")
    mode: Mode | None = Field(default=None, description='such as 0o440 or "0440"')


def _grants_form(value: Any) -> Any:
    if isinstance(value, list):
        return [{"source": item} if isinstance(item, str) else item for item in value]
    raise refuse('an array such as ["password", { source = "key", target = "/etc/key" }]')


Grants = Annotated[
    tuple[GrantTable, ...],
    BeforeValidator(_grants_form, json_schema_input_type=list[str | GrantTable]),
]


class BuildTable(Table):
    """How the image is built."""

    context: Text = Field(default=".", description="folder (or URL) that is sent to the build")
    dockerfile: Text | None = Field(default=None, description="Dockerfile, from the context")
    dockerfile_inline: Text | None = Field(default=None, description="the Dockerfile's text itself")
    target: Text | None = Field(default=None, description="the stage that is built")
    args: Pairs | None = Field(default=None, description="ARGs of the Dockerfile")
    secrets: Grants | None = Field(default=None, description="[secrets] that the build may read")
    ssh: Texts | None = Field(default=None, description='SSH agents or keys: ["default"]')
    cache_from: Texts | None = Field(default=None, description="images whose layers may be used")
    cache_to: Texts | None = Field(default=None, description="where the cache is written")
    additional_contexts: Pairs | None = Field(default=None, description="further contexts by name")
    labels: Pairs | None = Field(default=None, description="labels of the image")
    extra_hosts: Hosts | None = Field(default=None, description="hosts that the build knows")
    tags: Texts | None = Field(default=None, description="further names of the image")
    platforms: Texts | None = Field(default=None, description="platforms that are built for")
    network: Text | None = Field(default=None, description="network of the build: host, none, or a name")
    shm_size: Size | None = Field(default=None, description="size of /dev/shm while it builds")
    no_cache: Flag = Field(default=False, description="build every layer anew")
    pull: Flag = Field(default=False, description="fetch the base image even if it is there")
    privileged: Flag = Field(default=False, description="build with all rights")


def _build_form(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        return {"context": value}
    if isinstance(value, dict):
        return value
    raise refuse('a folder with a Dockerfile, or a table such as { context = "." }')


BuildEntry = Annotated[BuildTable, BeforeValidator(_build_form, json_schema_input_type=BuildTable | str)]


class BindTable(Table):
    """What only mounts of the host's paths have."""

    propagation: Text | None = Field(default=None, description="rprivate, rshared, …")
    create_host_path: Flag = Field(default=True, description="make the folder when it isn't there")
    selinux: Text | None = Field(default=None, description="z (shared) or Z (private)")
    recursive: Text | None = Field(default=None, description="enabled, disabled, writable or readonly")


class VolumeOptionsTable(Table):
    """What only mounts of volumes have."""

    nocopy: Flag = Field(default=False, description="do not fill it from the image")
    subpath: Text | None = Field(default=None, description="a folder within the volume")
    labels: Pairs | None = Field(default=None, description="labels of an anonymous volume")


class TmpfsTable(Table):
    """What only mounts of memory have."""

    size: Size | None = Field(default=None, description="how much at most")
    mode: Mode | None = Field(default=None, description="rights of its root")


class MountTable(Table):
    """What lies at a path of the container."""

    type: Text = Field(default="volume", description="bind | volume | tmpfs")
    source: Text | None = Field(default=None, description="path of this machine, or name of a volume")
    target: Text = Field(description="path in the container")
    read_only: Flag = Field(default=False, description="cannot be written to")
    consistency: Text | None = Field(default=None, description="Compose: accepted, not needed")
    bind: BindTable | None = Field(default=None, description="more about a path")
    volume: VolumeOptionsTable | None = Field(default=None, description="more about a volume")
    tmpfs: TmpfsTable | None = Field(default=None, description="more about memory")


def _mounts_form(value: Any) -> Any:
    if not isinstance(value, list):
        raise refuse('an array such as ["./src:/app", "data:/data:ro"]')
    try:
        return [forms.volume(item) if isinstance(item, str) else item for item in value]
    except forms.FormError as error:
        raise refuse(error.accepted) from error


Mounts = Annotated[
    tuple[MountTable, ...], BeforeValidator(_mounts_form, json_schema_input_type=list[str | MountTable])
]


class NetworkLinkTable(Table):
    """Who the container is in one network."""

    aliases: Texts = Field(default=(), description="further names there")
    ipv4_address: Text | None = Field(default=None, description="a fixed address")
    ipv6_address: Text | None = Field(default=None, description="a fixed address")
    mac_address: Text | None = Field(default=None, description="a fixed MAC address")
    link_local_ips: Texts = Field(default=(), description="link-local addresses")
    driver_opts: Pairs | None = Field(default=None, description="options of the network's driver")
    priority: Integer = Field(default=0, description="the highest is joined first")
    gw_priority: Integer = Field(default=0, description="the highest is the default gateway")
    interface_name: Text | None = Field(default=None, description="Compose: accepted, has no force here")


def _links_form(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    raise refuse('an array of names, or a table such as { back = { aliases = ["api"] } }')


NetworkLinks = Annotated[
    dict[str, NetworkLinkTable],
    BeforeValidator(_links_form, json_schema_input_type=list[str] | dict[str, NetworkLinkTable]),
]


class UlimitTable(Table):
    """One limit of the kernel."""

    soft: Integer = Field(description="what a program may use; -1 is no limit")
    hard: Integer = Field(description="what it may raise that to; -1 is no limit")


def _ulimit_form(value: Any) -> Any:
    return value if isinstance(value, dict) else {"soft": value, "hard": value}


Ulimits = dict[
    str, Annotated[UlimitTable, BeforeValidator(_ulimit_form, json_schema_input_type=UlimitTable | int)]
]


class LoggingTable(Table):
    """The engine's own log driver."""

    driver: Text | None = Field(default=None, description="json-file, local, journald, …")
    options: Pairs | None = Field(default=None, description="options of the driver")


class DeviceRequestTable(Table):
    """Devices by capability."""

    capabilities: Texts = Field(default=("gpu",), description='such as ["gpu"]')
    driver: Text | None = Field(default=None, description="such as nvidia")
    count: Annotated[
        int | None,
        PlainValidator(lambda value: -1 if value == "all" else _whole(value)),
        WithJsonSchema({"type": ["integer", "string"]}),
    ] = Field(default=None, description='how many, or "all"')
    device_ids: Texts = Field(default=(), description="which ones")
    options: Pairs | None = Field(default=None, description="options of the driver")


def _gpus_form(value: Any) -> Any:
    return [{"count": "all"}] if value == "all" else value


def _device_texts(value: Any) -> Any:
    """``{ source, target, permissions }`` as the short form."""
    if not isinstance(value, list):
        raise refuse('an array such as ["/dev/snd:/dev/snd:rwm"]')
    found = []
    for item in value:
        if isinstance(item, dict) and isinstance(item.get("source"), str):
            target = item.get("target", item["source"])
            permissions = item.get("permissions")
            found.append(":".join(filter(None, (item["source"], target, permissions))))
        elif isinstance(item, str):
            found.append(item)
        else:
            raise refuse('a device such as "/dev/snd:/dev/snd:rwm"')
    return tuple(found)


def _swap(value: Any) -> Any:
    return -1 if value in (-1, "-1") else size_of(value)


def _expose(value: Any) -> Any:
    entries = _listed(value)
    if all(isinstance(item, str | int) and not isinstance(item, bool) for item in entries):
        return tuple(str(item) for item in entries)
    raise refuse('an array of ports such as ["3000", "8000"]')


Devices = Annotated[tuple[str, ...], PlainValidator(_device_texts), WithJsonSchema({"type": "array"})]
Swap = Annotated[int, PlainValidator(_swap), WithJsonSchema({"type": ["integer", "string"]})]
Expose = Annotated[tuple[str, ...], PlainValidator(_expose), WithJsonSchema({"type": "array"})]
Gpus = Annotated[
    tuple[DeviceRequestTable, ...],
    BeforeValidator(_gpus_form, json_schema_input_type=list[DeviceRequestTable] | str),
]
