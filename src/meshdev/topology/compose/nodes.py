"""A Compose file as nodes: each value with the place where it stands, and what it was before variables came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from meshdev.errors import Problem, Where


class Tag(StrEnum):
    """Compose's own YAML tags: take away what an earlier file said, or take its place."""

    NONE = ""
    RESET = "!reset"
    OVERRIDE = "!override"


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a tuple of nodes, or a mapping of nodes by key.

    ``raw`` is the text before variables came in, None when it is the same (or when they came from elsewhere than the
    project's own environment).
    """

    value: Any
    where: Where
    tag: Tag = Tag.NONE
    raw: str | None = None

    @property
    def entries(self) -> Mapping[str, "Node"]:
        """The mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def elements(self) -> "tuple[Node, ...]":
        """The sequence; empty for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def text(self) -> str:
        """A scalar as text: true and false in YAML's words, nothing for null (and for what is no scalar)."""
        return "" if isinstance(self.value, dict | tuple) else scalar_text(self.value)

    def get(self, key: str) -> "Node | None":
        """The entry of a mapping, None when it is not there or null."""
        found = self.entries.get(key)
        return None if found is None or found.value is None else found

    def with_value(self, value: Any) -> "Node":
        """The same place with another value."""
        return replace(self, value=value, raw=None)


def scalar_text(value: Any) -> str:
    """``value`` as Compose turns scalars into text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(int(value)) if value.is_integer() else repr(value)
        case _:
            return str(value)


def plain(node: Node) -> Any:
    """The values alone."""
    if isinstance(node.value, dict):
        return {key: plain(entry) for key, entry in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(entry) for entry in node.value]
    return node.value


def built(value: Any, where: Where) -> Node:
    """``value`` as nodes at ``where``; what are nodes already stay where they are."""
    match value:
        case Node():
            return value
        case Mapping():
            return Node({key: built(entry, where) for key, entry in value.items()}, where)
        case str():
            return Node(value, where)
        case Sequence():
            return Node(tuple(built(entry, where) for entry in value), where)
        case _:
            return Node(value, where)


@dataclass(slots=True)
class Report:
    """What is wrong with the files (``problems``), and what has no meaning here (``notes``)."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def complain(self, where: Where, message: str, hint: str = "") -> None:
        """Something that no Compose would take."""
        self.problems.append(Problem(where, message, hint))

    def note(self, where: Where, message: str, hint: str = "") -> None:
        """Something that means nothing here, or something else."""
        problem = Problem(where, message, hint)
        if problem not in self.notes:
            self.notes.append(problem)
