"""Matchers of WireMock made into a request that they take, where that can be done."""

import json
import re
from typing import Any, Final
from urllib.parse import quote, urlencode

from meshdev.recording.formats.content import bytes_of
from meshdev.recording.formats.json_tree import parsed
from meshdev.recording.formats.refusal import refused
from meshdev.recording.model import Headers

_SPECIAL: Final = re.compile(r"(?<!\\)[\[\](){}*+?|^$.]")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


def target_of(request: dict[str, Any]) -> str | None:
    """Path and query; None when the URL is a pattern."""
    path = request.get("url") or request.get("urlPath") or request.get("urlPathTemplate")
    pattern = request.get("urlPattern") or request.get("urlPathPattern")
    if path is None and isinstance(pattern, str) and not _SPECIAL.search(pattern):
        path = re.sub(r"\\(.)", r"\1", pattern)
    if not isinstance(path, str):
        return None
    values = _table(request.get("pathParameters"))
    path = re.sub(
        r"\{([^}/]+)\}", lambda found: quote(_text(values.get(found[1])) or found[0], safe="{}"), path
    )
    query = _encoded(request.get("queryParameters"))
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def body_of_patterns(request: dict[str, Any], file: str) -> tuple[bytes, str]:
    """What was sent, and the media type that goes with the matcher. Raises RecordingError for bad base64."""
    form = _encoded(request.get("formParameters"))
    if form:
        return form.encode(), _FORM
    patterns = request.get("bodyPatterns")
    for one in patterns if isinstance(patterns, list) else []:
        said = _table(one)
        if said.get("equalToJson") is not None:
            value = said["equalToJson"]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            return text.encode("utf-8", "surrogatepass"), _JSON
        if isinstance(said.get("binaryEqualTo"), str):
            data = bytes_of(said["binaryEqualTo"])
            if data is None:
                raise refused(file, "not base64 - at `$.request.bodyPatterns`")
            return data, ""
        plain = said.get("equalTo", said.get("equalToXml"))
        if isinstance(plain, str):
            data = plain.encode("utf-8", "surrogatepass")
            return data, _JSON if parsed(data)[1] else ""
    return b"", ""


def headers_of(request: dict[str, Any]) -> Headers:
    """Those that have to be there."""
    said = _table(request.get("headers"))
    return tuple((name, value) for name, pattern in said.items() for value in _texts(pattern))


def _encoded(parameters: object) -> str:
    said = _table(parameters).items()
    return urlencode([(name, value) for name, pattern in said for value in _texts(pattern)], errors="replace")


def _texts(pattern: object) -> list[str]:
    said = _table(pattern)
    many = said.get("hasExactly", said.get("includes"))
    if isinstance(many, list):
        return [_text(one) for one in many]
    return [] if said.get("absent") else [_text(said)]


def _text(pattern: object) -> str:
    said = _table(pattern)
    return next((str(said[key]) for key in ("equalTo", "contains") if key in said), "")


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
