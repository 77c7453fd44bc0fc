"""The scalar types of topology files, each with its own words for what it accepts.

Every refusal is a pydantic error of type ``accepted`` whose message is what would have been right, so that
`topology.findings` can say all of them alike. Text that came out of a ``${…}`` reference (`Interpolated`) may stand
for a number or a truth value, since TOML can't write a reference without quotes. `Unknown` marks text of inactive
parts whose variables aren't set: nobody will use it, so nothing is refused.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from meshdev.kernel.quantity import (
    DURATION,
    PERCENT,
    SIZE,
    QuantityError,
    parse_duration,
    parse_percent,
    parse_size,
)


class Interpolated(str):
    """Text that a reference took part in."""

    __slots__ = ()


class Unknown(Interpolated):
    """Text of an inactive part whose references could not be resolved."""

    __slots__ = ()


def refuse(accepted: str) -> PydanticCustomError:
    """The error that says what would have been right."""
    return PydanticCustomError("accepted", "{accepted}", {"accepted": accepted})


def _text(value: object) -> object:
    if isinstance(value, str):
        return value
    raise refuse("text")


def _flag(value: object) -> object:
    if isinstance(value, bool | Unknown):
        return value
    if isinstance(value, Interpolated) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise refuse("true or false")


def _flag_or_text(value: object) -> object:
    if isinstance(value, bool | str):
        return value
    raise refuse("true, false or text")


def _integer(value: object) -> int | None:
    if isinstance(value, Interpolated) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def whole(least: int, most: int | None = None) -> Callable[[object], object]:
    """A validator for whole numbers from ``least`` to ``most``."""
    accepted = f"whole number ≥ {least}" if most is None else f"whole number from {least} to {most}"

    def check(value: object) -> object:
        if isinstance(value, Unknown):
            return value
        number = _integer(value)
        if number is None or number < least or (most is not None and number > most):
            raise refuse(accepted)
        return number

    return check


def _positive(value: object) -> object:
    if isinstance(value, Unknown):
        return value
    number: object = value
    if isinstance(value, Interpolated):
        try:
            number = float(value)
        except ValueError:
            number = None
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 < number < float("inf"):
        return float(number)
    raise refuse("number > 0")


def _quantity(parse: Callable[[str], float], accepted: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, str):
            raise refuse(accepted)
        try:
            return parse(value)
        except QuantityError as error:
            raise refuse(error.accepted) from error

    return check


def size_of(value: object) -> object:
    """Bytes, from a number or a text such as ``512MB``."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return _quantity(parse_size, SIZE)(value)


def _share(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return _quantity(parse_percent, f"{PERCENT}, or a number from 0 to 1")(value)


def one_of(values: type[StrEnum], aliases: Mapping[str, str] | None = None) -> Callable[[object], object]:
    """A validator for the words of an enum; ``aliases`` are further words for the same (Compose's)."""
    accepted = " | ".join(f'"{value.value}"' for value in values)

    def check(value: object) -> object:
        if isinstance(value, Unknown):
            return next(iter(values))
        if isinstance(value, str):
            word = (aliases or {}).get(value, value)
            if word in set(values):
                return values(word)
        raise refuse(accepted)

    return check


def words(values: type[StrEnum], aliases: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON Schema of `one_of`."""
    return {"type": "string", "enum": [*(value.value for value in values), *(aliases or {})]}


def _variable_text(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return value
        case _:
            raise refuse("text, a number, true or false")


def _texts(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise refuse("an array of text, or one text")


COMMAND = 'a command line, or an array of text such as ["python", "-m", "orders"]'


def _command(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and value[:1] != [""]:
        return tuple(value)
    raise refuse(COMMAND)


def _loopback(value: object) -> object:
    """``"127.0.0.1:9464"`` of that, of ``"localhost:9464"``, or of the port alone."""
    if isinstance(value, Unknown):
        return value
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    host, _, port = text.rpartition(":")
    local = host in ("", "localhost") or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host)
    if local and port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535:  # noqa: PLR2004 -- ports
        return f"{'127.0.0.1' if host in ('', 'localhost') else host}:{int(port)}"
    raise refuse('a port on this machine, such as "127.0.0.1:9464"')


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string"})]
Texts = Annotated[tuple[str, ...], PlainValidator(_texts), WithJsonSchema(_TEXTS)]
Command = Annotated[str | tuple[str, ...], PlainValidator(_command), WithJsonSchema(_TEXTS)]
VariableText = Annotated[
    str, PlainValidator(_variable_text), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
FlagOrText = Annotated[
    bool | str, PlainValidator(_flag_or_text), WithJsonSchema({"type": ["boolean", "string"]})
]
Whole = Annotated[int, PlainValidator(whole(0)), WithJsonSchema({"type": "integer", "minimum": 0})]
Count = Annotated[int, PlainValidator(whole(1)), WithJsonSchema({"type": "integer", "minimum": 1})]
Port = Annotated[
    int, PlainValidator(whole(1, 65535)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535})
]
Loopback = Annotated[
    str,
    PlainValidator(_loopback),
    WithJsonSchema({"anyOf": [{"type": "string", "examples": ["127.0.0.1:9464"]}, {"type": "integer"}]}),
]
Number = Annotated[
    float, PlainValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
Duration = Annotated[
    float,
    PlainValidator(_quantity(parse_duration, DURATION)),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(0|([0-9.]+(ns|us|µs|ms|s|m|h|d))+)$", "examples": ["500ms"]}
    ),
]
Size = Annotated[
    int,
    PlainValidator(size_of),
    WithJsonSchema({"anyOf": [{"type": "string", "examples": ["512MB"]}, {"type": "integer", "minimum": 0}]}),
]
Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema({"anyOf": [{"type": "string", "examples": ["20%"]}, {"type": "number", "maximum": 1}]}),
]
