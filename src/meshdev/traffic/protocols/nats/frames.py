"""The frames of NATS's client protocol: a line, and behind ``PUB``, ``HPUB``, ``MSG`` and ``HMSG`` a body.

`Frames` follows one direction for the scanner: bodies are counted down, their beginnings kept. `NatsBorders` finds the
same frames for a `Cutter`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from meshdev.traffic.protocols.cutting import LostPlaceError, Message, Unit

MOST_LINE: Final = 64 * 1024  # a cluster's INFO names all its servers
MOST_HEADERS: Final = 8 * 1024
_FIRST_LETTERS: Final = frozenset(b"PHSUC+-MIphsucmi")
_WITH_BODY: Final = frozenset({b"PUB", b"HPUB", b"MSG", b"HMSG"})
WITH_HEADERS: Final = frozenset({b"HPUB", b"HMSG"})
_OTHERS: Final = frozenset({b"PING", b"PONG", b"SUB", b"UNSUB", b"CONNECT", b"INFO", b"+OK", b"-ERR"})
_TRAILER: Final = 2
_MOST_DIGITS: Final = 10
_TLS: Final = 0x16
_FEWEST: Final = {b"PUB": 3, b"HPUB": 4, b"MSG": 4, b"HMSG": 5}

Body = Callable[[list[bytes], bytes, int, int, float], None]
Line = Callable[[list[bytes], bytes, float], None]


def find_line(data: bytes, at: int) -> int:
    """Where the line that begins at ``at`` ends, -1 when that is not here yet. Raises LostPlaceError."""
    if data[at] not in _FIRST_LETTERS:
        raise LostPlaceError("it goes on in TLS" if data[at] == _TLS else "this is not NATS")
    end = data.find(b"\n", at)
    if (len(data) if end < 0 else end) - at > MOST_LINE:
        raise LostPlaceError("a line has no end")
    return end


def body_size(words: list[bytes]) -> int:
    """How long the body is, headers included; -1 when there is none. Raises LostPlaceError."""
    operation = words[0]
    if operation not in _WITH_BODY:
        operation = words[0] = operation.upper()
        if operation not in _WITH_BODY:
            if operation not in _OTHERS:
                raise LostPlaceError(f"no message begins with {operation[:20].decode('ascii', 'replace')!r}")
            return -1
    size = words[-1]
    if len(words) < _FEWEST[operation] or not size.isdigit() or len(size) > _MOST_DIGITS:
        raise LostPlaceError(f"a {operation.decode()} without a size")
    return int(size)


def header_size(words: list[bytes]) -> int:
    """How long a checked body's headers are."""
    if words[0] not in WITH_HEADERS:
        return 0
    size = words[-2]
    return min(int(size), int(words[-1])) if size.isdigit() and len(size) <= _MOST_DIGITS else 0


class Frames:
    """Follows one direction. ``body`` is told of each frame with a body, once that is complete, ``line`` of each other.

    ``body(words, data, at, size, now)``: the body's beginning (its headers, and ``most`` bytes behind) is at ``at`` of
    ``data``; ``size`` are the frame's bytes. ``line(words, line, now)``. `feed` raises LostPlaceError.
    """

    __slots__ = ("_body", "_kept", "_line", "_most", "_room", "_size", "_words", "head", "left")

    def __init__(self, body: Body, line: Line, most: int) -> None:
        self._body = body
        self._line = line
        self._most = most
        self.head = b""  # of a line that is not complete
        self.left = 0  # bytes of a body that are still to come
        self._words: list[bytes] = []
        self._kept = bytearray()
        self._room = 0
        self._size = 0

    def feed(self, data: bytes, now: float) -> None:
        """More of what was said."""
        at = self._skip(data, now) if self.left else 0
        if self.head:
            data, at, self.head = self.head + data[at:], 0, b""
        size = len(data)
        body = self._body
        while at < size:
            end = find_line(data, at)
            if end < 0:
                self.head = data[at:]
                return
            line = data[at:end]
            words = line.split()
            length = body_size(words)
            begun, at = at, end + 1
            if length < 0:
                self._line(words, line, now)
                continue
            stop = at + length + _TRAILER
            if stop > size:
                self._begin_body(words, data[at:], length, stop - begun)
                return
            body(words, data, at, stop - begun, now)
            at = stop

    def _begin_body(self, words: list[bytes], begun: bytes, length: int, size: int) -> None:
        self._words, self._size = words, size
        self.left = length + _TRAILER - len(begun)
        wanted = min(length, min(header_size(words), MOST_HEADERS) + self._most)
        self._kept = bytearray(begun[:wanted])
        self._room = wanted - len(self._kept)

    def _skip(self, data: bytes, now: float) -> int:
        """Count a body down; gives where it ends in ``data``."""
        if self._room:
            self._kept += data[: min(self._room, self.left)]
            self._room = max(0, self._room - len(data))
        if self.left > len(data):
            self.left -= len(data)
            return len(data)
        at, self.left = self.left, 0
        self._body(self._words, bytes(self._kept), 0, self._size, now)
        return at


def headers_of(block: bytes) -> Mapping[str, str]:
    """Headers by lowered name; of several with one name the first."""
    headers: dict[str, str] = {}
    for line in block.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(
                name.decode("utf-8", "replace").lower(), value.strip().decode("utf-8", "replace")
            )
    return headers


class NatsBorders:
    """Where the frames of one direction end; those with a body are messages.

    What has a subject with ``$`` or ``_`` at its beginning is NATS's own: its API, acknowledgements, inboxes.
    """

    __slots__ = ()

    def measure(self, data: bytes, at: int) -> Unit | None:
        """The frame at ``at``."""
        end = find_line(data, at)
        if end < 0:
            return None
        words = data[at:end].split()
        begin = end + 1
        length = body_size(words)
        if length < 0:
            return Unit(begin - at)
        size, headers = begin - at + length + _TRAILER, header_size(words)
        subject = words[1].decode("utf-8", "replace")
        block = data[begin : begin + headers]
        return Unit(size, Message(subject, lambda: headers_of(block), subject.startswith(("$", "_"))))

    def payload(self, data: bytes) -> bytes:
        """The body without its headers."""
        words, body = _opened(data)
        return body[header_size(words) : -_TRAILER]

    def with_payload(self, data: bytes, payload: bytes) -> bytes:
        """Another body behind the same headers."""
        words, body = _opened(data)
        body = body[: header_size(words)] + payload
        return b"%s %d\r\n%s\r\n" % (b" ".join(words[:-1]), len(body), body)


def _opened(data: bytes) -> tuple[list[bytes], bytes]:
    line, _, body = data.partition(b"\n")
    words = line.split()
    words[0] = words[0].upper()
    return words, body
