"""A health check (grpc.health.v1.Health/Check): one call. Its messages have a field each, and are written by hand."""

from enum import IntEnum
from typing import Final

from meshdev.runners.grpc_call import Call, NoHttp2Error
from meshdev.traffic.protocols.http2.grpc import Status

__all__ = ["PATH", "Check", "NoHttp2Error", "Serving"]

PATH: Final = b"/grpc.health.v1.Health/Check"
_FIELD: Final = 0x0A  # the first one, with a length
_STATUS_FIELD: Final = 0x08  # the first one, a number


class Serving(IntEnum):
    """What a service says of itself."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class Check(Call):
    """The call; ``service`` may be empty, which is the server as a whole."""

    __slots__ = ()

    def __init__(self, service: str) -> None:
        name = service.encode()
        super().__init__(PATH, [bytes((_FIELD, *_varint(len(name)))) + name if name else b""])

    @property
    def serving(self) -> Serving | None:
        """The answer; None when there is none, or none yet."""
        if self.status is not Status.OK:
            return None
        heard = self.messages()
        return _serving(heard[0]) if heard else None

    def _end(self, why: str) -> None:
        nothing = self.status is Status.OK and not self._body
        super()._end(Status.OK.name if nothing else why)


def _serving(message: bytes) -> Serving:
    """What a message says; what nobody knows is UNKNOWN."""
    if len(message) > 1 and message[0] == _STATUS_FIELD and message[1] in set(Serving):
        return Serving(message[1])
    return Serving.UNKNOWN


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - more than fits into one byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
