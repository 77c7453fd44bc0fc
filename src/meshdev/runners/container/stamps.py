"""Log records with the engine's time stamps: taken off, and those known that came before. Sans-IO.

A follower that has to begin again (the connection broke, the engine was restarted) asks for everything since the last
stamp it saw. `Stamps.fresh` then leaves out what it has had: records older than that, and as many with exactly that
stamp as were seen. Stamps have nanoseconds and come in the order in which the engine wrote.
"""


class Stamps:
    """What one follower has seen."""

    def __init__(self) -> None:
        self.last = b""
        """The newest stamp, as the engine writes it; empty before the first."""
        self._had = 0  # records with that stamp
        self._skip = 0
        self._floor = b""

    def again(self) -> None:
        """From now on records come from `last` on, those with that stamp once more."""
        self._floor, self._skip = self.last, self._had

    def fresh(self, record: bytes) -> bytes | None:
        """The record's text without its stamp; None for one that was there before."""
        stamp, _, text = record.partition(b" ")
        if self._floor:
            key = _key(stamp)
            floor = _key(self._floor)
            if key < floor:
                return None
            if key == floor and self._skip:
                self._skip -= 1
                return None
        if stamp == self.last:
            self._had += 1
        else:
            self.last, self._had = stamp, 1
        return text


def _key(stamp: bytes) -> bytes:
    """Stamps in one form: engines leave out zeros at the end of a fraction."""
    head, _, rest = stamp.partition(b".")
    digits = rest.rstrip(b"Z").partition(b"+")[0]
    return (head if rest else head.rstrip(b"Z")) + b"." + digits.ljust(9, b"0")
