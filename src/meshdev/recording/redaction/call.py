"""What a call of gRPC says: its messages, and metadata that are binary. Its other metadata are headers like any other.

Places are named as `model.Exchange.redacted` has them.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from msgspec.structs import replace

from meshdev.recording.model import Exchange, Headers, Message
from meshdev.recording.protobuf.schema import NOTHING, Schema
from meshdev.recording.redaction.kinds import Context
from meshdev.recording.redaction.proto_fields import ProtoFields
from meshdev.recording.redaction.scanner import Scanner


class Calls:
    """Redacts messages by what is known of a method."""

    def __init__(self, scanner: Scanner, context: Context) -> None:
        self._scanner = scanner
        self._context = context

    def message(
        self, data: bytes, path: str, schema: Schema, *, outgoing: bool
    ) -> tuple[bytes, tuple[str, ...]]:
        """A message to or from the method ``path``, and the places in it where placeholders stand."""
        if not data:
            return data, ()
        method = schema.methods.get(path)
        name = "" if method is None else (method.request if outgoing else method.response)
        fields = ProtoFields(schema, self._scanner, self._context)
        made = fields.redacted(data, name)
        return made, tuple(dict.fromkeys(fields.places))

    def messages(self, exchange: Exchange, schema: Schema) -> tuple[tuple[Message, ...], tuple[str, ...]]:
        """All of a call."""
        made: list[Message] = []
        places: list[str] = []
        path = exchange.request.target[1:]
        for number, message in enumerate(exchange.messages):
            data, within = self.message(message.data, path, schema, outgoing=message.outgoing)
            places += [f"message.{number}{place}" for place in within]
            made.append(replace(message, data=data) if within else message)
        return (tuple(made), tuple(places)) if places else (exchange.messages, ())

    def binaries(self, exchange: Exchange) -> tuple[Exchange, tuple[str, ...]]:
        """Binary metadata, looked into."""
        request, response = exchange.request, exchange.response
        headers, places = self._binary(request.headers, "request.header")
        if places:
            exchange = replace(exchange, request=replace(request, headers=headers))
        if response is not None:
            headers, more = self._binary(response.headers, "response.header")
            trailers, last = self._binary(response.trailers, "response.trailer")
            places += [*more, *last]
            if more or last:
                exchange = replace(exchange, response=replace(response, headers=headers, trailers=trailers))
        return exchange, tuple(places)

    def _binary(self, headers: Headers, where: str) -> tuple[Headers, list[str]]:
        places: list[str] = []
        made: list[tuple[str, str]] = []
        for name, value in headers:
            plain = binary_of(name, value)
            changed = (
                ProtoFields(NOTHING, self._scanner, self._context).redacted(plain, "") if plain else plain
            )
            if changed != plain:
                places.append(f"{where}.{name.lower()}")
            made.append((name, b64encode(changed).decode().rstrip("=") if changed != plain else value))
        return (tuple(made), places) if places else (headers, places)


def binary_of(name: str, value: str) -> bytes:
    """The bytes of binary metadata; none when it is no such thing."""
    if not name.lower().endswith("-bin"):
        return b""
    try:
        return b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (Base64Error, ValueError):
        return b""
