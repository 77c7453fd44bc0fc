"""YAML as values that know their lines: `Block` is a mapping, everything else is as YAML's core schema has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from meshdev.errors import UsageError

MOST_NODES: Final = 200_000
_MERGE: Final = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping; ``lines`` are those of its keys, counted from 1, ``line`` its own."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    line: int

    def block(self, key: str) -> "Block":
        """The mapping at ``key``; an empty one when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, Block) else Block({}, {}, self.line_of(key))

    def blocks(self, key: str) -> list["Block"]:
        """The mappings in the list at ``key``."""
        return [one for one in self.listed(key) if isinstance(one, Block)]

    def listed(self, key: str) -> list[Any]:
        """The list at ``key``; an empty one when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, list) else []

    def text(self, key: str) -> str:
        """The text at ``key``."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def line_of(self, key: str) -> int:
        """Where ``key`` stands."""
        return self.lines.get(key, self.line)

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None


def documents(text: str) -> Iterator[Block]:
    """The mappings among the documents of ``text``. Raises UsageError when it is no YAML."""
    try:
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            value = _Reader().value(node)
            if isinstance(value, Block):
                yield value
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{where}no YAML: {problem}") from error
    except RecursionError as error:
        raise UsageError("no YAML that can be read: it is nested too deeply") from error


class _Reader:
    """Makes values of one document's nodes; what is meant several times is made several times, bounded."""

    def __init__(self) -> None:
        self._scalars = yaml.constructor.SafeConstructor()
        self._count = 0

    def value(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MOST_NODES:
            raise UsageError("no YAML that can be read: there is too much of it")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            values: dict[str, Any] = {}
            lines: dict[str, int] = {}
            for key, item in node.value:
                if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                    continue
                values[key.value] = self.value(item)
                lines[key.value] = key.start_mark.line + 1
            return Block(values, lines, node.start_mark.line + 1)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return node.value
