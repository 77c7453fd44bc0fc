"""A message of which nothing is known: its fields by their numbers, what is in them guessed.

Rules: bytes are a text when they are printable UTF-8, else a message when they can be one, else bytes · what begins
with a control character and can be a message is one, for a nested message begins so · nothing raises.
"""

import base64
from typing import Any, Final

from meshdev.recording.protobuf.wire import Field, WireError, WireType, fields_of

MOST_DEPTH: Final = 20
_BLANK: Final = frozenset("\t\n\r")
_FIRST_PRINTABLE: Final = 0x20


def text_in(data: bytes) -> str | None:
    """The printable text that ``data`` is; None when it is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or all(one.isprintable() or one in _BLANK for one in text) else None


def fields_in(data: bytes, depth: int = 0) -> list[Field] | None:
    """The fields of the message that bytes are taken for; None when they are none."""
    if not data or depth >= MOST_DEPTH:
        return None
    if data[0] >= _FIRST_PRINTABLE and text_in(data) is not None:
        return None
    try:
        return fields_of(data)
    except WireError:
        return None


def tree(data: bytes) -> dict[str, Any] | str:
    """The message as objects, lists, numbers and texts; when it can be no message a text, or base64."""
    try:
        return _tree(fields_of(data), 0)
    except WireError:
        text = text_in(data)
        return base64.b64encode(data).decode() if text is None else text


def _tree(fields: list[Field], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        name, value = str(field.number), _value(field, depth)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _value(field: Field, depth: int) -> Any:
    value = field.value
    if isinstance(value, int):
        return value
    if field.wire is WireType.GROUP:
        try:
            return _tree(fields_of(value), depth + 1)
        except WireError:
            return base64.b64encode(value).decode()
    inner = fields_in(value, depth)
    if inner is not None:
        return _tree(inner, depth + 1)
    text = text_in(value)
    return base64.b64encode(value).decode() if text is None else text
