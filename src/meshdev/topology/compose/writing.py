"""A Compose project as the text of a meshdev.toml: what it means, with comments on the rest.

Above each table stand the notes of what had no meaning, above ``calls`` the evidence of each edge. Loaded, the text
gives the same system as the Compose files do.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from meshdev.errors import Problem
from meshdev.topology.compose.reading import Reading, notes_of
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.toml_text import document

_OF_NODE = re.compile(r"(services|networks|volumes|secrets|configs)\.([^.:]+)")


def as_toml(reading: Reading) -> str:
    """The text; the reading should have kept its references."""
    sheet = reading.sheet
    comments: dict[KeyPath, list[str]] = {path: list(lines) for path, lines in sheet.comments.items()}
    rest: list[str] = []
    for note in notes_of(reading):
        path = _node_of(note, sheet.tree)
        (comments.setdefault(path, []) if path else rest).append(_line(note))
    return document(sheet.tree, comments, head=_head(reading, rest))


def _head(reading: Reading, rest: Sequence[str]) -> list[str]:
    files = ", ".join(_shown(file, reading.project.root) for file in reading.project.sources)
    told = "`meshdev check` checks it, docs/compose.md tells what became of each key."
    return [f"What {files} said, for meshdev. {told}", *rest]


def _shown(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)


def _node_of(note: Problem, tree: dict[str, object]) -> KeyPath | None:
    match = _OF_NODE.match(note.message)
    if match is None:
        return None
    section = tree.get(match[1])
    name = match[2]
    return (match[1], name) if isinstance(section, dict) and name in section else None


def _line(note: Problem) -> str:
    hint = f" ({note.hint})" if note.hint else ""
    return f"{note.where}: {note.message}{hint}"
