"""How many requests may be repeated, so that retries never make a bad hour worse: a bucket of tokens.

Every request puts in its ``share`` of a token, every retry takes a whole one. The bucket begins with `LEAST` tokens,
and is refilled up to `LEAST` within `REFILL_SECONDS` when nothing else does, so that an edge with few requests can
retry too. It never holds more than `MOST`. Times are passed in.
"""

from dataclasses import dataclass
from typing import Final

SHARE: Final = 0.2
LEAST: Final = 3.0
MOST: Final = 100.0
REFILL_SECONDS: Final = 10.0


@dataclass(slots=True)
class Budget:
    """The retries that one edge may make; ``share`` (0 to 1) is of its requests."""

    share: float = SHARE
    tokens: float = LEAST
    _at: float = 0.0

    def request(self) -> None:
        """A request that is no retry came."""
        self.tokens = min(MOST, self.tokens + self.share)

    def take(self, now: float) -> bool:
        """Whether a request may be repeated now; the retry is paid then."""
        if self.share and self.tokens < LEAST:
            self.tokens = min(LEAST, self.tokens + max(0.0, now - self._at) * LEAST / REFILL_SECONDS)
        self._at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
