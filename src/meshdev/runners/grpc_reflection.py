"""What a server's calls are made of, asked of itself: server reflection (grpc.reflection.v1, else v1alpha).

The conversation in questions and answers is `Reflection`, sans-IO; `descriptors_at` holds it over a socket. Messages
are the same in both versions and few of their fields matter, so they are written and read by their numbers.

Rules: the names of all services, then the files of each, then those that these import and that have not come · a server
that knows nothing of reflection is no error: nothing is known then, and why · at most `MOST_BYTES`.
"""

from typing import Final

from meshdev.recording.protobuf.schema import file_names
from meshdev.recording.protobuf.wire import WireError, WireType, fields_of, message_of, text_field
from meshdev.runners.grpc_call import Call, NoHttp2Error
from meshdev.runners.probe_line import Line
from meshdev.traffic.protocols.http2.grpc import Status
from meshdev.traffic.protocols.http2.hpack_blocks import BlockError

PATHS: Final = tuple(
    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo".encode()
    for version in ("v1", "v1alpha")
)
MOST_BYTES: Final = 8 * 1024 * 1024
_MOST_ASKED: Final = 500  # at once
_MOST_ROUNDS: Final = 20
_BY_NAME, _BY_SYMBOL, _LIST = 3, 4, 7
_FILES, _SERVICES, _ERROR = 4, 6, 7
_FILE: Final = 1  # in a set
_DEPENDENCY: Final = 3  # in a file
_OWN: Final = "grpc.reflection."


class Reflection:
    """One server asked: say what `asks` gives, tell what came, until there is nothing more to ask."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._missing: set[str] = set()
        self._unasked: list[bytes] = [message_of([text_field(_LIST, "*")])]

    def asks(self) -> list[bytes]:
        """The next questions, for one call; empty when everything is known."""
        asked, self._unasked = self._unasked[:_MOST_ASKED], self._unasked[_MOST_ASKED:]
        return asked

    def heard(self, answers: list[bytes]) -> None:
        """What the server said to them."""
        for answer in answers:
            for field in _fields(answer):
                if field[0] == _FILES:
                    for _, one in _fields(field[1]):
                        self._add(one)
                elif field[0] == _SERVICES:
                    self._unasked += [
                        message_of([text_field(_BY_SYMBOL, name)])
                        for _, service in _fields(field[1])
                        for number, name in _fields(service)
                        if number == 1 and not name.startswith(_OWN.encode())
                    ]
        for name in {one for data in self._files.values() for one in _imports(data)}:
            if name not in self._files and name not in self._missing:
                self._missing.add(name)  # asked once
                self._unasked.append(message_of([text_field(_BY_NAME, name)]))

    def descriptors(self) -> bytes:
        """All files, as one set."""
        return message_of([text_field(_FILE, data) for data in self._files.values()])

    def _add(self, data: bytes) -> None:
        for name in file_names(message_of([text_field(_FILE, data)])):
            self._files.setdefault(name, data)


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    try:
        return [
            (one.number, one.value)
            for one in fields_of(data)
            if one.wire is WireType.BYTES and isinstance(one.value, bytes)
        ]
    except WireError:
        return []


def _imports(data: bytes) -> list[str]:
    return [value.decode("utf-8", "replace") for number, value in _fields(data) if number == _DEPENDENCY]


async def descriptors_at(host: str, port: int, *, tls: bool = False) -> tuple[bytes, str]:
    """The descriptors of the server there; empty when it tells none, and why. By ``tls`` any certificate will do."""
    why = ""
    for path in PATHS:
        try:
            found, status, why = await _asked(path, host, port, tls=tls)
        except (NoHttp2Error, BlockError):
            return b"", "its answers make no sense"
        except OSError as error:
            return b"", f"it cannot be reached: {error}"
        if status is not Status.UNIMPLEMENTED:
            return found, why
    return b"", "it has no server reflection"


async def _asked(path: bytes, host: str, port: int, *, tls: bool) -> tuple[bytes, Status | None, str]:
    reflection = Reflection()
    for _ in range(_MOST_ROUNDS):
        questions = reflection.asks()
        if not questions:
            break
        call = Call(path, questions, MOST_BYTES)
        await _hold(call, host, port, tls=tls)
        if call.status is not Status.OK:
            return b"", call.status, call.why or "it broke off"
        reflection.heard(call.messages())
    return reflection.descriptors(), Status.OK, ""


async def _hold(call: Call, host: str, port: int, *, tls: bool) -> None:
    line = await Line.opened(port, host, None, alpn="h2", tls=tls)
    try:
        await line.say(call.begin(f"{host}:{port}", secure=tls))
        while not call.is_over and (data := await line.hear()):
            answer = call.feed(data)
            if answer and not call.is_over:
                await line.say(answer)
    finally:
        line.close()
