"""Sequences of idempotent producers, when batches reach their broker with fewer or more records than they had.

A producer numbers its records for each partition, and its broker takes no batch whose first number does not follow. So
what was lost or added is taken off, or put on, the first numbers of all later batches: by what it was sent with, so
that one which is sent again has the same number again. The book is of the process, since a producer may open another
connection; one that does when nobody changes its batches any more is refused once, and begins anew.
"""

from typing import Final

MOST_PRODUCERS: Final = 4096
MOST_CHANGES: Final = 1024
_WRAP: Final = 0x7FFFFFFF

Sender = tuple[int, int, str, int]
"""Producer's id and epoch, topic, partition."""


class Sequences:
    """The book; the oldest are forgotten when it is full."""

    __slots__ = ("_changes",)

    def __init__(self) -> None:
        self._changes: dict[Sender, dict[int, int]] = {}

    def changed(self, sender: Sender, sequence: int, by: int) -> None:
        """A batch that was sent with that first number has so many records more (or fewer) than it had."""
        if not by and sender not in self._changes:
            return
        changes = self._changes.setdefault(sender, {})
        if by:
            changes[sequence] = by
        else:
            changes.pop(sequence, None)
        if len(changes) > MOST_CHANGES:  # of long ago: nobody sends those again
            first, second, *_ = changes
            changes[second] += changes.pop(first)
        if len(self._changes) > MOST_PRODUCERS:
            del self._changes[next(iter(self._changes))]

    def now(self, sender: Sender, sequence: int) -> int:
        """The number with which a batch leaves that was sent with ``sequence``."""
        changes = self._changes.get(sender)
        if not changes:
            return sequence
        return sequence + sum(by for at, by in changes.items() if at < sequence) & _WRAP


SHARED: Final = Sequences()
