"""Whether a failed attempt is made again, and when.

| ``on`` | an attempt that … |
|---|---|
| ``connect`` | reached no instance: nothing was sent, so this holds for every method |
| ``reset`` | was broken off before its answer |
| ``timeout`` | took too long (the timeout is then each attempt's, not the whole call's) |
| ``5xx``, ``4xx`` | was answered with such a status |
| ``gateway-error`` | was answered with 502, 503 or 504 |
| ``503`` | was answered with this status |

All but ``connect`` hold only for idempotent methods (RFC 9110 §9.2.2), unless others are named. Other words hold
never. The wait doubles from attempt to attempt, half of it drawn.
"""

from dataclasses import dataclass
from typing import Final

from meshdev.kernel.backoff import Backoff

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
CONNECT: Final = "connect"
RESET: Final = "reset"
TIMEOUT: Final = "timeout"
_GATEWAY_ERRORS: Final = frozenset({502, 503, 504})
_LONGEST_WAIT: Final = 5.0
_JITTER: Final = 0.5

Failure = str | int
"""`CONNECT`, `RESET`, `TIMEOUT`, or the status of an answer."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """``attempts`` after the first, ``on`` such failures, for these ``methods``; ``backoff`` is the first wait."""

    attempts: int = 0
    on: frozenset[str] = frozenset()
    backoff: float = 0.025
    methods: frozenset[str] = IDEMPOTENT

    def repeats(self, method: str, failure: Failure, made: int) -> bool:
        """Whether the request is sent again after ``made`` attempts, the last of which ended with ``failure``."""
        if made > self.attempts:
            return False
        return self._covers(failure) and (failure == CONNECT or method in self.methods)

    def repeats_answers(self, method: str) -> bool:
        """Whether some status of an answer could make the request be sent again."""
        return bool(self.attempts) and method in self.methods and not self.on <= {CONNECT, RESET, TIMEOUT}

    def delay(self, made: int, draw: float) -> float:
        """Seconds to wait after ``made`` attempts; ``draw`` is uniform in [0, 1)."""
        return Backoff(self.backoff, max(_LONGEST_WAIT, self.backoff), _JITTER).delay(made, draw)

    def _covers(self, failure: Failure) -> bool:
        if isinstance(failure, str):
            return failure in self.on
        return (
            f"{failure // 100}xx" in self.on
            or str(failure) in self.on
            or ("gateway-error" in self.on and failure in _GATEWAY_ERRORS)
        )
