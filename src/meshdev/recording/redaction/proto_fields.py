"""Messages of Protocol Buffers: fields by name where descriptors tell names, all texts by what they look like.

Rules: what is known of a message decides which of its bytes are texts, else it is guessed (`protobuf.guess`), so that
nothing is passed over because it is unknown · where no name is known, a text that looks drawn by chance (a token, a
key) is taken for a secret · a map's values stand under their keys, what is wrapped (``StringValue``, ``Struct``) under
the name of its wrapper · numbers as in JSON · lengths are made true again, and nothing else is touched.
"""

import re
from typing import Final, NamedTuple

from meshdev.recording.protobuf.guess import fields_in
from meshdev.recording.protobuf.schema import FieldType, Kind, MessageType, Schema
from meshdev.recording.protobuf.wire import MOST_DEPTH, Field, WireError, WireType, fields_of, message_of
from meshdev.recording.redaction.json_fields import MOST_PLACES
from meshdev.recording.redaction.kinds import Context
from meshdev.recording.redaction.scanner import Scanner

_LONG_NUMBER: Final = 10**12
_MARKED_NUMBER: Final = 10**5
_MOST_NUMBER: Final = 1 << 63
_WRAPPERS: Final = "google.protobuf."
_ANY: Final = "google.protobuf.Any"
_KEY, _VALUE = 1, 2
_STRUCTURED: Final = frozenset({Kind.GROUP, Kind.MESSAGE})
_ZIGZAG: Final = frozenset({Kind.SINT32, Kind.SINT64})
_FLOATING: Final = frozenset({Kind.DOUBLE, Kind.FLOAT})
_DRAWN: Final = re.compile(
    r"(?a)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9_+/=.~-]{20,512}|[0-9a-f]{32,128}|[0-9A-F]{32,128}"
)


class _Place(NamedTuple):
    """Where the walk is; ``name`` is the nearest one, empty when none is known; ``marked`` below a telling name."""

    type: MessageType | None
    name: str
    path: str
    marked: bool
    depth: int


class ProtoFields:
    """One pass over one message."""

    def __init__(self, schema: Schema, scanner: Scanner, context: Context) -> None:
        self._schema = schema
        self._scanner = scanner
        self._context = context
        self._unseen: list[str] | None = None
        self.places: list[str] = []

    def redacted(self, data: bytes, type_name: str) -> bytes:
        """The message without secrets; ``places`` are then where the placeholders stand (``/card/number``).

        Texts whose names say nothing are asked about all at once, and one by one only when that finds something.
        """
        start = _Place(self._schema.message(type_name), "", "", marked=False, depth=0)
        unseen: list[str] = []
        self._unseen = None if self._scanner.users else unseen
        made = self._message(data, start)
        if unseen and self._scanner.suspects("\n".join(unseen).encode("latin-1", "replace")):
            self._unseen = None
            self.places = []
            made = self._message(data, start)
        return made

    def _message(self, data: bytes, place: _Place) -> bytes:
        if not data:
            return data
        try:
            fields = fields_of(data)
        except WireError:
            return self._text(data, place)
        key, held = self._key_of(fields, place), self._any(place, fields)
        changed = False
        for at, field in enumerate(fields):
            value = (
                self._message(field.value, place._replace(type=held, name="", depth=place.depth + 1))
                if held is not None and field.number == _VALUE and isinstance(field.value, bytes)
                else self._field(field, place, key)
            )
            if value != field.value:
                fields[at] = field._replace(value=value)
                changed = True
        return message_of(fields) if changed else data

    def _key_of(self, fields: list[Field], place: _Place) -> str:
        """The name that a map's key gives to its value."""
        if place.type is None or not place.type.is_entry:
            return ""
        found = next((one.value for one in fields if one.number == _KEY), b"")
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)

    def _field(self, field: Field, place: _Place, key: str) -> int | bytes:
        known = place.type.fields.get(field.number) if place.type is not None else None
        within = self._within(field, known, place, key)
        value = field.value
        if isinstance(value, int):
            return self._number(field, value, known, within)
        if known is None:
            is_group = field.wire is WireType.GROUP
            return self._message(value, within) if is_group else self._unknown(value, within)
        if known.kind in _STRUCTURED or within.type is not None:
            return self._message(value, within)
        if known.kind == Kind.BYTES and not self._is_secret(within):
            return self._unknown(value, within)
        return self._text(value, within) if known.kind in {Kind.STRING, Kind.BYTES} else value

    def _any(self, place: _Place, fields: list[Field]) -> MessageType | None:
        """What an ``Any`` holds."""
        if place.type is None or place.type.name != _ANY:
            return None
        url = next((one.value for one in fields if one.number == _KEY), b"")
        name = url.decode("utf-8", "replace").rpartition("/")[2] if isinstance(url, bytes) else ""
        return self._schema.message(name) or MessageType(name)

    def _within(self, field: Field, known: FieldType | None, place: _Place, key: str) -> _Place:
        """Where the field's value stands."""
        names = self._context.names
        if known is None:
            return place._replace(
                type=None, name="", path=f"{place.path}/{field.number}", depth=place.depth + 1
            )
        inner = self._schema.message(known.type_name) if known.type_name else None
        name, path = known.name, f"{place.path}/{known.name}"
        if key and field.number == _VALUE:
            name, path = key, f"{place.path}/{key}"
        elif place.name and place.type is not None and place.type.name.startswith(_WRAPPERS):
            name, path = place.name, place.path
        entry = inner is not None and inner.is_entry
        marked = (
            place.marked or (not entry and names.container(name)) or (entry and names.container(known.name))
        )
        return _Place(inner, name, path, marked, place.depth + 1)

    def _unknown(self, value: bytes, place: _Place) -> bytes:
        fields = fields_in(value, place.depth) if place.depth < MOST_DEPTH else None
        return self._text(value, place) if fields is None else self._message(value, place)

    def _is_secret(self, place: _Place) -> bool:
        names = self._context.names
        return bool(place.name) and (
            names.field(place.name) or (place.marked and not names.benign(place.name))
        )

    def _text(self, value: bytes, place: _Place) -> bytes:
        names, text = self._context.names, value.decode("latin-1")
        if not text or (place.name and names.kept(place.name)):
            return value
        if self._is_secret(place):
            made = self._context.mint.value(text)
        elif not place.name and (place.marked or _DRAWN.fullmatch(text)):
            made = self._context.mint.value(text, weak=True)
        else:
            return self._looked(value, text, place)
        self._note(place.path)
        return made.encode("latin-1", "replace")

    def _looked(self, value: bytes, text: str, place: _Place) -> bytes:
        if self._unseen is not None:
            self._unseen.append(text)
            return value
        made = self._scanner.look(text)
        if made == text:
            return value
        self._note(place.path)
        return made.encode("latin-1", "replace")

    def _number(self, field: Field, value: int, known: FieldType | None, place: _Place) -> int:
        if known is not None and (known.kind in _FLOATING or known.kind in _STRUCTURED):
            return value
        if known is None and field.wire is not WireType.VARINT:
            return value  # a date or a measure, for all we know
        names = self._context.names
        plain = value >> 1 if known is not None and known.kind in _ZIGZAG else value
        if not 0 < plain < _MOST_NUMBER or (place.name and names.kept(place.name)):
            return value
        text = str(plain)
        telling = bool(place.name) and (
            names.number(place.name)
            or (place.marked and not names.benign(place.name) and plain >= _MARKED_NUMBER)
        )
        if telling:
            made = self._context.mint.value(text)
        elif plain >= _LONG_NUMBER:
            made = self._scanner.look(text)
        else:
            return value
        if made == text or not made.isdigit():
            return value
        self._note(place.path)
        return _fitting(int(made), field, known)

    def _note(self, path: str) -> None:
        if len(self.places) <= MOST_PLACES:
            self.places.append(path if len(self.places) < MOST_PLACES else "")


def _fitting(number: int, field: Field, known: FieldType | None) -> int:
    """The number as its field can hold it."""
    bits = 31 if field.wire is WireType.FIXED32 else 63
    number &= (1 << bits) - 1
    return number << 1 if known is not None and known.kind in _ZIGZAG else number
