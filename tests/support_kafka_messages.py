"""Messages of Kafka by the schemas that kafka-python ships: any request, any answer, any version, any values."""

from importlib import import_module
from pkgutil import walk_packages
from random import Random
from struct import pack_into
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from unittest.mock import ANY
from uuid import UUID

import kafka.protocol
from kafka.protocol.api_message import ApiMessage
from kafka.record import MemoryRecordsBuilder

CLIENT: Final = "a client"
_NOT_SPOKEN: Final = ("old", "generate_stubs", "parser")


class Values(NamedTuple):
    """A message, and its values in their order: texts, ids, numbers; without tagged fields and arrays of numbers."""

    data: bytes
    told: list[Any]


def _classes() -> dict[tuple[int, bool], Any]:
    for module in walk_packages(kafka.protocol.__path__, "kafka.protocol."):
        if not module.name.endswith(_NOT_SPOKEN) and ".old" not in module.name:
            import_module(module.name)
    return {
        (int(each.API_KEY), bool(each.is_request())): each
        for each in ApiMessage.__subclasses__()
        if each._class_version is None
    }


CLASSES: Final = _classes()


def names() -> dict[int, str]:
    """Requests by their numbers."""
    return {key: each.name.removesuffix("Request") for (key, asked), each in CLASSES.items() if asked}


def versions(key: int) -> range:
    """Those that the schema knows."""
    return range(CLASSES[key, True].max_version + 1)


def flexible_from(key: int) -> int | None:
    """The first version with the flexible encoding."""
    return next((it for it in versions(key) if CLASSES[key, True].flexible_version_q(it)), None)


def message(
    key: int, version: int, random: Random, /, *, asked: bool, correlation: int = 7, **given: Any
) -> Values:
    """A message of any values but those that are ``given`` (by the names of its first level)."""
    its_class = CLASSES[key, asked]
    told: list[Any] = []
    fields = _fields(its_class._struct, version, random, told, given)
    for name in ("tags", "unknown_tags"):
        fields.pop(name)
    it = its_class(version=version, **fields)
    it.with_header(correlation, CLIENT) if asked else it.with_header(correlation)
    return Values(bytes(it.encode(header=True, framed=True)), told)


def _fields(
    struct: Any, version: int, random: Random, told: list[Any], given: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": set(), "unknown_tags": None}
    for field in struct._fields:
        if not field.for_version_q(version):
            continue
        if field._tag is not None:
            if random.random() < 0.3:
                found[field.name] = _value(field, version, random, [])
                found["tags"].add(field.name)
        elif field.name in given:
            found[field.name] = given[field.name]
        else:
            found[field.name] = _value(field, version, random, told)
    return found


def _value(field: Any, version: int, random: Random, told: list[Any]) -> Any:
    if field.is_struct_array():
        return [
            SimpleNamespace(**_fields(field, version, random, told, {})) for _ in range(random.randrange(3))
        ]
    if field.is_struct():
        return SimpleNamespace(**_fields(field, version, random, told, {}))
    if field.is_array():
        inner = field.array_of
        texts: list[Any] = []
        values = [_value(inner, version, random, texts) for _ in range(random.randrange(3))]
        if texts and isinstance(texts[0], str):
            told += texts
        return values
    value = _scalar(field.type_str, random)
    if field.nullable_for_version_q(version) and random.random() < 0.3:
        value = None
    told.append({"string": value or "", "bitfield": ANY}.get(field.type_str, value))
    return value


def _scalar(kind: str, random: Random) -> Any:
    makers: dict[str, Any] = {
        "string": lambda: "".join(random.choices("abcé-.09", k=random.randrange(300))),
        "bool": lambda: random.random() < 0.5,
        "uuid": lambda: UUID(bytes=random.randbytes(16)),
        "bytes": lambda: random.randbytes(random.randrange(50)),
        "records": lambda: random.randbytes(random.randrange(50)),
        "bitfield": set,
        "float64": random.random,
    }
    if kind in makers:
        return makers[kind]()
    return random.randrange(2 ** (int(kind.removeprefix("u").removeprefix("int")) - 1))


def batch(
    values: list[bytes],
    headers: list[list[tuple[str, bytes]]] | None = None,
    compression: int = 0,
    offset: int = 0,
) -> bytes:
    """A batch of records from ``offset`` on (`compression` 1: gzip)."""
    builder = MemoryRecordsBuilder(
        magic=2, compression_type=compression, batch_size=10_000_000, offset=offset
    )
    for n, value in enumerate(values):
        builder.append(
            timestamp=1_700_000_000_000 + n, key=b"k", value=value, headers=headers[n] if headers else []
        )
    builder.close()
    return bytes(builder.buffer())


def idempotent(data: bytes, producer: int, sequence: int, *, transactional: bool = False) -> bytes:
    """The batch as an idempotent producer's, without a checksum for it."""
    changed = bytearray(data)
    pack_into(">qhi", changed, 43, producer, 1, sequence)
    if transactional:
        changed[22] |= 0x10
    return bytes(changed)
