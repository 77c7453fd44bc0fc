"""Which files a watch wants, by the patterns that the user wrote. Pure functions of relative paths.

Rules:
- A pattern without magic names a file, or a folder with everything below it (``src``, ``../shared/config.toml``).
- With magic it is a glob over whole paths: ``*``, ``?``, ``[ab]`` within one part, ``**`` any number of parts,
  ``{py,toml}`` alternatives. ``src/*.py`` is not ``src/api/x.py``; ``src/**/*.py`` is both.
- Paths are relative to the watch's base, with forward slashes; ``..`` may lead out of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

_MAGIC = frozenset("*?[{")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: ``fixed`` are its leading parts without magic, ``rest`` the parts from the first with magic on."""

    text: str
    fixed: tuple[str, ...]
    rest: tuple[str, ...] = ()

    @property
    def literal(self) -> bool:
        """Whether it names one file or folder."""
        return not self.rest

    def wants(self, parts: tuple[str, ...]) -> bool:
        """Whether the file at ``parts`` is meant."""
        below = parts[len(self.fixed) :]
        if parts[: len(self.fixed)] != self.fixed:
            return False
        return self.literal or _expression(self.rest).fullmatch("/".join(below)) is not None

    def reaches(self, parts: tuple[str, ...]) -> bool:
        """Whether a file below the folder at ``parts`` may be meant, or the folder lies on the way to one."""
        count = len(self.fixed)
        if len(parts) <= count:
            return self.fixed[: len(parts)] == parts
        if parts[:count] != self.fixed:
            return False
        return self.literal or "**" in self.rest or len(parts) - count < len(self.rest)


def parse(text: str) -> tuple[Pattern, ...]:
    """The patterns that one text of the user stands for (alternatives in braces make several)."""
    return tuple(_parse_one(single) for single in _alternatives(text))


def _parse_one(text: str) -> Pattern:
    parts: list[str] = []
    for part in text.split("/"):
        if part == ".." and parts and parts[-1] != ".." and not _MAGIC & set(parts[-1]):
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    fixed = tuple(takewhile(lambda part: not _MAGIC & set(part), parts))
    return Pattern(text, fixed, tuple(parts[len(fixed) :]))


def _alternatives(text: str) -> Iterator[str]:
    found = re.search(r"\{([^{}]*)\}", text)
    if found is None:
        yield text
        return
    for choice in found[1].split(","):
        yield from _alternatives(text[: found.start()] + choice + text[found.end() :])


@lru_cache(maxsize=1024)
def _expression(parts: tuple[str, ...]) -> re.Pattern[str]:
    written = ""
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if part == "**":
            written += ".+" if last else "(?:[^/]+/)*"
        else:
            written += _part_expression(part) + ("" if last else "/")
    return re.compile(written, re.DOTALL)


def _part_expression(part: str) -> str:
    """One part of a glob as a regular expression."""
    written = ""
    at = 0
    while at < len(part):
        character = part[at]
        at += 1
        if character == "*":
            written += "[^/]*"
        elif character == "?":
            written += "[^/]"
        elif character == "[" and (end := part.find("]", at + 1)) > 0 and (choice := _choice(part[at:end])):
            written += choice
            at = end + 1
        else:
            written += re.escape(character)
    return written


def _choice(inside: str) -> str:
    """``[abc]``, ``[a-z]``, ``[!a]`` as a regular expression; empty when it makes no sense (``[z-a]``, ``[!]``)."""
    negated = inside[0] in "!^"
    characters = inside[1:] if negated else inside
    written = ""
    at = 0
    while at < len(characters):
        first, last = characters[at], characters[at]
        at += 1
        if characters[at : at + 1] == "-" and at + 1 < len(characters):
            last = characters[at + 1]
            at += 2
        if first > last:
            return ""
        written += re.escape(first) + (f"-{re.escape(last)}" if last != first else "")
    if not written:
        return ""
    return f"[^/{written}]" if negated else f"[{written}]"
