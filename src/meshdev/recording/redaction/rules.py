"""What is secret beyond the defaults, and what is not in spite of them: the user's part, which only ever adds.

| rule | meaning |
|---|---|
| `headers` | names of further headers whose values are secret |
| `fields` | names of further fields of JSON, forms, queries, multipart; everything below them is secret too |
| `patterns` | regular expressions: group 1, or all when there is none, is secret wherever it stands |
| `keep` | names of fields that are no secrets whatever they look like |

Names are compared without case and separators; ``*`` stands for anything.
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from meshdev.errors import RecordingError

_LONGEST_PATTERN: Final = 1000
#: A repeated group with a repetition at its end or all through: ``(a+)+``, ``(a|b*)*``; takes for ever on some texts.
_NESTED: Final = re.compile(
    r"\((?:[^()\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])*(?<!\\)[+*]\)(?:[+*]|\{[0-9]+,[0-9]*\})(?!\+)"
)


class Rules(Struct, frozen=True):
    """The user's rules; empty for the defaults alone."""

    headers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def extended(
        self,
        *,
        headers: Iterable[str] = (),
        fields: Iterable[str] = (),
        patterns: Iterable[str] = (),
        keep: Iterable[str] = (),
        place: str = "redact",
    ) -> "Rules":
        """These and further ones.

        Raises RecordingError, which names the rule as ``place.patterns[1]``, for a name that says nothing and for a
        pattern that is wrong, finds the empty text or may take for ever.
        """
        named = {"headers": tuple(headers), "fields": tuple(fields), "keep": tuple(keep)}
        for what, names in named.items():
            for number, name in enumerate(names):
                if not re.search(r"[A-Za-z0-9]", name):
                    raise RecordingError(
                        f'{place}.{what}[{number}]: "{name}" names nothing',
                        hint="a name needs a letter or a digit; * stands for anything in it",
                    )
        checked = tuple(patterns)
        for number, pattern in enumerate(checked):
            _check(pattern, f"{place}.patterns[{number}]")
        return Rules(
            headers=(*self.headers, *named["headers"]),
            fields=(*self.fields, *named["fields"]),
            patterns=(*self.patterns, *checked),
            keep=(*self.keep, *named["keep"]),
        )


DEFAULT_RULES: Final = Rules()


def _check(pattern: str, place: str) -> None:
    try:
        compiled = re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise RecordingError(
            f"{place}: not a regular expression: {error}",
            hint="it is Python's re; in TOML write it in 'single quotes'",
        ) from error
    if len(pattern) > _LONGEST_PATTERN:
        raise RecordingError(
            f"{place}: longer than {_LONGEST_PATTERN} characters", hint="make several patterns of it"
        )
    if compiled.match(""):
        raise RecordingError(
            f"{place}: finds the empty text, so it would find something everywhere",
            hint="ask for at least one character",
        )
    if _NESTED.search(pattern):
        raise RecordingError(
            f"{place}: repeats what is repeated already, which can take for ever on some texts",
            hint="write (?:a|b)+ instead of (a+|b)+",
        )
