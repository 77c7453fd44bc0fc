"""PostgreSQL's messages, cut out of one side's bytes; of their bodies no more is kept than is wanted."""

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

HEAD: Final = 5  # the kind's byte, and four for the length, which counts itself
_HEADER: Final = struct.Struct("!BI")
_LEAST: Final = 4
FOREIGN: Final = -1  # no message of this side

Caps = tuple[int, ...]


class Message(NamedTuple):
    """One message: its kind, the wanted beginning of its body, and how many bytes its side had said at its end."""

    kind: int
    body: bytes
    end: int


def caps(passed: bytes, wanted: Mapping[str, int]) -> Caps:
    """How much of each kind's body is wanted: nothing of those in ``passed``, which are not even told."""
    table = [FOREIGN] * 256
    for kind in passed:
        table[kind] = 0
    for word, most in wanted.items():
        table[ord(word)] = most + 1
    return tuple(table)


class Frames:
    """One side's bytes behind its first words. ``foreign`` names what is none of its messages; nothing follows it."""

    __slots__ = ("_caps", "_need", "_rest", "_skip", "foreign", "passed")

    def __init__(self, wanted: Caps, passed: int = 0) -> None:
        self._caps = wanted
        self._rest = bytearray()
        self._need = 0
        self._skip = 0
        self.passed = passed
        self.foreign = ""

    def place(self) -> tuple[bytes, int]:
        """What has passed of a message that is not known yet, and how many bytes of a known one are to come."""
        return bytes(self._rest), self._skip

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete, as far as they are wanted."""
        at = 0
        if self._skip:
            at = min(self._skip, len(data))
            self._skip -= at
            self.passed += at
        elif self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        begin, end = at, len(data)
        found: list[Message] = []
        wanted, header, passed = self._caps, _HEADER.unpack_from, self.passed
        make = tuple.__new__  # what a named tuple's own does, without a frame of Python for each message
        while end - at >= HEAD:
            kind, length = header(data, at)
            cap = wanted[kind]
            behind = at + 1 + length
            if cap == 0 and length >= _LEAST:
                if behind > end:
                    self._skip = behind - end
                    at = end
                    break
                at = behind
                continue
            if cap == FOREIGN or length < _LEAST:
                self.foreign = f"a message of the kind 0x{kind:02x} with {length} bytes"
                break
            most = cap + _LEAST
            need = length + 1 if length < most else most
            if end - at < need:
                self._need = need
                break
            found.append(make(Message, (kind, data[at + HEAD : at + need], passed + behind - begin)))
            if behind > end:
                self._skip = behind - end
                at = end
                break
            at = behind
        else:
            self._need = HEAD
        if at < end and not self.foreign:
            self._rest += data[at:]
        self.passed = passed + at - begin
        return found
