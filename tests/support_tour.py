"""A page of the documentation that tells a story with commands, so that a test can live it.

Fenced blocks: ``console`` has commands after ``$`` and what they say, ``…`` for anything; ``python title=NAME`` is a
file that the reader writes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_BLOCK: Final = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """Something the reader writes."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Command:
    """Something the reader types, and what the page says it tells."""

    line: str
    says: str

    def told(self, output: str) -> bool:
        """Whether it told that, however wide the blanks are."""
        pattern = ".*".join(re.escape(part) for part in _plain(self.says).split("…"))
        return re.fullmatch(pattern, _plain(output), re.DOTALL) is not None


def _plain(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def steps(page: str) -> Iterator[File | Command]:
    """What the reader does, in order."""
    for language, name, content in _BLOCK.findall(page):
        if name:
            yield File(name, content)
        elif language == "console":
            for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                line, _, says = part.partition("\n")
                yield Command(line, says)
