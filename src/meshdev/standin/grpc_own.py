"""What a stand-in answers by itself on an endpoint of gRPC: its health, and what its calls are made of. Pure.

Both are written by hand, since few of their fields matter; reflection's two versions have the same messages.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from meshdev.recording.protobuf.schema import file_names, schema_of
from meshdev.recording.protobuf.wire import (
    Field,
    WireError,
    WireType,
    fields_of,
    message_of,
    text_field,
)

Answers = Callable[[bytes], Iterator[bytes]]

_SERVING: Final = message_of([Field(1, WireType.VARINT, 1)])
_HEALTH: Final = ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch")
_REFLECTION: Final = tuple(
    f"grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha")
)
_FILE: Final = 1  # in a set
_BY_NAME, _BY_SYMBOL, _LIST = 3, 4, 7
_ASKED, _FILES, _SERVICES, _ERROR = 2, 4, 6, 7
_NOT_FOUND: Final = 5


def own_answers(descriptors: bytes) -> Mapping[str, Answers]:
    """What is answered to each message, by method."""
    found: dict[str, Answers] = dict.fromkeys(_HEALTH, _serving)
    if descriptors:
        told = _Told(descriptors)
        found |= dict.fromkeys(_REFLECTION, told.answers)
    return found


def _serving(_: bytes) -> Iterator[bytes]:
    yield _SERVING


class _Told:
    """Server reflection out of descriptors."""

    def __init__(self, descriptors: bytes) -> None:
        self._files = dict(file_names(descriptors))
        self._of: dict[str, str] = {}
        self._services: list[str] = []
        for name, data in self._files.items():
            schema = schema_of(message_of([text_field(_FILE, data)]))
            for symbol in (*schema.messages, *schema.services, *schema.methods):
                self._of.setdefault(symbol.replace("/", "."), name)
            self._services += schema.services

    def answers(self, question: bytes) -> Iterator[bytes]:
        """The answer to one question."""
        try:
            asked = {one.number: one.value for one in fields_of(question)}
        except WireError:
            asked = {}
        yield message_of([text_field(_ASKED, question), self._answer(asked)])

    def _answer(self, asked: Mapping[int, int | bytes]) -> Field:
        if _LIST in asked:
            services = [text_field(1, message_of([text_field(1, name)])) for name in self._services]
            return text_field(_SERVICES, message_of(services))
        name = _text(asked.get(_BY_NAME)) or self._of.get(_text(asked.get(_BY_SYMBOL)), "")
        if name not in self._files:
            why = [Field(1, WireType.VARINT, _NOT_FOUND), text_field(2, "the recording does not have it")]
            return text_field(_ERROR, message_of(why))
        files = [name, *(other for other in self._files if other != name)]
        return text_field(_FILES, message_of([text_field(1, self._files[one]) for one in files]))


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
