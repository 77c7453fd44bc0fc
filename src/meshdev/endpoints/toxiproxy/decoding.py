"""Bodies as the original's decoder (Go's ``encoding/json``) takes them.

Keys are compared without regard to case, unknown ones are ignored, ``null`` leaves what was, whatever follows the first
value is not looked at, and a value of another type is an error.
"""

import json
from collections.abc import Mapping
from typing import Final, NoReturn

_MOST: Final = 2**63


class ApiError(Exception):
    """An answer ``{"error": …, "status": …}``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bad_body(what: str) -> ApiError:
    """The body cannot be taken."""
    return ApiError(400, f"bad request body: {what}")


class Fields:
    """One object of a body."""

    def __init__(self, value: object) -> None:
        """Raises ApiError when ``value`` is no object; ``null`` is an empty one."""
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise bad_body(f"json: cannot unmarshal {_kind(value)} into an object")
        self._values = {str(key).lower(): it for key, it in value.items() if it is not None}

    def text(self, name: str, default: str) -> str:
        """A text. Raises ApiError."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            _refuse(value, name, "string")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """A truth value. Raises ApiError."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            _refuse(value, name, "bool")
        return value

    def number(self, name: str, default: float) -> float:
        """A number. Raises ApiError."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse(value, name, "float32")
        return float(value)

    def whole(self, name: str, default: int) -> int:
        """A whole number of 64 bits; ``1.0`` is none. Raises ApiError."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not -_MOST <= value < _MOST:
            _refuse(value, name, "int64")
        return value

    def table(self, name: str) -> "Fields":
        """An object within. Raises ApiError."""
        return Fields(self._values.get(name))


def decode(body: bytes) -> object:
    """The first value of ``body``. Raises ApiError."""
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        raise bad_body("EOF")
    try:
        value: object = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text)[0]
    except RecursionError as error:
        raise bad_body("exceeded max depth") from error
    except ValueError as error:
        raise bad_body(str(error)) from error
    return value


def decode_list(body: bytes) -> list[Fields]:
    """A body that is an array of objects; ``null`` is an empty one. Raises ApiError."""
    value = decode(body)
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_body(f"json: cannot unmarshal {_kind(value)} into an array")
    return [Fields(item) for item in value]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


def _refuse(value: object, name: str, wanted: str) -> NoReturn:
    raise bad_body(f"json: cannot unmarshal {_kind(value)} into Go struct field .{name} of type {wanted}")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return f"number {value}"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
