"""When a charge is declined: always for the same reasons, so that a demonstration can count on it."""

import hashlib
from dataclasses import dataclass

BROKE_CARD = "card-0002"
_UNLUCKY_CENTS = 13


@dataclass(frozen=True, slots=True)
class Rules:
    """`decline_rate` (0 to 1) of all orders are declined at random, the same ones for the same `seed`."""

    decline_rate: float = 0.0
    seed: str = "shop"

    def objection(self, key: str, amount_cents: int, card: str) -> str | None:
        """Why the bank says no, or None."""
        if card == BROKE_CARD:
            return "insufficient funds"
        if amount_cents % 100 == _UNLUCKY_CENTS:
            return "the bank dislikes amounts that end in .13"
        draw = hashlib.sha256(f"{self.seed}/{key}".encode()).digest()
        if int.from_bytes(draw[:4]) / 2**32 < self.decline_rate:
            return "the bank declined without a reason"
        return None
