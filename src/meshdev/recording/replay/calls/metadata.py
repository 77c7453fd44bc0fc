"""Metadata as recordings have them, and as grpcio does: there what is binary is bytes, here it is base64. Pure."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Final

from meshdev.recording.model import Headers
from meshdev.recording.redaction.call import binary_of

_BINARY: Final = "-bin"


def metadata_of(pairs: Iterable[tuple[str, str | bytes]]) -> Headers:
    """As a recording has them."""
    return tuple(
        (name, b64encode(value).decode().rstrip("=") if isinstance(value, bytes) else value)
        for name, value in pairs
    )


def sendable(headers: Headers) -> tuple[tuple[str, str | bytes], ...]:
    """As grpcio wants them; what it would refuse is left out."""
    return tuple(
        (name.lower(), binary_of(name, value) if name.lower().endswith(_BINARY) else value)
        for name, value in headers
        if value.isascii() and value.isprintable() and not name.startswith(":")
    )
