r"""``.env`` files by Docker Compose's rules, with two differences that both refuse what Compose swallows.

``KEY=value``, ``KEY: value``, ``export KEY=value``; a line with ``KEY`` alone takes the variable from outside, if it
is set there. Blank lines and lines that begin with ``#`` are nothing. Values:

- unquoted: to the end of the line, trimmed, a comment begins at `` #``; ``$`` references are expanded;
- ``"double quoted"``: may span lines; ``\n \r \t \" \\ \$`` and the other escapes of the shell's strings, then ``$``
  references;
- ``'single quoted'``: may span lines, literal, ``\'`` is a quote.

References find variables from outside first, then those of the same file above them. Unlike in Compose, a variable
that is not set is an error instead of an empty text, and so is text after a closing quote.

That is the `Form.STRICT` of meshdev.toml. Files that a Compose project brings along are `Form.COMPOSE`: what is not
set is empty (and kept in ``Entry.missing``), every name is a variable. `Form.RAW` is Compose's ``format: raw``: each
line is ``NAME=value``, and the value is all of what follows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from meshdev.errors import Problem, TopologyError, Where
from meshdev.topology.compose import interpolation
from meshdev.topology.template import Mode, escape, expand

_EXPORT = re.compile(r"export[ \t]+")
_KEY = re.compile(r"[^\W\d][\w.\-\[\]]*")
_SPACE = re.compile(r"[ \t\v\f\r]*")
_ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0[0-7]{0,3})')
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


class Form(StrEnum):
    """By whose rules a file is read."""

    STRICT = "strict"
    COMPOSE = "compose"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable of a file: its value as a template (``$$`` is a dollar sign), and its line.

    ``missing`` are the variables that were not set, where that is no fault.
    """

    value: str
    line: int
    missing: tuple[str, ...] = ()


def read(
    file: Path, outside: Mapping[str, str], *, shown: str = "", form: Form = Form.STRICT
) -> dict[str, Entry]:
    """The variables of ``file``; raises TopologyError with every fault in it, as ``shown:line``."""
    name = shown or str(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        message = f"cannot read {name}: {error.strerror or error}"
        raise TopologyError(message, where=Where(name), problems=(Problem(Where(name), message),)) from error
    except UnicodeDecodeError as error:
        message = f"not UTF-8 (byte {error.start})"
        raise TopologyError(message, where=Where(name), problems=(Problem(Where(name), message),)) from error
    return parse(text, outside, shown=name, form=form)


def parse(
    text: str, outside: Mapping[str, str], *, shown: str = ".env", form: Form = Form.STRICT
) -> dict[str, Entry]:
    """The variables of ``text``; raises TopologyError with every fault in it, as ``shown:line``."""
    text = text.replace("\r\n", "\n")
    if form is Form.RAW:
        return _raw(text, outside)
    parser = _Parser(text, outside, shown, form)
    entries = parser.parse()
    if parser.problems:
        raise TopologyError(f"{shown} is faulty", where=Where(shown), problems=tuple(parser.problems))
    return entries


def _raw(text: str, outside: Mapping[str, str]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for line, row in enumerate(text.split("\n"), 1):
        name, equals, value = row.partition("=")
        if not name.strip() or name.lstrip().startswith("#"):
            continue
        if equals:
            entries[name.strip()] = Entry(escape(value), line)
        elif name.strip() in outside:
            entries[name.strip()] = Entry(escape(outside[name.strip()]), line)
    return entries


class _Parser:
    def __init__(self, text: str, outside: Mapping[str, str], shown: str, form: Form) -> None:
        self.form = form
        self._missing: tuple[str, ...] = ()
        self.text = text
        self.outside = outside
        self.shown = shown
        self.pos = 0
        self.problems: list[Problem] = []
        self.entries: dict[str, Entry] = {}
        self._plain: dict[str, str] = {}

    def parse(self) -> dict[str, Entry]:
        while self._next_statement():
            line = self.text.count("\n", 0, self.pos) + 1
            key = self._key(line)
            if key is None:
                self._rest_of_line()
                continue
            self._missing = ()
            value = self._value(line)
            if value is not None:
                self.entries[key] = Entry(value, line, self._missing)
                self._plain[key] = value.replace("$$", "$")
        return self.entries

    def _next_statement(self) -> bool:
        while self.pos < len(self.text):
            if self.text[self.pos].isspace():
                self.pos += 1
            elif self.text[self.pos] == "#":
                self._rest_of_line()
            else:
                return True
        return False

    def _key(self, line: int) -> str | None:
        """The key of an assignment, or None when there is nothing (more) to assign."""
        statement = self._peek_line()
        self._skip(_EXPORT)
        key = self._skip(_KEY)
        self._skip(_SPACE)
        following = self.text[self.pos : self.pos + 1]
        if key and following in ("=", ":"):
            self.pos += 1
            self._skip(_SPACE)
            return key
        if key and following in ("", "\n", "#"):
            if key in self.outside:
                self.entries[key] = Entry(self.outside[key].replace("$", "$$"), line)
                self._plain[key] = self.outside[key]
            return None
        head, equals, _ = statement.partition("=")  # what follows may be a secret
        self._complain(
            line,
            f'found "{head}{equals}{"…" if equals else ""}", accepted: NAME=value (letters, digits and _ in the name)',
        )
        return None

    def _value(self, line: int) -> str | None:
        quote = self.text[self.pos : self.pos + 1]
        if quote not in ("'", '"'):
            spaced = self.text[self.pos - 1] in " \t"
            raw = ((" " if spaced else "") + self._rest_of_line()).split(" #", 1)[0].strip()
            return self._expand(raw, line)
        body = self._quoted(quote)
        if body is None:
            self._complain(
                line, f"the quote {quote} is never closed", "close it, or escape it with a backslash"
            )
            self.pos = len(self.text)
            return None
        rest = self._peek_line().strip()
        if rest and not rest.startswith("#"):
            self._complain(line, f'found "{rest}" after the closing quote, accepted: a comment or nothing')
            self._rest_of_line()
            return None
        return body.replace("$", "$$") if quote == "'" else self._expand(_ESCAPE.sub(_unescape, body), line)

    def _quoted(self, quote: str) -> str | None:
        pos = self.pos + 1
        body: list[str] = []
        while pos < len(self.text):
            char = self.text[pos]
            if char == quote:
                self.pos = pos + 1
                return "".join(body)
            if char == "\\" and pos + 1 < len(self.text):
                following = self.text[pos + 1]
                body.append(following if following == quote else char + following)
                pos += 2
                continue
            body.append(char)
            pos += 1
        return None

    def _expand(self, raw: str, line: int) -> str:
        if self.form is Form.COMPOSE:
            found = interpolation.expand(raw, {**self._plain, **self.outside})
            for message in found.faults:
                self._complain(line, message, 'a plain "$" is "$$"')
            self._missing = found.missing
            return escape(found.text)
        expansion = expand(raw, {**self._plain, **self.outside}, Mode.TEMPLATE)
        for fault in expansion.faults:
            self._complain(line, fault.message, fault.hint)
        return expansion.text

    def _complain(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(Where(self.shown, line), message, hint))

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.pos)
        if match is None:
            return ""
        self.pos = match.end()
        return match[0]

    def _peek_line(self) -> str:
        return self.text[self.pos :].split("\n", 1)[0]

    def _rest_of_line(self) -> str:
        rest = self._peek_line()
        self.pos += len(rest)
        return rest


def _unescape(match: re.Match[str]) -> str:
    escaped = match[0][1:]
    if escaped == "$":
        return "$$"
    if escaped.startswith("0"):
        return chr(int(escaped, 8))
    return _ESCAPED.get(escaped, match[0])
