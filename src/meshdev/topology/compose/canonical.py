"""One shape for everything: short forms become long ones, lists of ``NAME=value`` mappings, paths absolute.

Done for each file before files are merged, since merging needs to see what belongs together, and since paths start from
the folder of the file that has them. What has the wrong shape is reported and left out. Names are not judged here
(`keys`), nor is what anything means (`services`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from meshdev.topology import container_forms as forms
from meshdev.topology.compose.nodes import Node, Report, built, scalar_text
from meshdev.topology.paths import placed

Shape = Callable[["Canonical", Node, str], Node | None]
_URL = (
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


class Canonical:
    """Shapes of one file, whose relative paths start from ``base``."""

    def __init__(self, base: Path, report: Report) -> None:
        self.base = base
        self.report = report

    def document(self, node: Node) -> Node:
        """The whole file; its sections are mappings of mappings."""
        found = dict(node.entries)
        for section, shapes in SECTIONS.items():
            table = found.pop(section, None)
            if table is None or (table.value is None and not table.tag):
                continue
            if not isinstance(table.value, dict):
                self.refuse(table, section, "a mapping by name")
                continue
            entries = {
                name: entry
                if name.startswith("x-") or entry.tag
                else self.table(entry, f"{section}.{name}", shapes)
                for name, entry in table.entries.items()
            }
            found[section] = Node(
                {name: entry for name, entry in entries.items() if entry is not None}, table.where, table.tag
            )
        return Node(found, node.where, node.tag)

    def table(self, node: Node, path: str, shapes: dict[str, Shape]) -> Node | None:
        """A mapping with the shapes of its keys; null is an empty one."""
        if node.value is None:
            return node.with_value({})
        if not isinstance(node.value, dict):
            return self.refuse(node, path, "a mapping")
        found: dict[str, Node] = {}
        for key, entry in node.entries.items():
            shape = shapes.get(key)
            bare = entry.value is None and key not in _NULL_COUNTS
            kept = entry if shape is None or bare else shape(self, entry, f"{path}.{key}")
            if kept is not None:
                found[key] = Node(kept.value, kept.where, entry.tag, kept.raw)
        return Node(found, node.where, node.tag)

    def refuse(self, node: Node, path: str, accepted: str) -> Node | None:
        """Report what has the wrong shape; there is nothing in its place."""
        self.report.complain(node.where, f"{path}: found {_found(node)}, accepted: {accepted}")
        return None

    def path(self, text: str) -> str:
        """``text`` from this file's folder on."""
        return placed(self.base, text)


def _found(node: Node) -> str:
    match node.value:
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case None:
            return "nothing"
        case str():
            return f'"{node.value[:60]}"'
        case _:
            return scalar_text(node.value)


def pairs(shapes: Canonical, node: Node, path: str) -> Node | None:
    """``["A=1", "B"]`` or a mapping: a mapping whose values are scalars, null for ``B`` alone."""
    if isinstance(node.value, dict):
        found = {}
        for key, entry in node.entries.items():
            if isinstance(entry.value, dict | tuple):
                shapes.refuse(entry, f"{path}.{key}", "text, a number, true, false or nothing")
            else:
                found[key] = entry
        return Node(found, node.where)
    if not isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a mapping, or a list of NAME=value")
    found = {}
    for item in node.elements:
        if isinstance(item.value, dict | tuple):
            shapes.refuse(item, path, "NAME=value")
            continue
        name, equals, value = item.text.partition("=")
        raw_name, _, raw = (item.raw or "").partition("=")
        found[name] = Node(
            value if equals else None, item.where, raw=raw if item.raw and raw_name == name else None
        )
    return Node(found, node.where)


def texts(shapes: Canonical, node: Node, path: str) -> Node | None:
    """A list of scalars, or one scalar."""
    if isinstance(node.value, dict):
        return shapes.refuse(node, path, "a list, or one text")
    if not isinstance(node.value, tuple):
        return Node((node,), node.where)
    if any(isinstance(item.value, dict | tuple) for item in node.elements):
        return shapes.refuse(node, path, "a list of text")
    return node


def scalar(shapes: Canonical, node: Node, path: str) -> Node | None:
    """Text, a number or a truth value."""
    if isinstance(node.value, dict | tuple):
        return shapes.refuse(node, path, "text, a number, true or false")
    return node


def hosts(shapes: Canonical, node: Node, path: str) -> Node | None:
    """``extra_hosts``: a list of ``HOST=ADDRESS``, also from a mapping."""
    if isinstance(node.value, dict):
        found = [
            Node(f"{name}={address.text}", address.where)
            for name, entry in node.entries.items()
            for address in (entry.elements or (entry,))
        ]
        return Node(tuple(found), node.where)
    return texts(shapes, node, path)


def _each(entry: Callable[[Canonical, Node, str], Node | list[Node] | None]) -> Shape:
    """A list whose every element has the shape ``entry``, which may make several of one."""

    def shape(shapes: Canonical, node: Node, path: str) -> Node | None:
        items = node.elements if isinstance(node.value, tuple) else (node,)
        if isinstance(node.value, dict):
            return shapes.refuse(node, path, "a list")
        found: list[Node] = []
        for index, item in enumerate(items):
            made = entry(shapes, item, f"{path}[{index}]")
            found += made if isinstance(made, list) else [made] if made is not None else []
        return Node(tuple(found), node.where)

    return shape


def _named(default: dict[str, Any] | None) -> Shape:
    """A list of names as the mapping that it stands for; null entries become ``default``."""

    def shape(shapes: Canonical, node: Node, path: str) -> Node | None:
        if isinstance(node.value, dict):
            return Node(
                {
                    name: built(default, entry.where) if entry.value is None and not entry.tag else entry
                    for name, entry in node.entries.items()
                },
                node.where,
            )
        if not isinstance(node.value, tuple) or any(
            isinstance(it.value, dict | tuple) for it in node.elements
        ):
            return shapes.refuse(node, path, "a list of names, or a mapping by name")
        return Node({item.text: built(default, item.where) for item in node.elements}, node.where)

    return shape


def _mount(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a mount such as ./data:/data")
    if isinstance(node.value, dict):
        entries = dict(node.entries)
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
        if "target" not in node.entries:
            return shapes.refuse(node, path, "a port with its target")
        return node
    try:
        found = forms.ports(node.text)
    except forms.FormError as error:
        return shapes.refuse(node, path, error.accepted)
    return [built(entry, node.where) for entry in found]


def _env_file(shapes: Canonical, node: Node, path: str) -> Node | None:
    entries = node.entries or {"path": node}
    if "path" not in entries or isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a path, or a mapping with path")
    written = entries["path"]
    return Node({**entries, "path": written.with_value(shapes.path(written.text))}, node.where)


def _grant(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, dict) and "source" in node.entries:
        return node
    if isinstance(node.value, dict | tuple):
        return shapes.refuse(node, path, "a name, or a mapping with source")
    return built({"source": node}, node.where)


def _build(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "a folder, or a mapping with context")
    table = node if isinstance(node.value, dict) else Node({"context": node}, node.where)
    made = shapes.table(table, path, _BUILD)
    if made is None:
        return None
    entries = dict(made.entries)
    context = entries.get("context")
    if context is not None and not context.text.startswith(_URL):
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
            name: entry if entry.text.startswith(_URL) else entry.with_value(shapes.path(entry.text))
            for name, entry in found.entries.items()
        },
        found.where,
    )


def _ulimits(shapes: Canonical, node: Node, path: str) -> Node | None:
    if not isinstance(node.value, dict):
        return shapes.refuse(node, path, "a mapping such as nofile: 1024")
    found = {
        name: entry if isinstance(entry.value, dict) else built({"soft": entry, "hard": entry}, entry.where)
        for name, entry in node.entries.items()
    }
    return Node(found, node.where)


def _gpus(shapes: Canonical, node: Node, path: str) -> Node | None:
    if node.value == "all":
        return built([{"count": "all"}], node.where)
    return _each(lambda _s, item, _p: item)(shapes, node, path)


def _develop(shapes: Canonical, node: Node, path: str) -> Node | None:
    return shapes.table(node, path, {"watch": _each(_watch)})


def _watch(shapes: Canonical, node: Node, path: str) -> Node | None:
    written = node.entries.get("path")
    if written is None:
        return shapes.refuse(node, path, "a mapping with path and action")
    entries = {**node.entries, "path": written.with_value(shapes.path(written.text))}
    for key in ("ignore", "include"):
        listed = texts(shapes, entries[key], f"{path}.{key}") if key in entries else None
        if listed is not None:
            entries[key] = listed
    return Node(entries, node.where)


def _deploy(shapes: Canonical, node: Node, path: str) -> Node | None:
    return shapes.table(node, path, {"labels": pairs})


def _file(shapes: Canonical, node: Node, path: str) -> Node | None:
    kept = scalar(shapes, node, path)
    return None if kept is None else kept.with_value(shapes.path(kept.text))


def _external(shapes: Canonical, node: Node, path: str) -> Node | None:
    if isinstance(node.value, tuple):
        return shapes.refuse(node, path, "true or false")
    return node


def _logging(shapes: Canonical, node: Node, path: str) -> Node | None:
    return shapes.table(node, path, {"options": pairs})


def _ssh(shapes: Canonical, node: Node, path: str) -> Node | None:
    """``ssh``: a list, a text, or a mapping of keys."""
    if isinstance(node.value, dict):
        found = [
            Node(f"{name}={entry.text}" if entry.text else name, entry.where)
            for name, entry in node.entries.items()
        ]
        return Node(tuple(found), node.where)
    return texts(shapes, node, path)


_NULL_COUNTS = frozenset({"environment"})
_BUILD: dict[str, Shape] = {
    "args": pairs,
    "labels": pairs,
    "additional_contexts": _contexts,
    "extra_hosts": hosts,
    "secrets": _each(_grant),
    "cache_from": texts,
    "cache_to": texts,
    "ssh": _ssh,
    "tags": texts,
    "platforms": texts,
    "ulimits": _ulimits,
    **dict.fromkeys(
        ("dockerfile", "dockerfile_inline", "target", "network", "shm_size", "no_cache", "pull"), scalar
    ),
}
_LISTS = (
    "dns",
    "dns_search",
    "dns_opt",
    "tmpfs",
    "label_file",
    "cap_add",
    "cap_drop",
    "security_opt",
    "group_add",
)
_MORE_LISTS = ("links", "external_links", "volumes_from", "expose", "profiles", "device_cgroup_rules")
_SCALARS = (
    "image",
    "user",
    "working_dir",
    "hostname",
    "domainname",
    "container_name",
    "network_mode",
    "restart",
)
_MORE_SCALARS = (
    "stop_signal",
    "stop_grace_period",
    "platform",
    "runtime",
    "pull_policy",
    "pid",
    "ipc",
    "init",
)
SERVICE: dict[str, Shape] = {
    "build": _build,
    "environment": pairs,
    "env_file": _each(_env_file),
    "labels": pairs,
    "annotations": pairs,
    "sysctls": pairs,
    "storage_opt": pairs,
    "extra_hosts": hosts,
    "volumes": _each(_mount),
    "ports": _each(_port),
    "secrets": _each(_grant),
    "configs": _each(_grant),
    "depends_on": _named({"condition": "service_started"}),
    "networks": _named({}),
    "ulimits": _ulimits,
    "gpus": _gpus,
    "develop": _develop,
    "deploy": _deploy,
    "logging": _logging,
    "devices": _each(lambda _shapes, node, _path: node),
    **dict.fromkeys((*_LISTS, *_MORE_LISTS), texts),
    **dict.fromkeys((*_SCALARS, *_MORE_SCALARS), scalar),
}


SECTIONS: dict[str, dict[str, Shape]] = {
    "services": SERVICE,
    "networks": {"labels": pairs, "driver_opts": pairs, "external": _external},
    "volumes": {"labels": pairs, "driver_opts": pairs, "external": _external},
    "secrets": {"labels": pairs, "file": _file, "external": _external},
    "configs": {"labels": pairs, "file": _file, "external": _external, "content": scalar},
}
