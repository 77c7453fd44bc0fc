"""Which key of a Compose file has which shape (`canonical`): what is not named here is a scalar, if it is known."""

from collections.abc import Mapping

from meshdev.topology import container_forms as forms
from meshdev.topology.compose import keys
from meshdev.topology.compose.canonical import (
    Canonical,
    Shape,
    each,
    hosts,
    mapping,
    named,
    pairs,
    scalar,
    texts,
)
from meshdev.topology.compose.keys import Unmeant
from meshdev.topology.compose.nodes import Node, built

URL = (
    "http://",
    "https://",
    "git://",
    "ssh://",
    "git@",
    "github.com/",
    "docker-image://",
    "oci-layout://",
    "service:",
)


def document(canonical: Canonical, node: Node) -> Node:
    """The whole file; its sections are mappings of mappings."""
    found = dict(node.entries)
    for section, (shapes, known) in SECTIONS.items():
        table = found.pop(section, None)
        if table is None or (table.value is None and not table.tag):
            continue
        if not isinstance(table.value, dict):
            canonical.refuse(table, section, "a mapping by name")
            continue
        entries = {
            name: entry
            if name.startswith("x-") or entry.tag
            else canonical.table(entry, f"{section}.{name}", shapes, known)
            for name, entry in table.entries.items()
        }
        kept = {name: entry for name, entry in entries.items() if entry is not None}
        found[section] = Node(kept, table.where, table.tag)
    return Node(found, node.where, node.tag)


_LONG_PORT = mapping(keys.PORT)
_LONG_GRANT = mapping(keys.GRANT)
_LONG_ENV_FILE = mapping(keys.ENV_FILE)
_LONG_MOUNT: dict[str, Shape] = {
    "bind": mapping(keys.BIND),
    "volume": mapping(keys.VOLUME_OPTIONS),
    "tmpfs": mapping(keys.TMPFS),
}


def _mount(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a mount such as ./data:/data")
    if isinstance(node.value, dict):
        made = shapes.table(node, path, _LONG_MOUNT, keys.MOUNT)
        entries = dict(made.entries) if made else {}
        source = entries.get("source")
        kind = entries["type"].text if "type" in entries else "volume"
        if kind == "bind" and source is not None:
            entries["source"] = source.with_value(shapes.path(source.text))
        return Node(entries, node.where, node.tag)
    try:
        found = forms.volume(node.text)
    except forms.FormError as error:
        return shapes.refuse(node, path, error.accepted)
    if found["type"] == "bind":
        found["source"] = shapes.path(found["source"])
    return built(found, node.where)


def _port(shapes: Canonical, node: Node, path: str) -> Node | list[Node] | None:
    if isinstance(node.value, dict):
        made = _LONG_PORT(shapes, node, path)
        if made is None or made.get("target") is None:
            return shapes.refuse(node, path, "a port with its target")
        return made
    try:
        found = forms.ports(node.text)
    except forms.FormError as error:
        return shapes.refuse(node, path, error.accepted)
    return [built(entry, node.where) for entry in found]


def _env_file(shapes: Canonical, node: Node, path: str) -> Node | None:
    made = _LONG_ENV_FILE(shapes, node, path) if isinstance(node.value, dict) else None
    entries = dict(made.entries) if made else {"path": node}
    written = entries.get("path")
    if written is None or isinstance(written.value, dict | tuple):
        return shapes.refuse(node, path, "a path, or a mapping with path")
    return Node({**entries, "path": written.with_value(shapes.path(written.text))}, node.where)


def _grant(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, dict) and "source" in node.entries:
        return _LONG_GRANT(shapes, node, path)
    if isinstance(node.value, dict | tuple) or node.value is None:
        return shapes.refuse(node, path, "a name, or a mapping with source")
    return built({"source": node}, node.where)


def _build(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a folder, or a mapping with context")
    table = node if isinstance(node.value, dict) else Node({"context": node}, node.where)
    made = shapes.table(table, path, _BUILD, keys.BUILD)
    if made is None:
        return None
    entries = dict(made.entries)
    context = entries.get("context")
    if context is not None and not context.text.startswith(URL):
        entries["context"] = context.with_value(shapes.path(context.text or "."))
    elif context is None:
        entries["context"] = Node(str(shapes.base), node.where)
    return Node(entries, node.where)


def _contexts(shapes: Canonical, node: Node, path: str) -> Node | None:
    found = pairs(shapes, node, path)
    if found is None:
        return None
    return Node(
        {
            name: entry if entry.text.startswith(URL) else entry.with_value(shapes.path(entry.text))
            for name, entry in found.entries.items()
        },
        found.where,
    )


def _ulimits(shapes: Canonical, node: Node, path: str) -> Node | None:
    if not isinstance(node.value, dict):
        return shapes.refuse(node, path, "a mapping such as nofile: 1024")
    found: dict[str, Node] = {}
    for name, entry in node.entries.items():
        short = not isinstance(entry.value, dict)
        table = built({"soft": entry, "hard": entry}, entry.where) if short else entry
        made = shapes.table(table, f"{path}.{name}", {}, keys.ULIMIT)
        if made is not None:
            found[name] = Node(made.value, made.where, entry.tag)
    return Node(found, node.where)


_DEVICE_REQUEST = mapping(keys.DEVICE_REQUEST, {"capabilities": texts, "device_ids": texts, "options": pairs})


def _gpus(shapes: Canonical, node: Node, path: str) -> Node | None:
    if node.value == "all":
        return built([{"count": "all"}], node.where)
    return each(_DEVICE_REQUEST)(shapes, node, path)


def _command(shapes: Canonical, node: Node, path: str) -> Node | None:
    """A line, or a list of words."""
    if isinstance(node.value, dict):
        return shapes.refuse(node, path, "a line, or a list of words")
    return texts(shapes, node, path) if isinstance(node.value, tuple) else node


_WATCH: dict[str, Shape] = {
    "ignore": texts,
    "include": texts,
    "exec": mapping(keys.WATCH_EXEC, {"command": _command}),
}


def _watch(shapes: Canonical, node: Node, path: str) -> Node | None:
    made = shapes.table(node, path, _WATCH, keys.WATCH) if isinstance(node.value, dict) else None
    written = made.get("path") if made else None
    if made is None or written is None:
        return shapes.refuse(node, path, "a mapping with path and action")
    return Node({**made.entries, "path": written.with_value(shapes.path(written.text))}, node.where)


_DEPLOY: dict[str, Shape] = {
    "labels": pairs,
    "restart_policy": mapping(keys.RESTART_POLICY),
    "resources": mapping(
        keys.RESOURCES,
        {
            "limits": mapping(keys.RESOURCE_LIMITS),
            "reservations": mapping(keys.RESERVATIONS, {"devices": each(_DEVICE_REQUEST)}),
        },
    ),
}
_DEVICE: dict[str, Unmeant | None] = dict.fromkeys(("source", "target", "permissions"))


def _device(shapes: Canonical, node: Node, path: str) -> Node | None:
    """In its short form, or as a mapping."""
    if isinstance(node.value, dict):
        return shapes.table(node, path, {}, _DEVICE)
    return scalar(shapes, node, path)


def _ssh(shapes: Canonical, node: Node, path: str) -> Node | None:
    """``ssh``: a list, a text, or a mapping of keys."""
    if isinstance(node.value, dict):
        found = [
            Node(f"{name}={entry.text}" if entry.text else name, entry.where)
            for name, entry in node.entries.items()
        ]
        return Node(tuple(found), node.where)
    return texts(shapes, node, path)


def _external(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "true or false")
    return node


def _file(shapes: Canonical, node: Node, path: str) -> Node | None:
    kept = scalar(shapes, node, path)
    return None if kept is None else kept.with_value(shapes.path(kept.text))


_BUILD: dict[str, Shape] = {
    "args": pairs,
    "labels": pairs,
    "additional_contexts": _contexts,
    "extra_hosts": hosts,
    "secrets": each(_grant),
    "ssh": _ssh,
    **dict.fromkeys(("cache_from", "cache_to", "tags", "platforms"), texts),
}
_EXTENDS: dict[str, Unmeant | None] = dict.fromkeys(("service", "file"))


def _extends(shapes: Canonical, node: Node, path: str) -> Node | None:
    """A service of the same file by its name, or of another one."""
    return (
        shapes.table(node, path, {}, _EXTENDS) if isinstance(node.value, dict) else scalar(shapes, node, path)
    )


_LISTS = ("dns", "dns_search", "dns_opt", "tmpfs", "cap_add", "cap_drop", "security_opt", "group_add")
_MORE_LISTS = ("links", "external_links", "volumes_from", "expose", "profiles", "device_cgroup_rules")
_LINK: dict[str, Shape] = {"aliases": texts, "link_local_ips": texts, "driver_opts": pairs}
SERVICE: dict[str, Shape] = {
    "extends": _extends,
    "build": _build,
    "command": _command,
    "entrypoint": _command,
    "environment": pairs,
    "env_file": each(_env_file),
    "labels": pairs,
    "annotations": pairs,
    "sysctls": pairs,
    "storage_opt": pairs,
    "extra_hosts": hosts,
    "volumes": each(_mount),
    "ports": each(_port),
    "secrets": each(_grant),
    "configs": each(_grant),
    "depends_on": named({"condition": "service_started"}, mapping(keys.DEPENDENCY)),
    "networks": named({}, mapping(keys.NETWORK_LINK, _LINK)),
    "healthcheck": mapping(keys.HEALTHCHECK, {"test": _command}),
    "ulimits": _ulimits,
    "gpus": _gpus,
    "develop": mapping(keys.DEVELOP, {"watch": each(_watch)}),
    "deploy": mapping(keys.DEPLOY, _DEPLOY),
    "logging": mapping(keys.LOGGING, {"options": pairs}),
    "devices": each(_device),
    **dict.fromkeys((*_LISTS, *_MORE_LISTS), texts),
}
_IPAM: dict[str, Shape] = {
    "config": each(mapping(keys.IPAM_POOL, {"aux_addresses": pairs})),
    "options": pairs,
}
SECTIONS: dict[str, tuple[Mapping[str, Shape], Mapping[str, Unmeant | None]]] = {
    "services": (SERVICE, keys.SERVICE),
    "networks": (
        {"labels": pairs, "driver_opts": pairs, "external": _external, "ipam": mapping(keys.IPAM, _IPAM)},
        keys.NETWORK,
    ),
    "volumes": ({"labels": pairs, "driver_opts": pairs, "external": _external}, keys.VOLUME),
    "secrets": ({"file": _file, "external": _external}, keys.SECRET),
    "configs": ({"file": _file, "external": _external}, keys.CONFIG),
}
