"""One shape for everything: short forms become long ones, lists of ``NAME=value`` mappings, paths absolute.

Done for each file before files are merged, since merging needs to see what belongs together, and since paths start from
the folder of the file that has them. What has the wrong shape is reported and left out, so that everything after this
may trust it. Which key has which shape is in `shapes`; names are judged in `keys`, meanings in `services`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from meshdev.topology.compose.keys import Unmeant
from meshdev.topology.compose.nodes import Node, Report, built, scalar_text
from meshdev.topology.paths import placed

Shape = Callable[["Canonical", Node, str], Node | None]


class Canonical:
    """Shapes of one file, whose relative paths start from ``base``."""

    def __init__(self, base: Path, report: Report) -> None:
        self.base = base
        self.report = report

    def table(
        self, node: Node, path: str, shapes: Mapping[str, Shape], known: Mapping[str, Unmeant | None]
    ) -> Node | None:
        """A mapping with the shapes of its keys, those that are ``known`` being scalars; null is an empty one."""
        if node.value is None:
            return node.with_value({})
        if not isinstance(node.value, dict):
            return self.refuse(node, path, "a mapping")
        found: dict[str, Node] = {}
        for key, entry in node.entries.items():
            shape = shapes.get(key) or (scalar if key in known and known[key] is None else None)
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


def each(entry: Callable[[Canonical, Node, str], Node | list[Node] | None]) -> Shape:
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


def mapping(known: Mapping[str, Unmeant | None], shapes: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping of which these keys are ``known``: scalars, but for those with a shape of their own."""

    def shape(canonical: Canonical, node: Node, path: str) -> Node | None:
        return canonical.table(node, path, shapes or {}, known)

    return shape


def named(default: dict[str, Any], entry_shape: Shape) -> Shape:
    """A list of names as the mapping that it stands for; null entries become ``default``."""

    def one(shapes: Canonical, node: Node, path: str) -> Node | None:
        if node.tag:
            return node
        return built(default, node.where) if node.value is None else entry_shape(shapes, node, path)

    def shape(shapes: Canonical, node: Node, path: str) -> Node | None:
        if isinstance(node.value, dict):
            made = {name: one(shapes, it, f"{path}.{name}") for name, it in node.entries.items()}
            return Node({name: entry for name, entry in made.items() if entry is not None}, node.where)
        if not isinstance(node.value, tuple) or any(
            isinstance(it.value, dict | tuple) for it in node.elements
        ):
            return shapes.refuse(node, path, "a list of names, or a mapping by name")
        return Node({item.text: built(default, item.where) for item in node.elements}, node.where)

    return shape


_NULL_COUNTS = frozenset({"environment"})
