"""What one shopper does, decided before the first step by a seeded generator. No IO in here."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

CARDS = ("card-4242", "card-1881")
DECLINED_CARD = "card-0002"


@dataclass(frozen=True, slots=True)
class Visit:
    """Looks at `looks`, buys `buys` (nothing: only looks), pays with `card`."""

    looks: tuple[str, ...]
    buys: tuple[str, ...]
    card: str


def visit(chance: random.Random, skus: Sequence[str]) -> Visit:
    """The next shopper's plan: most look at a few things, about a third buys, one in twelve buyers is declined."""
    looks = tuple(chance.sample(skus, k=min(len(skus), chance.randint(1, 4))))
    buys = looks[: chance.randint(1, 2)] if chance.random() < 0.35 else ()  # noqa: PLR2004 the third of the docstring
    card = DECLINED_CARD if chance.random() < 1 / 12 else chance.choice(CARDS)
    return Visit(looks, buys, card)
