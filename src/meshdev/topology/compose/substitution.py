"""Variables put into the values of a file, before anything is made of them. Keys stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from meshdev.topology.compose.interpolation import as_topology, expand
from meshdev.topology.compose.nodes import Node, Report

_HINT = "set it in .env or the shell; as in Compose it is empty"


@dataclass(frozen=True, slots=True)
class Substitution:
    """Puts ``variables`` in; ``own`` tells that meshdev.toml would find the same ones, so references may be kept."""

    variables: Mapping[str, str]
    report: Report
    own: bool = True

    def document(self, node: Node) -> Node:
        """A whole file; what is free (``x-``) is only looked at where it is used."""
        entries = {
            key: entry if key.startswith("x-") else self.node(entry) for key, entry in node.entries.items()
        }
        return Node(entries, node.where, node.tag)

    def node(self, node: Node) -> Node:
        """A value with everything in it."""
        match node.value:
            case dict():
                return Node(
                    {key: self.node(entry) for key, entry in node.value.items()}, node.where, node.tag
                )
            case tuple():
                return Node(tuple(map(self.node, node.value)), node.where, node.tag)
            case str() if "$" in node.value:
                return self._text(node, node.value)
            case _:
                return node

    def _text(self, node: Node, text: str) -> Node:
        found = expand(text, self.variables)
        for message in found.faults:
            self.report.complain(
                node.where, message, 'a plain "$" is "$$"' if "not set" not in message else ""
            )
        for name in dict.fromkeys(found.missing):
            if not any(f"variable {name} is not set" == note.message for note in self.report.notes):
                self.report.note(node.where, f"variable {name} is not set", _HINT)
        raw = as_topology(text, self.variables) if self.own else None
        return Node(found.text, node.where, node.tag, raw)
