"""The tree of a meshdev.toml while it is made from a Compose file: plain values, each with its place in that file.

Texts are escaped (``$$``), since the loader puts variables in; or, for a meshdev.toml that is written down, they keep
the references that they had, so that a password that comes from the shell stays there.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshdev.errors import Where
from meshdev.topology.compose.nodes import Node, Report
from meshdev.topology.lines import Path as KeyPath

_FARTHEST = "../../../"


@dataclass(slots=True)
class Sheet:
    """``tree`` as tomllib would give it; ``comments`` are lines to stand above a key or a table."""

    root: Path
    report: Report
    variables: Mapping[str, str]
    references: bool = False
    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Where] = field(default_factory=dict)
    comments: dict[KeyPath, list[str]] = field(default_factory=dict)

    def text(self, node: Node) -> str:
        """A scalar as a text of meshdev.toml."""
        if self.references and node.raw is not None:
            return node.raw
        return escaped(node.text)

    def relative(self, text: str, *, dotted: bool = False) -> str:
        """An absolute path from the project's folder; ``dotted`` says that it must be known for a path."""
        if not text.startswith("/"):
            return escaped(text)
        found = os.path.relpath(text, self.root)
        if found.startswith(_FARTHEST):
            return escaped(text)
        return escaped(f"./{found}" if dotted and not found.startswith(".") else found)

    def place(self, path: KeyPath, node: Node) -> None:
        """Remember where ``path`` comes from, and everything in it."""
        self.places[path] = node.where
        for key, entry in node.entries.items():
            self.place((*path, key), entry)
        for index, entry in enumerate(node.elements):
            self.place((*path, index), entry)

    def comment(self, path: KeyPath, line: str) -> None:
        """A line above ``path``."""
        self.comments.setdefault(path, []).append(line)


def escaped(text: str) -> str:
    """``text`` as it stands for itself, whatever it holds."""
    return text.replace("$", "$$")


@dataclass(frozen=True, slots=True)
class Page:
    """One node's table on the sheet."""

    sheet: Sheet
    name: str
    shown: str
    table: dict[str, Any]

    @property
    def report(self) -> Report:
        """Where problems and notes go."""
        return self.sheet.report

    def put(self, key: str, value: object, node: Node) -> None:
        """``key = value``, from ``node``."""
        self.table[key] = value
        self.sheet.place(("services", self.name, key), node)

    def text(self, key: str, node: Node) -> None:
        """A text as it is."""
        self.put(key, self.sheet.text(node), node)

    def texts(self, key: str, node: Node) -> None:
        """A list of texts as it is; nothing for an empty one."""
        if node.elements:
            self.put(key, [self.sheet.text(item) for item in node.elements], node)

    def pairs(self, key: str, node: Node) -> None:
        """A mapping of texts as it is; nothing for an empty one."""
        if node.entries:
            self.put(key, pairs(self.sheet, node), node)

    def refuse(self, node: Node, key: str, accepted: str) -> None:
        """Report a value of the wrong kind."""
        message = f"{self.shown}.{key}: found {_found(node)}, accepted: {accepted}"
        self.report.complain(node.where, message)

    def flag(self, key: str, node: Node) -> None:
        """True or false."""
        value = truth(node)
        if value is None:
            self.refuse(node, key, "true or false")
        elif value or key == "init":
            self.put(key, value, node)

    def whole(self, key: str, node: Node) -> None:
        """A whole number, also as text."""
        value = number(node)
        if value is None or not value.is_integer():
            self.refuse(node, key, "a whole number")
        else:
            self.put(key, int(value), node)


def pairs(sheet: Sheet, node: Node) -> dict[str, str]:
    """A mapping of scalars as texts."""
    return {key: sheet.text(entry) for key, entry in node.entries.items()}


def truth(node: Node) -> bool | None:
    """True or false, also as the text that a variable gave."""
    if isinstance(node.value, bool):
        return node.value
    return {"true": True, "false": False, "yes": True, "no": False}.get(node.text.lower())


def number(node: Node) -> float | None:
    """A number, also as text."""
    if isinstance(node.value, bool | dict | tuple):
        return None
    try:
        return float(node.text)
    except ValueError:
        return None


def _found(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    return "a list" if isinstance(node.value, tuple) else f'"{node.text[:60]}"'
