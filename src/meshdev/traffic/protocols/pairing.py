"""What scanners have in common that pair answers with what was asked by a number: each direction is an `Incoming`.

A subclass reads both directions in generators, keeps what was asked in `PairingScanner._waiting` by its number, puts
operations into ``_done``, and raises `UnreadableError` to give up. ``_now`` is when the bytes at hand passed.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from meshdev.traffic.protocols.incoming import Incoming, Reading
from meshdev.traffic.protocols.operation import Operation, Outcome


class UnreadableError(Exception):
    """Why a connection cannot be read on, for a person."""


class Waiting(Protocol):
    """Something that was asked."""

    @property
    def waits(self) -> bool:
        """Whether the answer may take as long as the caller wishes."""
        ...


W = TypeVar("W", bound=Waiting)


class PairingScanner(Generic[W]):
    """One connection; see the module, and `operation.Scanner`."""

    __slots__ = ("_answered", "_asked", "_done", "_now", "_waiting", "gave_up")

    def __init__(self) -> None:
        self.gave_up = ""
        self._now = 0.0
        self._done: list[Operation] = []
        self._waiting: dict[int, W] = {}
        self._asked = Incoming(self._requests)
        self._answered = Incoming(self._answers)

    def waiting(self) -> int:
        """What was asked and not answered yet."""
        return len(self._waiting)

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller's bytes; what nobody will answer ends here."""
        return self._put(self._asked, data, now)

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee's bytes."""
        return self._put(self._answered, data, now)

    def lost(self, now: float) -> Sequence[Operation]:
        """What has no answer; who only waited for something has lost nothing."""
        lost = [
            operation._replace(outcome=Outcome.LOST)
            for asked in self._waiting.values()
            if not asked.waits
            for operation in self._unanswered(asked, now)
        ]
        self._waiting.clear()
        return lost

    def _put(self, incoming: Incoming, data: bytes, now: float) -> Sequence[Operation]:
        if self.gave_up:
            return ()
        self._now = now
        try:
            incoming.put(data)
        except UnreadableError as error:
            self.gave_up = str(error)
            self._waiting.clear()
        if not self._done:
            return ()
        done, self._done = self._done, []
        return done

    def _requests(self, incoming: Incoming) -> Reading:
        """Read what the caller says."""
        raise NotImplementedError

    def _answers(self, incoming: Incoming) -> Reading:
        """Read what the callee says."""
        raise NotImplementedError

    def _unanswered(self, asked: W, now: float) -> Iterable[Operation]:
        """What comes of something that will not be answered."""
        raise NotImplementedError
