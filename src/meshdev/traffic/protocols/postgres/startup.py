"""How a PostgreSQL connection begins: requests for encryption, a cancellation, or the startup message (protocol 3)."""

import struct
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("!II")
_SSL: Final = 80877103
_GSS: Final = 80877104
_CANCEL: Final = 80877102
_PROTOCOL: Final = 3
_MOST: Final = 10_000  # bytes of a startup message, as the server has it
_TLS_HANDSHAKE: Final = 0x16


class First(Enum):
    """What the first message is."""

    ENCRYPT = auto()  # the answer is a single byte
    CANCEL = auto()  # there is no answer
    STARTUP = auto()
    FOREIGN = auto()


class Beginning(NamedTuple):
    """A first message, its length in bytes, and why it cannot be read, or a startup's parameters."""

    first: First
    length: int
    reason: str = ""
    parameters: Mapping[str, str] = {}


def beginning(said: bytes | bytearray) -> Beginning | None:
    """The message at the beginning of ``said``; None when it is not all there."""
    if said[:1] and said[0] == _TLS_HANDSHAKE:
        return Beginning(First.FOREIGN, 0, "it speaks TLS from its first byte on")
    if len(said) < _HEADER.size:
        return None
    length, code = _HEADER.unpack_from(said)
    if code in {_SSL, _GSS} and length == _HEADER.size:
        return Beginning(First.ENCRYPT, length)
    cancels = code == _CANCEL
    if not (cancels or code >> 16 == _PROTOCOL) or not _HEADER.size < length <= _MOST:
        return Beginning(First.FOREIGN, 0, "it does not begin as PostgreSQL's protocol 3 does")
    if len(said) < length:
        return None
    return (
        Beginning(First.CANCEL, length) if cancels else _startup(bytes(said[_HEADER.size : length]), length)
    )


def _startup(body: bytes, length: int) -> Beginning:
    words = [word.decode("utf-8", "replace") for word in body.split(b"\0")]
    parameters = dict(zip(words[::2], words[1::2], strict=False))
    if parameters.get("replication", "false").lower() not in {"false", "off", "no", "0"}:
        return Beginning(First.FOREIGN, 0, "it is a replication")
    return Beginning(First.STARTUP, length, "", parameters)
