"""A protocol of the tests: a line ``WORD TARGET`` is answered by ``ok`` or ``no CODE``, ``! TARGET`` by nothing."""

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from meshdev.traffic.protocols.operation import Kind, Operation, Outcome
from meshdev.traffic.protocols.signatures import begins_with
from meshdev.traffic.protocols.table import Row

ROW = Row("support_words:WordsScanner", caller=begins_with(b"WORDS\n"))


class WordsScanner:
    """Reads words along; a line ``TLS`` makes it give up."""

    name: ClassVar[str] = "words"

    def __init__(self) -> None:
        self.gave_up = ""
        self._asked = b""
        self._answered = b""
        self._open: deque[tuple[str, str, float]] = deque()

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's lines."""
        if self.gave_up:
            return []
        *lines, self._asked = (self._asked + data).split(b"\n")
        done = []
        for line in lines:
            word, _, target = line.decode().partition(" ")
            if word == "TLS":
                self.gave_up = "it goes on encrypted"
            elif word == "!":
                done.append(Operation("TELL", target, now, now, kind=Kind.PUBLISH, payload=line))
            elif word != "WORDS":
                self._open.append((word, target, now))
        return done

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's lines."""
        if self.gave_up:
            return []
        *lines, self._answered = (self._answered + data).split(b"\n")
        done = []
        for line in lines:
            word, target, began = self._open.popleft()
            said, _, code = line.decode().partition(" ")
            outcome = Outcome.OK if said == "ok" else Outcome.REFUSED
            done.append(Operation(word, target, began, now, outcome, code, len(word), len(line)))
        return done

    def lost(self, now: float) -> Sequence[Operation]:
        """Nothing more comes."""
        left = [Operation(word, target, began, now, Outcome.LOST) for word, target, began in self._open]
        self._open.clear()
        return left

    def waiting(self) -> int:
        """What is asked and not answered."""
        return len(self._open)
