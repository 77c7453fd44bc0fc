"""``Bearer …`` and ``Basic …`` in free text: log lines, error messages, documentation, copied requests."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context, Edit, Kind, group
from meshdev.recording.redaction.mint import basic_pair

_DIGIT: Final = re.compile(r"[0-9]")
_SURE: Final = 24


def _bearer(found: re.Match[str], context: Context) -> Edit | None:
    token = found[1]
    if "=" in token.rstrip("="):
        return None  # parameters of a challenge
    if not _DIGIT.search(token) and len(token) < _SURE:
        return None  # "bearer authentication" is no token
    return group(found, 1, context.mint.value(token))


BEARER: Final = Kind(
    "bearer token",
    "`Bearer …` in any text",
    ("bearer",),
    re.compile(r"(?a)(?i:\bbearer)(?:\s|%20|\+|: ?){1,3}([A-Za-z0-9._~+/=-]{8,8192}+)"),
    _bearer,
)


def _basic(found: re.Match[str], context: Context) -> Edit | None:
    pair = basic_pair(found[1])
    if pair is None or not all(" " <= character != "\x7f" for character in "".join(pair)):
        return None
    return group(found, 1, context.mint.basic(found[1]))


BASIC: Final = Kind(
    "Basic credentials",
    "`Basic …` in any text: the base64 of `user:password`, the user stays",
    ("basic",),
    re.compile(r"(?a)(?i:\bbasic)(?:\s|%20|: ?){1,3}([A-Za-z0-9+/]{4,4096}+={0,2}+)(?![A-Za-z0-9+/=])"),
    _basic,
)
