"""YAML text as nodes, with Compose's reading of YAML: true and false are the only truth values, no dates, no base 60.

Anchors, aliases and ``<<`` are resolved; a key that comes twice is a problem, as in Compose. A document that would
unfold to more than `MOST` nodes is refused, so that nobody laughs a billion times.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from meshdev.errors import Where
from meshdev.topology.compose.nodes import Node, Report, Tag

MOST = 200_000
_DEEPEST = 100


class _Loader(yaml.SafeLoader):
    """Composes nodes only; its resolvers are those of YAML 1.2 with the octals of 1.1."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 -- PyYAML's way


def _resolver(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolver("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolver("null", r"^(?:~|null|Null|NULL|)$", "~nN\0")
_resolver("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789")
_resolver("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789.")
_resolver("merge", r"^(?:<<)$", "<")
_Loader.yaml_implicit_resolvers[""] = [("tag:yaml.org,2002:null", re.compile(r"^$"))]


def parse(text: str, shown: str, report: Report) -> Node | None:
    """The first document in ``text``; None when there is none, or when it is no YAML (that is reported)."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        report.complain(Where(shown, line), f"YAML: {error.problem or error}", _row(text, line))
        return None
    except yaml.reader.ReaderError as error:
        character = error.character if isinstance(error.character, int) else ord(error.character)
        line = text.count("\n", 0, error.position) + 1
        report.complain(Where(shown, line), f"YAML: the character U+{character:04X} is not allowed")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        report.complain(Where(shown), f"YAML: {str(error).partition(chr(10))[0] or 'nested too deeply'}")
        return None
    if root is None:
        return None
    try:
        return _Conversion(shown, report).node(root, root.start_mark.line + 1, 0)
    except _TooMuchError as error:
        report.complain(Where(shown, error.line), str(error))
        return None


def _row(text: str, line: int) -> str:
    rows = text.split("\n")
    row = rows[line - 1].strip()[:120] if 0 < line <= len(rows) else ""
    return f"the line reads: {row}" if row else ""


class _TooMuchError(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _Conversion:
    """PyYAML's nodes as ours; counts what aliases unfold to."""

    def __init__(self, shown: str, report: Report) -> None:
        self.shown = shown
        self.report = report
        self.count = 0

    def node(self, node: Any, line: int, depth: int) -> Node:
        """``node`` with its place at ``line``: that of its key, or of its own beginning."""
        self.count += 1
        if self.count > MOST or depth > _DEEPEST:
            what = "nested too deeply" if depth > _DEEPEST else f"unfolds to more than {MOST} values"
            raise _TooMuchError(f"YAML: {what}", line)
        where = Where(self.shown, line)
        tag = Tag(node.tag) if node.tag in ("!reset", "!override") else Tag.NONE
        match node:
            case yaml.MappingNode():
                return Node(self._mapping(node, depth), where, tag)
            case yaml.SequenceNode():
                items = (self.node(item, item.start_mark.line + 1, depth + 1) for item in node.value)
                return Node(tuple(items), where, tag)
            case _:
                return Node(_scalar(node, tag), where, tag)

    def _mapping(self, node: Any, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                for source in self._sources(value, line, depth):
                    for name, entry in source.items():
                        merged.setdefault(name, entry)
                continue
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not isinstance(key, yaml.ScalarNode):
                self.report.complain(Where(self.shown, line), "YAML: a key must be text")
            elif name in found:
                message = f'YAML: the key "{name}" is there already at line {found[name].where.line}'
                self.report.complain(Where(self.shown, line), message, "drop one of them")
            else:
                found[name] = self.node(value, line, depth + 1)
        return {**merged, **found}

    def _sources(self, value: Any, line: int, depth: int) -> list[dict[str, Node]]:
        """What ``<<`` brings in: one mapping, or several of which the first wins."""
        wanted = value.value if isinstance(value, yaml.SequenceNode) else [value]
        found = []
        for item in wanted:
            if isinstance(item, yaml.MappingNode):
                self.count += 1
                if depth > _DEEPEST:
                    raise _TooMuchError("YAML: nested too deeply", line)
                found.append(self._mapping(item, depth + 1))
            else:
                self.report.complain(
                    Where(self.shown, line), "YAML: << takes a mapping, or a list of mappings"
                )
        return found


def _scalar(node: Any, tag: Tag) -> Any:
    text: str = node.value
    kind = node.tag
    if tag is not Tag.NONE:  # the tag stands where the type would: read the text as it would be without
        kind = _Loader("").resolve(yaml.ScalarNode, text, (True, False)) if node.style is None else ""  # type: ignore[no-untyped-call]
    match kind:
        case "tag:yaml.org,2002:bool":
            return text.lower() == "true"
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:int":
            return _integer(text)
        case "tag:yaml.org,2002:float":
            return float(text)
        case _:
            return text


def _integer(text: str) -> int | str:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    try:
        if digits.startswith(("0o", "0x")):
            return sign * int(digits, 0)
        if len(digits) > 1 and digits.startswith("0"):
            return sign * int(digits, 8)
        return sign * int(digits)
    except ValueError:  # 089 is no octal, and an endless number is no number
        return text


def read(file: Path, shown: str, report: Report) -> Node | None:
    """The document in ``file``; whatever keeps it from being read is reported."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        report.complain(Where(shown), "no such file")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        report.complain(Where(shown, line), "not UTF-8 text", "save the file as UTF-8")
    except (OSError, ValueError) as error:
        report.complain(Where(shown), f"cannot be read: {getattr(error, 'strerror', None) or error}")
    else:
        return parse(text, shown, report)
    return None
