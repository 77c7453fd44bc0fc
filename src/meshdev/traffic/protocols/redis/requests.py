"""The caller's side of RESP: commands out of bytes. Arrays of bulk strings, and lines ("inline commands").

Of a command the first words are kept, each up to `KEPT_BYTES`; what follows is skipped by its length.
"""

from typing import Final, NamedTuple

from meshdev.traffic.protocols.redis.commands import Command, command_of

KEPT_BYTES: Final = 1024
MOST_LINE: Final = 64 * 1024  # a server's own limit for a command in one line
MOST_HEAD: Final = 32  # of "*3\r\n", "$12\r\n"
TLS_HANDSHAKE: Final = 0x16
_STAR, _DOLLAR = b"*$"
_IDLE: Final = -1
_USUAL_WORDS: Final = 5
_USUAL_HEADS: Final = {b"*%d" % count: 2 * count + 2 for count in range(1, _USUAL_WORDS + 1)}
_USUAL_SIZES: Final = tuple(b"$%d" % size for size in range(KEPT_BYTES + 1))
_NOT_REDIS: Final = "what the caller says is not Redis' protocol"


class Request(NamedTuple):
    """One command: its first ``words``, how many there were (``length``), how many bytes it took."""

    command: Command
    words: list[bytes]
    length: int
    size: int


class RequestReader:
    """Give it bytes, it gives the commands that they complete; ``wrong`` says why it cannot read on."""

    __slots__ = ("_began", "_command", "_count", "_held", "_left", "_passed", "_skip", "_words", "wrong")

    def __init__(self) -> None:
        self.wrong = ""
        self._held = b""  # the beginning of what is not complete; bounded, see the limits above
        self._passed = 0  # bytes before ``_held``
        self._skip = 0  # bytes that nobody wants and that are still to come
        self._left = _IDLE  # words of the command that are still to come
        self._count = 0
        self._began = 0
        self._words: list[bytes] = []
        self._command = command_of(b"")

    def feed(self, data: bytes) -> list[Request]:
        """The commands that end in ``data``."""
        if self._held:
            data = self._held + data
        elif not self._skip and self._left == _IDLE and (usual := self._usual(data)) is not None:
            return [usual]
        done: list[Request] = []
        at, end = 0, len(data)
        while not self.wrong:
            if self._skip:
                step = min(self._skip, end - at)
                at += step
                self._skip -= step
                if self._skip:
                    break
            if self._left == 0:
                done.append(Request(self._command, self._words, self._count, self._passed + at - self._began))
                self._left = _IDLE
            if at >= end:
                break
            if self._left == _IDLE:
                then = self._head(data, at) if data[at] == _STAR else self._line(data, at, done)
            else:
                then = self._word(data, at)
            if then < 0:
                break
            at = then
        self._held = data[at:]
        self._passed += at
        return done

    def _usual(self, data: bytes) -> Request | None:
        """A command by itself, as they mostly come: short, no line ends in its words. So it is cut by `bytes.split`."""
        parts = data.split(b"\r\n", 2 * _USUAL_WORDS + 2)
        if _USUAL_HEADS.get(parts[0]) != len(parts) or parts[-1]:
            return None
        words = parts[2::2]
        at = 1
        for word in words:
            size = len(word)
            if size > KEPT_BYTES or parts[at] != _USUAL_SIZES[size]:
                return None
            at += 2
        self._passed += len(data)
        command = command_of(words[0])
        return Request(command, words[: command.kept or 1], len(words), len(data))

    def _head(self, data: bytes, at: int) -> int:
        r"""``*3\r\n``; where it ends, below 0 when it does not yet."""
        stop = data.find(b"\r\n", at, at + MOST_HEAD)
        if stop < 0:
            return self._missing(len(data) - at)
        count = _number(data[at + 1 : stop])
        if count is None:
            return self._refuse()
        if count > 0:
            self._began = self._passed + at
            self._count = self._left = count
            self._words = []
        return stop + 2

    def _word(self, data: bytes, at: int) -> int:
        r"""``$3\r\nGET\r\n``; where its body ends, or what is kept of it, below 0 when it does not yet."""
        stop = data.find(b"\r\n", at, at + MOST_HEAD)
        if stop < 0:
            return self._missing(len(data) - at)
        size = _number(data[at + 1 : stop])
        if data[at] != _DOLLAR or size is None or size < 0:
            return self._refuse()
        words = self._words
        begin = stop + 2
        if not words or len(words) < self._command.kept:
            kept = min(size, KEPT_BYTES)
            if len(data) - begin < kept:
                return -1
            word = data[begin : begin + kept]
            if not words:
                self._command = command_of(word)
            words.append(word)
        self._left -= 1
        self._skip = size + 2
        return begin

    def _line(self, data: bytes, at: int, done: list[Request]) -> int:
        r"""``PING\r\n``; where it ends, below 0 when it does not yet."""
        if data[at] == TLS_HANDSHAKE:
            self.wrong = "it is encrypted (TLS)"
            return -1
        stop = data.find(b"\n", at, at + MOST_LINE)
        if stop < 0:
            return self._missing(len(data) - at, MOST_LINE)
        words = data[at:stop].split()
        if words:
            command = command_of(words[0])
            kept = [word.strip(b"\"'")[:KEPT_BYTES] for word in words[: command.kept]]
            done.append(Request(command, kept, len(words), stop + 1 - at))
        return stop + 1

    def _missing(self, have: int, most: int = MOST_HEAD) -> int:
        return self._refuse() if have >= most else -1

    def _refuse(self) -> int:
        self.wrong = _NOT_REDIS
        return -1


def _number(text: bytes) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
