"""Finding a name by some of its letters, fast enough for thousands of names at every key. Pure.

Best is the query as it stands, then all its words in any order, then its letters in their order; each better at the
beginning of a word, and in a shorter name.
"""

from itertools import pairwise
from typing import NamedTuple


class Match(NamedTuple):
    """How good (0 to 1), and at which places of the name."""

    score: float
    places: tuple[int, ...]


def match(query: str, name: str) -> Match | None:
    """How ``query`` is in ``name``; None when it isn't. Small and capital letters are the same.

    >>> match("pay log", "Logs of payments").places
    (8, 9, 10, 0, 1, 2)
    >>> match("rst", "Restart x").places, match("xyz", "Restart x")
    ((0, 2, 3), None)
    """
    wanted, text = query.lower().strip(), name.lower()
    if len(text) != len(name):  # a letter that is two when small: places would be wrong
        text = name
    short = 1 / (1 + len(text))
    at = _place(wanted, text)
    if at >= 0:
        return Match(0.8 + 0.1 * _begins(text, at) + 0.1 * short, tuple(range(at, at + len(wanted))))
    words = wanted.split()
    places = [_place(word, text) for word in words]
    if min(places, default=-1) >= 0:
        begun = sum(_begins(text, place) for place in places) / len(places)
        spots = (range(place, place + len(word)) for word, place in zip(words, places, strict=True))
        return Match(0.5 + 0.2 * begun + 0.1 * short, tuple(spot for each in spots for spot in each))
    return _scattered("".join(words), text, short)


def _scattered(letters: str, text: str, short: float) -> Match | None:
    spots: list[int] = []
    at = 0
    for letter in letters:
        at = text.find(letter, at) + 1
        if not at:
            return None
        spots.append(at - 1)
    close = sum(after - before == 1 for before, after in pairwise(spots))
    begun = sum(_begins(text, spot) for spot in spots)
    return Match(0.1 + 0.3 * (close + begun) / (2 * len(spots)) + 0.1 * short, tuple(spots))


def _place(word: str, text: str) -> int:
    """Where ``word`` is, rather at the beginning of a word than inside one; -1: nowhere."""
    first = at = text.find(word)
    while at >= 0:
        if _begins(text, at):
            return at
        at = text.find(word, at + 1)
    return first


def _begins(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
