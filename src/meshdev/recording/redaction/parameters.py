"""Query strings and forms (``application/x-www-form-urlencoded``): pairs by name, other values as texts of their own.

What is not secret keeps its spelling. Names are taken apart like ``user[password]``: the innermost counts.
"""

import re
from typing import Final

from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.kinds import Context, Edit
from meshdev.recording.redaction.percent import decoded, encoded
from meshdev.recording.redaction.scanner import Scanner

_PAIR: Final = re.compile(r"(?:\A|(?<=&))([^=&]*+)(?:=([^&]*+))?")
_CALLBACK: Final = re.compile(r"(?:^|&)(?:state|grant_type|client_id|redirect_uri|session_state)=")
_INNERMOST: Final = re.compile(r"\[([^\[\]]+)\](?:\[\])?\Z")


def field_name(text: str) -> str:
    """The name that counts of a field's: ``password`` of ``user[password]``."""
    name = decoded(text)
    inner = _INNERMOST.search(name) if name.endswith("]") else None
    return inner[1] if inner else name


def redact_pairs(
    text: str,
    scanner: Scanner,
    context: Context,
    offsets: list[int] | None = None,
) -> tuple[str, list[str]]:
    """The pairs without secrets, and the names under which placeholders stand."""
    callback = bool(_CALLBACK.search(text))
    edits: list[Edit] = []
    names: list[str] = []
    for pair in _PAIR.finditer(text):
        which = 1 if pair[2] is None else 2  # a lone word may be a secret too
        if not pair[which]:
            continue
        name = field_name(pair[1]) if which == 2 else ""  # noqa: PLR2004
        if context.names.kept(name):
            continue
        value = decoded(pair[which])
        if context.names.parameter(name, callback=callback):
            new = context.mint.value(value)
            names.append(name)
        else:
            new = scanner.look(value)
            if new != value:
                names.append(name)
        if new != value:
            edits.append((*pair.span(which), encoded(new)))
    return (substitute(text, edits, offsets) if edits else text), names
