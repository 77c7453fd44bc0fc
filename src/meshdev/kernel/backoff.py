"""Exponential backoff with jitter, as a pure function of the attempt and a draw."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double from ``first`` to ``most`` seconds; ``jitter`` is the share that is drawn.

    >>> Backoff(first=0.1, most=10.0, jitter=0.0).delay(attempt=3, draw=0.5)
    0.4
    """

    first: float = 0.1
    most: float = 30.0
    jitter: float = 0.2

    def delay(self, attempt: int, draw: float) -> float:
        """Seconds to wait before ``attempt`` (from 1) is repeated; ``draw`` is uniform in [0, 1)."""
        full = min(self.most, self.first * 2.0 ** min(attempt - 1, 62))
        return full * (1.0 - self.jitter * draw)
