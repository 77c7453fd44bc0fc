"""Messages as JSON and back, by descriptors. What is not known is guessed (`guess`), and never an error.

Needs protobuf (the extra ``grpc``), imported with the first message that descriptors are there for; without it every
message is guessed, and `Codecs.missing` says so.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from meshdev.recording.calls import Decode, guessed, method_of
from meshdev.recording.model import Descriptors, Exchange, Message
from meshdev.recording.protobuf.guess import tree
from meshdev.recording.protobuf.schema import Schema, schema_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import Message as ProtoMessage

UNKNOWN: Final = "unknown fields"
_OWN: Final = "google/protobuf/"
HINT: Final = "pip install 'meshdev[grpc]'"


class Codec:
    """The messages of one endpoint. Raises ImportError where protobuf is not to be had."""

    def __init__(self, descriptors: bytes) -> None:
        self.schema: Schema = schema_of(descriptors)
        self._pool = _pool_of(descriptors)
        self._classes: dict[str, type[ProtoMessage]] = {}

    def type_of(self, path: str, *, outgoing: bool) -> str:
        """The name of a method's messages; empty when the method is not known."""
        method = self.schema.methods.get(path)
        if method is None:
            return ""
        return method.request if outgoing else method.response

    def decoded(self, name: str, data: bytes) -> Any:
        """A message as JSON has it. Raises ValueError for what is none of that name."""
        from google.protobuf import json_format  # noqa: PLC0415 - the extra
        from google.protobuf.message import DecodeError  # noqa: PLC0415

        try:
            message = self._class(name).FromString(data)
            found = json_format.MessageToDict(
                message, preserving_proto_field_name=True, descriptor_pool=self._pool
            )
        except (DecodeError, json_format.Error, KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        known = message.ByteSize()
        message.DiscardUnknownFields()
        if message.ByteSize() != known and isinstance(found, dict):
            found[UNKNOWN] = _without(tree(data), message.DESCRIPTOR)
        return found

    def encoded(self, name: str, content: Any) -> bytes:
        """The message again. Raises ValueError for what is none of that name."""
        from google.protobuf import json_format  # noqa: PLC0415 - the extra

        try:
            made = json_format.ParseDict(content, self._class(name)(), descriptor_pool=self._pool)
            return made.SerializeToString(deterministic=True)
        except (json_format.Error, KeyError, TypeError) as error:
            raise ValueError(str(error)) from error

    def _class(self, name: str) -> "type[ProtoMessage]":
        known = self._classes.get(name)
        if known is None:
            from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415 - the extra

            known = self._classes[name] = GetMessageClass(self._pool.FindMessageTypeByName(name))
        return known


class Codecs:
    """Those of a recording, by endpoint."""

    def __init__(self, descriptors: Iterable[Descriptors]) -> None:
        self._sets = {(one.callee, one.endpoint): one.data for one in descriptors}
        self._made: dict[tuple[str, str], Codec | None] = {}
        self.missing = ""  # what keeps messages from being decoded, for a person

    def of(self, callee: str, endpoint: str) -> Codec | None:
        """The codec of an endpoint's calls; None when nothing is known of them."""
        key = (callee, endpoint)
        if key not in self._made:
            self._made[key] = self._make(self._sets.get(key, b""))
        return self._made[key]

    def decode(self, exchange: Exchange, message: Message) -> Any:
        """A message as JSON has it; by its fields' numbers when nothing is known."""
        codec = self.of(exchange.callee, exchange.endpoint)
        name = codec.type_of(method_of(exchange), outgoing=message.outgoing) if codec is not None else ""
        if codec is None or not name or message.cut is not None:
            return guessed(exchange, message)
        try:
            return codec.decoded(name, message.data)
        except ValueError:
            return guessed(exchange, message)

    def _make(self, data: bytes) -> Codec | None:
        if not data:
            return None
        try:
            return Codec(data)
        except ImportError:
            self.missing = (
                f"messages are shown by their fields' numbers, since protobuf is not installed: {HINT}"
            )
        except (TypeError, ValueError) as error:
            self.missing = (
                f"messages are shown by their fields' numbers, for the descriptors are not whole: {error}"
            )
        return None


def decoder_of(descriptors: Iterable[Descriptors]) -> Decode:
    """What makes JSON of a recording's messages."""
    return Codecs(descriptors).decode


def _without(content: Any, known: Any) -> Any:
    """Of a message by numbers, what does not stand there by its name; messages stay, for there may be more in them."""
    plain = {str(field.number) for field in known.fields if field.message_type is None}
    if not isinstance(content, dict):
        return content
    return {number: value for number, value in content.items() if number not in plain}


def _own_file(name: str) -> "FileDescriptor":
    """A file that comes with protobuf. Raises ValueError for any other."""
    if not name.startswith(_OWN):
        raise ValueError(f"{name} is missing")
    try:
        module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    except ImportError:
        raise ValueError(f"{name} is missing") from None
    found: FileDescriptor = module.DESCRIPTOR
    return found


def _pool_of(descriptors: bytes) -> "DescriptorPool":
    """A pool of these files, each behind those that it imports; what is missing of protobuf's own is taken from it."""
    from google.protobuf import descriptor_pb2, descriptor_pool  # noqa: PLC0415 - the extra
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        files = {one.name: one for one in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file}
    except DecodeError as error:
        raise ValueError(str(error)) from error
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(name: str) -> None:
        if name in added:
            return
        added.add(name)
        one = files.get(name)
        if one is None:
            one = descriptor_pb2.FileDescriptorProto()
            _own_file(name).CopyToProto(one)
        for dependency in one.dependency:
            add(dependency)
        pool.Add(one)

    for name in files:
        add(name)
    return pool
