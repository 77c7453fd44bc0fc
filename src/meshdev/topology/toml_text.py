"""Plain values as the text of a TOML file that people read: short tables in one line, the others with headers.

Comments are given by the path of the key or table that they stand above.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshdev.topology.lines import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def document(
    tree: Mapping[str, Any], comments: Mapping[Path, Sequence[str]] | None = None, *, head: Sequence[str] = ()
) -> str:
    """The whole file; ``head`` are comment lines at its top."""
    lines = [f"# {line}".rstrip() for line in head]
    lines += _table((), tree, comments or {}, named=False)
    return "\n".join(lines).strip("\n") + "\n"


def text(value: str) -> str:
    """``value`` as a TOML string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """``name`` as a TOML key."""
    return name if _BARE.fullmatch(name) else text(name)


def inline(value: Any) -> str:
    """``value`` in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return text(value)
        case Mapping():
            if not value:
                return "{}"
            return f"{{ {', '.join(f'{key(str(name))} = {inline(item)}' for name, item in value.items())} }}"
        case _:
            return f"[{', '.join(map(inline, value))}]"


def _table(
    path: Path, table: Mapping[str, Any], comments: Mapping[Path, Sequence[str]], *, named: bool
) -> list[str]:
    """A table with its header, its own keys, and then the tables in it."""
    own = {name: value for name, value in table.items() if not _has_header((*path, name), value)}
    lines: list[str] = []
    if named and (own or not table or path in comments):
        lines += ["", *_comments(comments, path), f"[{'.'.join(key(str(part)) for part in path)}]"]
    for name, value in own.items():
        lines += [*_comments(comments, (*path, name)), *_entry(name, value)]
    for name, value in table.items():
        if name in own:
            continue
        lines += _table((*path, name), value, comments, named=True)
    return lines


def _comments(comments: Mapping[Path, Sequence[str]], path: Path) -> Iterator[str]:
    for line in comments.get(path, ()):
        yield f"# {line}"


def _has_header(path: Path, value: Any) -> bool:
    """Sections and nodes always have one; other tables when they are long or hold tables."""
    if not isinstance(value, Mapping):
        return False
    if len(path) <= 2:  # noqa: PLR2004 -- a section, a node in it
        return True
    return len(inline(value)) + len(str(path[-1])) > _WIDTH


def _entry(name: str, value: Any) -> list[str]:
    if isinstance(value, str) and "\n" in value and "'''" not in value and not _CONTROL.search(value):
        return [f"{key(name)} = '''", *value.split("\n")[:-1], f"{value.split(chr(10))[-1]}'''"]
    line = f"{key(name)} = {inline(value)}"
    if isinstance(value, list | tuple) and len(line) > _WIDTH:
        return [f"{key(name)} = [", *(f"  {inline(item)}," for item in value), "]"]
    return [line]
