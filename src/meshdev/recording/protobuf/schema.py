"""Names and types out of descriptors (a ``FileDescriptorSet``): just as much as redaction and show need.

Read by hand, since these are four messages of a stable format (google/protobuf/descriptor.proto), so that a recorder
takes out secrets by their names whether the extra is installed or not. Nothing raises: what makes no sense is unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from meshdev.recording.protobuf.wire import Field, WireError, WireType, fields_of

_FILE, _PACKAGE, _MESSAGE, _SERVICE = 1, 2, 4, 6
_NAME, _FIELD, _NESTED, _OPTIONS, _MAP_ENTRY = 1, 2, 3, 7, 7
_NUMBER, _LABEL, _TYPE, _TYPE_NAME = 3, 4, 5, 6
_REPEATED: Final = 3
_METHOD, _INPUT, _OUTPUT, _CLIENT_STREAMS, _SERVER_STREAMS = 2, 2, 3, 5, 6


class Kind(IntEnum):
    """The types of fields that matter here."""

    DOUBLE = 1
    FLOAT = 2
    STRING = 9
    GROUP = 10
    MESSAGE = 11
    BYTES = 12
    SINT32 = 17
    SINT64 = 18


class FieldType(NamedTuple):
    """What is known of a field; ``type_name`` without a dot in front."""

    name: str
    kind: int
    type_name: str = ""
    repeated: bool = False


@dataclass(slots=True)
class MessageType:
    """What is known of a message."""

    name: str
    fields: dict[int, FieldType] = field(default_factory=dict)
    is_entry: bool = False  # of a map


class Method(NamedTuple):
    """A method by its path, without a slash in front."""

    path: str
    request: str
    response: str
    client_streams: bool = False
    server_streams: bool = False


@dataclass(slots=True)
class Schema:
    """All messages and methods of some files."""

    messages: dict[str, MessageType] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)

    def message(self, name: str) -> MessageType | None:
        """The message of that name."""
        return self.messages.get(name)


NOTHING: Final = Schema()


def schema_of(descriptors: bytes) -> Schema:
    """What a set of file descriptors says."""
    schema = Schema()
    for one in _inner(descriptors, _FILE):
        package = _text(one, _PACKAGE)
        prefix = f"{package}." if package else ""
        for message in _inner(one, _MESSAGE):
            _add_message(schema, message, prefix)
        for service in _inner(one, _SERVICE):
            name = prefix + _text(service, _NAME)
            schema.services.append(name)
            for method in _inner(service, _METHOD):
                _add_method(schema, method, name)
    return schema


def file_names(descriptors: bytes) -> Mapping[str, bytes]:
    """The files of a set by their names."""
    return {_text(one, _NAME): one for one in _inner(descriptors, _FILE)}


def _add_message(schema: Schema, data: bytes, prefix: str) -> None:
    name = prefix + _text(data, _NAME)
    made = schema.messages[name] = MessageType(name)
    for one in _inner(data, _FIELD):
        kind = FieldType(
            _text(one, _NAME),
            _number(one, _TYPE),
            _text(one, _TYPE_NAME).lstrip("."),
            _number(one, _LABEL) == _REPEATED,
        )
        made.fields[_number(one, _NUMBER)] = kind
    made.is_entry = any(_number(options, _MAP_ENTRY) for options in _inner(data, _OPTIONS))
    for inner in _inner(data, _NESTED):
        _add_message(schema, inner, f"{name}.")


def _add_method(schema: Schema, data: bytes, service: str) -> None:
    path = f"{service}/{_text(data, _NAME)}"
    schema.methods[path] = Method(
        path,
        _text(data, _INPUT).lstrip("."),
        _text(data, _OUTPUT).lstrip("."),
        bool(_number(data, _CLIENT_STREAMS)),
        bool(_number(data, _SERVER_STREAMS)),
    )


def _read(data: bytes) -> list[Field]:
    try:
        return fields_of(data)
    except WireError:
        return []


def _inner(data: bytes, number: int) -> Iterator[bytes]:
    for one in _read(data):
        if one.number == number and one.wire is WireType.BYTES and isinstance(one.value, bytes):
            yield one.value


def _text(data: bytes, number: int) -> str:
    return next((value.decode("utf-8", "replace") for value in _inner(data, number)), "")


def _number(data: bytes, number: int) -> int:
    for one in _read(data):
        if one.number == number and isinstance(one.value, int):
            return one.value
    return 0
