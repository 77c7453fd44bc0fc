"""Content of any type: JSON, forms and multipart by their fields, all else as text.

Places are named as `model.Exchange.redacted` has them, less ``request.`` or ``response.``.
"""

import re
from collections.abc import Iterable
from typing import Final

from meshdev.recording.redaction.json_fields import JsonFields, looks_like_json
from meshdev.recording.redaction.kinds import Context
from meshdev.recording.redaction.multipart import boundary_of, redact_parts
from meshdev.recording.redaction.parameters import redact_pairs
from meshdev.recording.redaction.scanner import Scanner

_PROGRAM: Final = re.compile(
    r"(?:text/css|[a-z]+/(?:x-)?(?:java|ecma)script|image/|font/|audio/|video/|application/wasm)",
    re.IGNORECASE,
)
FORM: Final = "application/x-www-form-urlencoded"


def unique(places: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order in which they came."""
    return tuple(dict.fromkeys(places))


class Bodies:
    """Redacts contents, asking first whether there may be anything."""

    def __init__(self, scanner: Scanner, context: Context) -> None:
        self._scanner = scanner
        self._context = context

    def redact(
        self,
        data: bytes,
        content_type: str,
        offsets: list[int] | None = None,
        *,
        suspected: bool | None = None,
    ) -> tuple[bytes, tuple[str, ...]]:
        """The content without secrets, and where placeholders stand (``body/user/password``, ``form.password``)."""
        form = content_type[:40].lower().startswith(FORM)
        if suspected is None:
            suspected = self._scanner.suspects(data)
        if not suspected and not (form and (b"%" in data or b"key" in data.lower())):
            return data, ()
        text, places = self._text(data.decode("latin-1"), content_type, offsets)
        return text.encode("latin-1", "replace"), places

    def _text(self, text: str, content_type: str, offsets: list[int] | None) -> tuple[str, tuple[str, ...]]:
        kind = content_type[:40].lower()
        if kind.startswith(FORM):
            new, names = redact_pairs(text, self._scanner, self._context, offsets)
            places = [f"form.{name}" if name else "body" for name in names]
        elif kind.startswith("multipart/") and (boundary := boundary_of(content_type)):
            new, names = redact_parts(text, boundary, self._part, self._context, offsets)
            places = [f"form.{name}" for name in names]
        elif looks_like_json(text):
            fields = JsonFields(text, self._scanner, self._context)
            new = fields.redacted(offsets)
            places = ["body" + pointer for pointer in fields.places]
        else:
            new = self._scanner.scan(text, offsets, program=bool(_PROGRAM.match(content_type)))
            places = ["body"] if new != text else []
        return new, unique(places)

    def _part(self, text: str, content_type: str) -> tuple[str, tuple[str, ...]]:
        if (
            content_type[:40].lower().startswith("multipart/")
        ):  # no parts within parts: they are scanned as text
            new = self._scanner.scan(text)
            return new, ("body",) if new != text else ()
        return self._text(text, content_type, None)
