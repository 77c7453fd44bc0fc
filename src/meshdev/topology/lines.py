"""The line on which each key of a TOML text stands, which ``tomllib`` does not keep.

A scanner over text that ``tomllib`` has already accepted: it may rely on the text being valid, so it only tells
tokens apart and never judges them. Paths are those of the parsed data: ``("services", "orders", "calls", 0)``;
array elements and keys of inline tables have lines of their own. A table that is first only implied by a longer
header has that header's line until a header of its own comes.
"""

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t\n]*(?:#[^\n]*[ \t\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_MULTI = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})', re.DOTALL)


def line_index(text: str) -> Mapping[Path, int]:
    """The line (from 1) of every key path in ``text``, which must be valid TOML."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def nearest_line(lines: Mapping[Path, int], path: Path) -> int:
    """The line of ``path``, or of the nearest thing around it that has one; 0 when nothing has."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 0


class _Scanner:
    """One pass; ``pos`` only grows, so lines are counted once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._counted_to = 0
        self._line = 1

    def scan(self) -> Mapping[Path, int]:
        table: Path = ()
        self._skip_blank()
        while self.pos < len(self.text):
            if self.text[self.pos] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip_blank()
        return self.lines

    def _skip_blank(self) -> None:
        self._take(_BLANK)

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.pos)
        self._counted_to = self.pos
        return self._line

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.pos)
        start, self.pos = self.pos, match.end() if match else self.pos + 1  # valid TOML always matches
        return self.text[start : self.pos]

    def _header(self) -> Path:
        line = self._line_here()
        array = self.text.startswith("[[", self.pos)
        self.pos += 2 if array else 1
        keys = self._keys()
        self.pos += 2 if array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._enter((*path, key), line)
        path = (*path, keys[-1])
        if array:
            count = self._counts.get(path, 0)
            self._counts[path] = count + 1
            self.lines.setdefault(path, line)
            path = (*path, count)
        self.lines[path] = line
        return path

    def _enter(self, path: Path, line: int) -> Path:
        """Go through ``path``: into its last element when it is an array of tables."""
        self.lines.setdefault(path, line)
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self.text.startswith(".", self.pos):
            self.pos += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip_blank()
        start = self.text[self.pos : self.pos + 1]
        if start == '"':
            raw = self._take(_BASIC)
            key = str(tomllib.loads(f"k = {raw}")["k"]) if "\\" in raw else raw[1:-1]
        elif start == "'":
            key = self._take(_LITERAL)[1:-1]
        else:
            key = self._take(_BARE_KEY)
        self._skip_blank()
        return key

    def _pair(self, table: Path) -> None:
        self._skip_blank()
        line = self._line_here()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.pos += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self.text[self.pos : self.pos + 3]
        if start in ('"""', "'''"):
            self._take(_MULTI)
        elif start[:1] == '"':
            self._take(_BASIC)
        elif start[:1] == "'":
            self._take(_LITERAL)
        elif start[:1] == "[":
            self._array(path)
        elif start[:1] == "{":
            self._inline_table(path)
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self.pos += 1
        self._skip_blank()
        count = 0
        while self.pos < len(self.text) and self.text[self.pos] != "]":
            self.lines[*path, count] = self._line_here()
            self._value((*path, count))
            count += 1
            self._skip_separator()
        self.pos += 1

    def _inline_table(self, path: Path) -> None:
        self.pos += 1
        self._skip_blank()
        while self.pos < len(self.text) and self.text[self.pos] != "}":
            self._pair(path)
            self._skip_separator()
        self.pos += 1

    def _skip_separator(self) -> None:
        self._skip_blank()
        if self.text.startswith(",", self.pos):
            self.pos += 1
        self._skip_blank()
