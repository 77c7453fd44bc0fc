"""One topology file as read: its data, and where each key stands. TOML's own errors become problems here."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshdev.errors import Problem, Where
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.lines import line_index, nearest_line

_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that could be read; ``shown`` is how problems name it."""

    file: Path
    shown: str
    data: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(repr=False)

    def where(self, path: KeyPath) -> Where:
        """Where ``path`` stands, or the nearest thing around it."""
        return Where(self.shown, nearest_line(self.lines, path))


def read(file: Path, shown: str) -> Document | Problem:
    """The document in ``file``, or why there is none."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Problem(Where(shown), "no such file", "`meshdev init` writes a first one")
    except OSError as error:
        return Problem(Where(shown), f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(Where(shown, line), "not UTF-8 text", "save the file as UTF-8")
    except ValueError as error:  # a path with a NUL byte
        return Problem(Where(shown), f"cannot be read: {error}")
    return parse(text, file, shown)


def parse(text: str, file: Path, shown: str) -> Document | Problem:
    """The document that ``text`` is, or the syntax error in it."""
    try:
        data = tomllib.loads(text)
        return Document(file, shown, data, line_index(text))
    except tomllib.TOMLDecodeError as error:
        return _syntax(str(error), text, shown)
    except RecursionError:
        return Problem(Where(shown), "nested too deeply")
    except ValueError as error:  # a number too long for Python
        return Problem(Where(shown), f"TOML: {error}")


def _syntax(message: str, text: str, shown: str) -> Problem:
    rows = text.replace("\r\n", "\n").split("\n")
    match = _AT_LINE.search(message)
    if match:
        line = int(match[1])
        said = message[: match.start()]
    else:
        line = max((number for number, row in enumerate(rows, 1) if row.strip()), default=1)
        said = message.removesuffix(_AT_END) + " at the end of the file"
    return Problem(
        Where(shown, line), f"TOML syntax: {said}", f"the line reads: {rows[line - 1].strip()[:120]}"
    )
