"""Secrets in free text by the name in front: ``"password": "…"``, ``password=…``, ``<password>…<``, ``?token=…``.

That is how they are found in server-sent events, log lines, WebSocket messages, bodies that were cut, JSON within a
JSON string. Without quotes the value must look like a secret, since ``Invalid token: expired`` is none.
"""

import re
from typing import Final

from meshdev.recording.redaction.json_walk import escape, unescape
from meshdev.recording.redaction.kinds import Context, Edit, Kind, group
from meshdev.recording.redaction.percent import decoded

_CORES: Final = (
    "pass pwd secret token key cred jwt srf sess auth cvv cvc card cookie bearer kennwort motde contrase saml assert"
    " connectionstring connection pin otp mfa csc ssn pan sid code sasurl verifier social ccn"
)
HINTS: Final = tuple(_CORES.split())
_LOOKS_SECRET: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])|[^.]{20}", re.DOTALL)
_PASSWORD: Final = re.compile(r"(?i)pass|pwd|secret|apikey|api_key|kennwort")
_SHORTEST_LOOSE: Final = 6


def _field(found: re.Match[str], context: Context) -> Edit | None:
    raw = found[3]
    if not raw or not context.names.field(found[1]):
        return None
    secret = unescape(raw)
    new = context.mint.value(secret)
    return group(found, 3, escape(new)) if new != secret else None


FIELDS: Final = Kind(
    "field",
    '`"name": "value"` in any text, by name',
    HINTS,
    re.compile(
        r"(?a)(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{2,100}+)[\"']?\s{0,8}(?::|=>?)\s{0,8}([\"'])((?:(?!\2)[^\\\r\n]|\\[^\r\n])*+)",
    ),
    _field,
    prose=True,
)


def _field_within(found: re.Match[str], context: Context) -> Edit | None:
    if not found[2] or not context.names.field(found[1]):
        return None
    secret = unescape(unescape(found[2]))
    new = context.mint.value(secret)
    return group(found, 2, escape(escape(new))) if new != secret else None


FIELDS_WITHIN: Final = Kind(
    "field of JSON in JSON",
    '`\\"name\\": \\"value\\"` in any text, by name',
    HINTS,
    re.compile(
        r"(?a)\\\"([A-Za-z0-9_.-]{2,100}+)\\\"\s{0,8}:\s{0,8}\\\"((?:[^\"\\\r\n]++|\\\\\\\"|\\(?!\"))*+)",
    ),
    _field_within,
    prose=True,
)


def _number(found: re.Match[str], context: Context) -> Edit | None:
    if not context.names.number(found[1]):
        return None
    return group(found, 2, context.mint.value(found[2]))


NUMBERS: Final = Kind(
    "number field",
    '`"pin": 1234` in any text, by name',
    HINTS,
    re.compile(r"(?a)\"([A-Za-z0-9_.-]{2,100}+)\\?\"\s{0,8}:\s{0,8}([0-9]{3,40}+)(?![0-9.eE])"),
    _number,
    prose=True,
)


def _assignment(found: re.Match[str], context: Context) -> Edit | None:
    name, sign, value = found.groups()
    if not context.names.field(name):
        return None
    sure = "=" in sign and _PASSWORD.search(name)
    if not sure and (len(value) < _SHORTEST_LOOSE or not _LOOKS_SECRET.match(value)):
        return None
    secret = decoded(value, plus=False)
    new = context.mint.value(secret)
    return group(found, 3, new) if new != secret else None


ASSIGNMENTS: Final = Kind(
    "assignment",
    "`password=…`, `API_KEY=…`, `token: …` in text",
    HINTS,
    re.compile(
        r"(?a)(?<![A-Za-z0-9_.$-])([A-Za-z0-9_.-]{2,100}+)(\s{0,2}[:=]\s{0,4})((?:(?i:bearer|basic|token|apikey|bot|key)\s{1,4})?"
        r"[^\s,;&\"'<>(){}\[\]\\|`:=][^\s,;&\"'<>(){}\[\]\\|`]{1,4096}+)(?![(\[])",
    ),
    _assignment,
    prose=True,
)


def _element(found: re.Match[str], context: Context) -> Edit | None:
    if not context.names.field(found[1]):
        return None
    return group(found, 2, context.mint.value(found[2]))


ELEMENTS: Final = Kind(
    "XML element",
    "`<password>…</password>`, by name",
    HINTS,
    re.compile(
        r"(?a)<(?:[A-Za-z0-9_-]{1,40}:)?([A-Za-z0-9_.-]{2,100}+)(?:\s[^<>]{0,400})?>([^<>\s][^<>]{0,65536}+)</"
    ),
    _element,
    prose=True,
)


def _parameter(found: re.Match[str], context: Context) -> Edit | None:
    name, value = (decoded(part, plus=False) for part in found.groups())
    around = found.string[max(0, found.start() - 300) : found.end() + 300]
    if not context.names.parameter(name, callback="state=" in around):
        return None
    new = context.mint.value(value)
    return group(found, 2, new) if new != value else None


PARAMETERS: Final = Kind(
    "parameter",
    "`?token=…`, `&sig=…` in addresses in any text",
    (*HINTS, "sig", "ticket", "hmac"),
    re.compile(r"(?a)(?:[?&#]|\\u0026|&amp;)([A-Za-z0-9_.%\[\]-]{2,100}+)=([^\s&#\"'<>\\;]{1,8192}+)"),
    _parameter,
)


_ATTRIBUTE: Final = re.compile(r"(?a)\b(name|value|content|id)\s{0,4}=\s{0,4}(\"[^\"<>]*+\"|'[^'<>]*+')")


def _input(found: re.Match[str], context: Context) -> Edit | None:
    attributes = {part[1]: part for part in _ATTRIBUTE.finditer(found[0])}
    name = attributes.get("name") or attributes.get("id")
    value = attributes.get("value") or attributes.get("content")
    if name is None or value is None or not context.names.field(name[2][1:-1]):
        return None
    start = found.start() + value.start(2) + 1
    secret = value[2][1:-1]
    return start, start + len(secret), context.mint.value(secret)


INPUTS: Final = Kind(
    "HTML form field",
    '`<input name="csrf_token" value="…">`, `<meta name="csrf-token" content="…">`, by name',
    ("<input", "<meta"),
    re.compile(r"(?a)<(?:input|meta)\s[^<>]{1,2000}+>", re.IGNORECASE),
    _input,
)
