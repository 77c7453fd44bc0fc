"""Fields of Kafka's messages: shapes over their versions, and what reads them.

A shape is written as text: ``name:kind:versions``, and ``name[ … ]:versions`` for an array of structures. Kinds:
``i1``, ``i2``, ``i4``, ``i8`` (integers by their bytes), ``str`` (also null), ``uuid``, ``i4*``, ``i8*``, ``str*``
(arrays). Versions: from (``3``), or from and to (``3-5``); none for all. The flexible encoding (compact lengths, tagged
fields) is a matter of the version, not of the shape.
"""

import re
from collections.abc import Iterator
from struct import Struct
from typing import Any, Final, NamedTuple

MOST_VARINT: Final = 5
_ALL: Final = 1 << 15
_TOKEN: Final = re.compile(
    r"(?P<name>\w+)(?P<opens>\[)|(?P<field>\w+):(?P<kind>[\w*]+)(?::(?P<of>\d+(?:-\d+)?))?|\](?::(?P<to>\d+(?:-\d+)?))?"
)
_ARRAYS: Final = {"i4*": 4, "i8*": 8}
_INTEGERS: Final = {"i1": Struct(">b"), "i2": Struct(">h"), "i4": Struct(">i"), "i8": Struct(">q")}


class MalformedError(Exception):
    """Bytes that are no such message, or that end too early."""


class Field(NamedTuple):
    """One field; with ``inner`` an array of structures."""

    name: str
    kind: str
    first: int
    last: int
    inner: "Shape | None" = None


class Shape:
    """Fields in their order, over all versions."""

    __slots__ = ("_fields", "_versions")

    def __init__(self, fields: list[Field]) -> None:
        self._fields = fields
        self._versions: dict[int, list[Field]] = {}

    def of(self, version: int) -> list[Field]:
        """Those that a version has."""
        found = self._versions.get(version)
        if found is None:
            found = [field for field in self._fields if field.first <= version <= field.last]
            self._versions[version] = found
        return found


def shape(text: str) -> Shape:
    """A shape out of its text."""
    return _fields(_TOKEN.finditer(text))[0]


def _fields(tokens: Iterator[re.Match[str]]) -> tuple[Shape, str]:
    """Fields up to the end or a closing bracket, and the versions that stand behind that."""
    found = []
    for token in tokens:
        if token["opens"]:
            inner, versions = _fields(tokens)
            found.append(Field(token["name"], "[]", *_versions(versions), inner))
        elif token["field"]:
            found.append(Field(token["field"], token["kind"], *_versions(token["of"])))
        else:
            return Shape(found), token["to"] or ""
    return Shape(found), ""


def _versions(text: str | None) -> tuple[int, int]:
    if not text:
        return 0, _ALL
    first, dash, last = text.partition("-")
    return int(first), int(last) if dash else _ALL


class Span(NamedTuple):
    """Where a field stands in the bytes that were read."""

    name: str
    start: int
    end: int


class Reader:
    """Reads fields out of ``data`` from ``at`` to ``end``; every method raises MalformedError."""

    __slots__ = ("at", "data", "end", "flexible", "spans")

    def __init__(self, data: bytes, at: int, end: int, *, flexible: bool) -> None:
        self.data = data
        self.at = at
        self.end = end
        self.flexible = flexible
        self.spans: list[Span] | None = None  # set: where each scalar stands

    def integer(self, kind: str) -> int:
        """A fixed integer."""
        struct = _INTEGERS[kind]
        at = self.at
        end = at + struct.size
        if end > self.end:
            raise MalformedError
        self.at = end
        number: int = struct.unpack_from(self.data, at)[0]
        return number

    def unsigned(self) -> int:
        """A variable one."""
        data, at = self.data, self.at
        if at < self.end and (byte := data[at]) < 0x80:  # noqa: PLR2004 - its only byte, mostly
            self.at = at + 1
            return byte
        number = shift = 0
        for place in range(at, at + MOST_VARINT):
            if place >= self.end:
                raise MalformedError
            byte = data[place]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the last of its bytes
                self.at = place + 1
                return number
            shift += 7
        raise MalformedError

    def length(self, kind: str = "i4") -> int:
        """How many elements or bytes follow; -1 for null."""
        return self.unsigned() - 1 if self.flexible else self.integer(kind)

    def skip(self, size: int) -> None:
        """Leave bytes out."""
        if size < 0 or self.at + size > self.end:
            raise MalformedError
        self.at += size

    def string(self) -> str:
        """A text; null is empty."""
        size = max(self.length("i2"), 0)
        begin = self.at
        self.skip(size)
        return self.data[begin : self.at].decode("utf-8", "replace")

    def uuid(self) -> bytes:
        """Sixteen bytes."""
        self.skip(16)
        return self.data[self.at - 16 : self.at]

    def tags(self) -> None:
        """Leave out the tagged fields, where the encoding has them."""
        if self.flexible:
            for _ in range(self.unsigned()):  # mostly none
                self.unsigned()
                self.skip(self.unsigned())

    def structure(self, fields: Shape, version: int) -> dict[str, Any]:
        """A structure with its tagged fields, see `fields`."""
        found = self.fields(fields, version)
        self.tags()
        return found

    def fields(self, fields: Shape, version: int) -> dict[str, Any]:
        """The fields of that version: strings as str, ids as bytes, arrays as lists (those of integers stay empty)."""
        found: dict[str, Any] = {}
        for field in fields.of(version):
            start = self.at
            found[field.name] = self._value(field, version)
            if self.spans is not None and field.inner is None:
                self.spans.append(Span(field.name, start, self.at))
        return found

    def _value(self, field: Field, version: int) -> Any:
        kind = field.kind
        if kind in _INTEGERS:
            return self.integer(kind)
        if kind == "str":
            return self.string()
        if kind == "uuid":
            return self.uuid()
        count = max(self.length(), 0)
        if kind in _ARRAYS:
            self.skip(_ARRAYS[kind] * count)
            return []
        if count > self.end - self.at:  # each takes a byte at least
            raise MalformedError
        if kind == "str*":
            return [self.string() for _ in range(count)]
        inner = field.inner
        return [self.structure(inner, version) for _ in range(count)] if inner is not None else []


def varint(number: int) -> bytes:
    """A number of variable length, as `Reader.unsigned` reads it."""
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - more bytes follow
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
