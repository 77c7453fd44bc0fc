"""The alphabets that secrets are written in, from the smallest: a placeholder is written in the same one.

A text's alphabet is the smallest that holds all its letters and digits, so that hex stays hex, base32 stays base32 and
a number stays a number. Characters beyond ASCII count as small letters: a placeholder is always ASCII.
"""

from dataclasses import dataclass
from math import log2
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Some letters and digits, and how many bits one of them holds."""

    name: str
    letters: str
    members: frozenset[str]
    bits: float


def _alphabet(name: str, letters: str) -> Alphabet:
    return Alphabet(name, letters, frozenset(letters), log2(len(letters)))


DIGITS: Final = _alphabet("digits", digits)
ALNUM: Final = _alphabet("letters and digits", ascii_uppercase + ascii_lowercase + digits)
ALPHABETS: Final = (
    DIGITS,
    _alphabet("hex", digits + "abcdef"),
    _alphabet("capital hex", digits + "ABCDEF"),
    _alphabet("small letters", ascii_lowercase),
    _alphabet("capital letters", ascii_uppercase),
    _alphabet("base32", ascii_uppercase + "234567"),
    _alphabet("small letters and digits", ascii_lowercase + digits),
    _alphabet("capital letters and digits", ascii_uppercase + digits),
    _alphabet("letters", ascii_uppercase + ascii_lowercase),
    ALNUM,
)


def alphabet_of(characters: set[str]) -> Alphabet:
    """The smallest alphabet that holds all of these; small letters and digits for none at all."""
    if not characters:
        return ALPHABETS[6]
    folded = {character if character.isascii() else "z" for character in characters}
    return next((one for one in ALPHABETS if folded <= one.members), ALNUM)
