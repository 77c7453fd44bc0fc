"""Request targets: the query by its names, the path (and an absolute form's userinfo) as text."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context
from meshdev.recording.redaction.parameters import redact_pairs
from meshdev.recording.redaction.percent import decoded, encoded
from meshdev.recording.redaction.scanner import Scanner

_SEGMENT: Final = re.compile(r"[^/]*%[^/]*")
_SAFE: Final = "-_.~:@!$&'()*+,;="


def redact_target(target: str, scanner: Scanner, context: Context) -> tuple[str, list[str]]:
    """The target without secrets (the same object when nothing changed), and where placeholders stand."""
    path, mark, query = target.partition("?")
    places: list[str] = []
    made = scanner.look(path)
    if "%" in made:
        made = _SEGMENT.sub(lambda found: _segment(found[0], scanner), made)
    if made != path:
        places.append("path")
    if query:
        new, names = redact_pairs(query, scanner, context)
        places += [f"query.{name}" if name else "query" for name in names]
        if new != query:
            return made + mark + new, places
    return (target if made == path else made + mark + query), places


def _segment(raw: str, scanner: Scanner) -> str:
    plain = decoded(raw, plus=False)
    new = scanner.look(plain)
    if new == plain:
        return raw
    return encoded(new, _SAFE)
