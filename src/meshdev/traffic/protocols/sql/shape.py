"""The shape of an SQL text: the same for all texts that differ in values, comments and blanks only.

| in the text | in its shape |
|---|---|
| strings (all of a dialect's), numbers, ``$1``, ``?`` | ``?`` |
| a list of values, however long, in brackets | ``(?)``; rows of values likewise are one |
| comments, hints, line breaks, several blanks | one blank |
| names, quoted or not | as they are |

It is found by one pass of a pattern that never backtracks, so it is quick (a few microseconds for a usual statement)
and takes what was cut off anywhere: a string, comment or name that does not end goes to the end of the text.
"""

import re
from enum import Enum
from typing import Final


class Dialect(Enum):
    """By whose rules strings and comments are told from the rest."""

    POSTGRES = "postgres"
    MYSQL = "mysql"


# Each match is a run of what stays, and then one thing that doesn't. Words belong to the run, so a number is never
# taken for a part of one. Groups: 1 the run, 2 a value (3 within: a tag), the last
# what stays after all; none but the run: a blank takes its place.
_RUN: Final = rb"""((?:[A-Za-z_\x80-\xff][\w$\x80-\xff]*+(?!['])|[ ](?![ ])|[^\w\s'"`$/#.*\x80-\xff-]++
    |-(?!-)|/(?!\*)|[*](?!/)|[.](?![0-9]))*+)"""
_NUMBER: Final = (
    rb"(?:0[xX][0-9a-fA-F]++|(?:[0-9][0-9_]*+(?:[.][0-9]*+)?|[.][0-9]++)(?:[eE][-+]?[0-9]++)?)[\w\x80-\xff]*+"
)
_BLANK: Final = rb"[\t\n\r\f\v]++|[ ]++|\Z"
_PLAIN: Final = rb"'(?:[^']++|'')*+(?:'|\Z)"
_ESCAPED: Final = rb"'(?:[^'\\]++|''|\\[\s\S]?)*+(?:'|\Z)"
_POSTGRES: Final = re.compile(
    _RUN
    + rb"""(?:([eE]"""
    + _ESCAPED
    + rb"""|[\w\x80-\xff]*+"""
    + _PLAIN
    + rb"""|[$](?:[0-9]++|((?:[A-Za-z_\x80-\xff][\w\x80-\xff]*+)?)[$][\s\S]*?(?:[$]\3[$]|\Z))|"""
    + _NUMBER
    + rb""")|--[^\n]*+
    |/\*(?:[^*/]++|[*](?!/)|/(?!\*)|/\*(?:[^*]++|[*](?!/))*+(?:[*]/|\Z))*+(?:[*]/|\Z)  # they nest
    |"""
    + _BLANK
    + rb"""|("(?:[^"]++|"")*+(?:"|\Z)|[\s\S]))""",
    re.VERBOSE,
)
_MYSQL: Final = re.compile(
    _RUN
    + rb"""(?:([\w\x80-\xff]*+"""
    + _ESCAPED
    + rb"""|"(?:[^"\\]++|""|\\[\s\S]?)*+(?:"|\Z)|"""
    + _NUMBER
    + rb""")|--(?=\s|\Z)[^\n]*+|[#][^\n]*+
    |/\*M?![0-9]*+|[*]/  # what stands in such a comment is done
    |/\*(?:[^*]++|[*](?!/))*+(?:[*]/|\Z)
    |"""
    + _BLANK
    + rb"""|(`(?:[^`]++|``)*+(?:`|\Z)|[\s\S]))""",
    re.VERBOSE,
)
_PATTERNS: Final = {Dialect.POSTGRES: _POSTGRES, Dialect.MYSQL: _MYSQL}
_LIST: Final = re.compile(rb"([(\[]) ?\?(?: ?, ?\?)++ ?([)\]])")
_ROWS: Final = re.compile(rb"(?i:(\bVALUES ?))(\((?:[^()]++|\([^()]*+\))*+\))(?: ?, ?\2)++")
_SIGNED: Final = re.compile(rb"(?<=[=<>(,])( ?)[-+](?=\?)")
_VALUE: Final = 2


def shape_of(text: bytes, dialect: Dialect) -> bytes:
    """The shape of ``text``, in its own encoding."""
    shape = _PATTERNS[dialect].sub(_replaced, text)
    if b"-?" in shape or b"+?" in shape:
        shape = _SIGNED.sub(rb"\1", shape)
    if b"?," in shape or b"? ," in shape:
        shape = _LIST.sub(rb"\1?\2", shape)
    if b")," in shape or b") ," in shape:
        shape = _ROWS.sub(rb"\1\2", shape)
    if b"  " in shape:
        shape = b" ".join(shape.split())
    return shape.strip(b" ;")


def _replaced(found: re.Match[bytes]) -> bytes:
    last = found.lastindex or 1
    if last == _VALUE:
        return found[1] + b"?"
    return found[0] if last > _VALUE else found[1] + b" "
