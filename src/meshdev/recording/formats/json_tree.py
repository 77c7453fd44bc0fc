"""JSON values and the places in them: JSON pointers (RFC 6901)."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

import msgspec

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Change: TypeAlias = Callable[[str, "Json"], "Json"]


def parsed(data: bytes) -> tuple[Json, bool]:
    """The value, and whether there is one."""
    try:
        return cast("Json", msgspec.json.decode(data)), True
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None, False


def encoded(value: Json, *, indent: int = 2) -> bytes:
    """For people: indented, UTF-8, a line's end at the end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=indent) + b"\n"


def token(key: str) -> str:
    """A key as it stands in a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def leaves(value: Json, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every (pointer, value) that holds no others; empty lists and objects count, too."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{place}/{token(key)}")
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{place}/{number}")
    else:
        yield place, value


def at(value: Json, place: str) -> Json:
    """What stands at a pointer; None when nothing does."""
    for step in place.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step.replace("~1", "/").replace("~0", "~"))
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def changed(value: Json, change: Change, place: str = "") -> Json:
    """The same with every leaf put through ``change(pointer, leaf)``."""
    if isinstance(value, dict) and value:
        return {key: changed(inner, change, f"{place}/{token(key)}") for key, inner in value.items()}
    if isinstance(value, list) and value:
        return [changed(inner, change, f"{place}/{number}") for number, inner in enumerate(value)]
    return change(place, value)
