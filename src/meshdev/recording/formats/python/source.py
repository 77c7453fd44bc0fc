"""Values as Python source, laid out as ruff and black lay it out: what fits stands on a line, else an item a line.

Items a line end with a comma, so the layout is the same for every line length from `WIDTH` on.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from msgspec import Struct

WIDTH: Final = 88
_INDENT: Final = "    "
_LATIN: Final = 0xFF
_BASIC_PLANE: Final = 0xFFFF
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Code(Struct, frozen=True):
    """An expression as it stands, in the place of a value."""

    text: str


class Group(Struct, frozen=True):
    """Something in brackets: what opens it (``client.get(``), prefix and value of each item, what closes it."""

    opening: str
    items: "tuple[tuple[str, Value], ...]"
    closing: str


Value: TypeAlias = (
    "dict[str, Value] | list[Value] | tuple[Value, ...] | str | bytes | int | float | Code | Group | None"
)


def call(function: str, *arguments: "Value", **named: "Value") -> Group:
    """A call."""
    plain = tuple(("", one) for one in arguments)
    return Group(f"{function}(", (*plain, *((f"{name}=", one) for name, one in named.items())), ")")


def laid_out(value: "Value", *, indent: int = 0, before: str = "", after: str = "") -> str:
    """``before`` and the value and ``after`` as lines; ``before`` stands at ``indent`` levels already."""
    flat = flat_of(value)
    taken = len(_INDENT) * indent + len(before) + len(flat) + len(after)
    group = _group_of(value)
    if group is None or not group.items or (taken <= WIDTH and "\n" not in flat):
        return f"{before}{flat}{after}"
    inner = _INDENT * (indent + 1)
    lines = [
        f"{inner}{laid_out(item, indent=indent + 1, before=prefix, after=',')}"
        for prefix, item in group.items
    ]
    return "\n".join([f"{before}{group.opening}", *lines, f"{_INDENT * indent}{group.closing}{after}"])


def flat_of(value: "Value") -> str:
    """The value on one line."""
    group = _group_of(value)
    if group is not None:
        inner = ", ".join(f"{prefix}{flat_of(item)}" for prefix, item in group.items)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{group.opening}{inner}{comma}{group.closing}"
    if isinstance(value, Code):
        return value.text
    if isinstance(value, bytes):
        return _quoted_bytes(value)
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str, *, prefix: str = "") -> str:
    """A string literal: in double quotes unless single ones save escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{prefix}{quote}{''.join(_escaped(char, quote) for char in text)}{quote}"


def formatted(pieces: Iterable[str | Code]) -> Code:
    """An f-string out of texts and expressions; a plain string when there are no expressions."""
    parts = list(pieces)
    if not any(isinstance(one, Code) for one in parts):
        return Code(quoted("".join(one for one in parts if isinstance(one, str))))
    if len(parts) == 1 and isinstance(parts[0], Code):
        return parts[0]
    text = "".join(one for one in parts if isinstance(one, str))
    quote = "'" if '"' in text and "'" not in text else '"'
    made = ""
    for one in parts:
        if isinstance(one, Code):
            made += f"{{{one.text}}}"
        else:
            made += "".join(_escaped(char, quote) for char in one).replace("{", "{{").replace("}", "}}")
    return Code(f"f{quote}{made}{quote}")


def _group_of(value: "Value") -> Group | None:
    if isinstance(value, Group):
        return value
    if isinstance(value, dict):
        return Group("{", tuple((f"{quoted(key)}: ", one) for key, one in value.items()), "}")
    if isinstance(value, list):
        return Group("[", tuple(("", one) for one in value), "]")
    if isinstance(value, tuple):
        return Group("(", tuple(("", one) for one in value), ")")
    return None


def _escaped(char: str, quote: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char == quote:
        return f"\\{char}"
    if char.isprintable():
        return char
    number = ord(char)
    if number <= _LATIN:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _BASIC_PLANE else f"\\U{number:08x}"


def _quoted_bytes(data: bytes) -> str:
    quote = "'" if data.count(b'"') > data.count(b"'") else '"'
    made = "".join(
        _escaped(char, quote) if char.isascii() else f"\\x{ord(char):02x}" for char in data.decode("latin-1")
    )
    return f"b{quote}{made}{quote}"
