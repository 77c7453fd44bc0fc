"""Which instance gets the next request: round robin, least requests, random, or by a header's value.

Rules: every choice is among the candidates that the caller gives (what drains is none) · those that were tried already
are avoided while there are others · a new instance's weight grows from `FIRST_WEIGHT` to 1 within ``slow_start``
seconds, but for ``hash``, whose choice must not wander · ``hash`` is by rendezvous: when an instance comes or goes,
only the keys that were its own move; a request without the header takes its turn. Draws and times are passed in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

FIRST_WEIGHT: Final = 0.1
HASH_PREFIX: Final = "hash:"


class Balance(StrEnum):
    """How an instance is chosen."""

    ROUND_ROBIN = "round-robin"
    LEAST_REQUEST = "least-request"
    RANDOM = "random"
    HASH = "hash"


class Candidate(Protocol):
    """What a choice needs to know of an instance: ``since`` is when it came, on the clock of ``now``."""

    @property
    def name(self) -> str:
        """Who it is, the same over its incarnations."""

    @property
    def in_flight(self) -> int:
        """How many requests it answers just now."""

    @property
    def since(self) -> float:
        """When it came."""


C = TypeVar("C", bound=Candidate)


@dataclass(slots=True)
class Balancer:
    """Chooses by ``kind``; ``header`` is the lowered name whose value decides when the kind is `Balance.HASH`."""

    kind: Balance = Balance.ROUND_ROBIN
    header: bytes = b""
    slow_start: float = 0.0
    _turn: int = 0
    _credit: dict[str, float] = field(default_factory=dict)

    def choose(
        self,
        candidates: Sequence[C],
        *,
        now: float,
        draw: float,
        key: bytes | None = None,
        avoid: Collection[C] = (),
    ) -> C | None:
        """The instance for one request; ``draw`` is uniform in [0, 1), ``key`` the header's value."""
        usable = [candidate for candidate in candidates if candidate not in avoid] if avoid else candidates
        usable = usable or candidates
        if len(usable) <= 1:
            return usable[0] if usable else None
        if self.kind is Balance.HASH and key is not None:
            return max(usable, key=lambda candidate: _score(candidate.name, key))
        if self.kind is Balance.RANDOM:
            return self._at_random(usable, now, draw)
        if self.kind is Balance.LEAST_REQUEST:
            return self._least(usable, now)
        return self._in_turn(usable, now)

    def weight(self, candidate: Candidate, now: float) -> float:
        """The share of its turns that ``candidate`` takes now: it grows while it is new."""
        if not self.slow_start:
            return 1.0
        return min(1.0, max(FIRST_WEIGHT, (now - candidate.since) / self.slow_start))

    def _in_turn(self, usable: Sequence[C], now: float) -> C:
        weights = [self.weight(candidate, now) for candidate in usable]
        if min(weights) == max(weights):
            self._credit.clear()
            self._turn = (self._turn + 1) % len(usable)
            return usable[self._turn - 1]
        credit = (
            self._credit
        )  # everyone earns its weight; the richest is chosen and pays what all have earned
        best, most = usable[0], float("-inf")
        for candidate, weight in zip(usable, weights, strict=True):
            credit[candidate.name] = have = credit.get(candidate.name, 0.0) + weight
            if have > most:
                best, most = candidate, have
        credit[best.name] -= sum(weights)
        return best

    def _at_random(self, usable: Sequence[C], now: float, draw: float) -> C:
        left = draw * sum(self.weight(candidate, now) for candidate in usable)
        for candidate in usable:
            left -= self.weight(candidate, now)
            if left < 0.0:
                return candidate
        return usable[-1]

    def _least(self, usable: Sequence[C], now: float) -> C:
        self._turn = (self._turn + 1) % len(usable)  # among equals the turn decides
        turned = [*usable[self._turn - 1 :], *usable[: self._turn - 1]]
        return min(turned, key=lambda candidate: (candidate.in_flight + 1) / self.weight(candidate, now))


def balancer(balance: str, slow_start: float = 0.0) -> Balancer:
    """What ``round-robin``, ``least-request``, ``random`` or ``hash:HEADER`` stands for; else a round robin."""
    if balance.startswith(HASH_PREFIX):
        return Balancer(Balance.HASH, balance.removeprefix(HASH_PREFIX).strip().lower().encode(), slow_start)
    kind = Balance(balance) if balance in Balance.__members__.values() else Balance.ROUND_ROBIN
    return Balancer(kind, slow_start=slow_start)


def _score(name: str, key: bytes) -> bytes:
    return blake2b(key, key=name.encode()[:64], digest_size=8).digest()
