"""Secrets that were seen at a place that says so, to be found again where nothing says so (a path, a log line).

Bounded: the latest `MOST`, none longer than `LONGEST`. Only what cannot be mistaken is remembered: eight characters or
more, not a plain word, or else a password ``production`` would be replaced in every address. Search is by whole words:
each secret is entered under its longest run of letters and digits, and only where that run stands as a word the
secret itself is looked for. So the cost of a text does not depend on how much is known.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

MOST: Final = 4096
LONGEST: Final = 4096
_SHORTEST: Final = 8
_SHORTEST_WORDS: Final = 20
_SHORTEST_NUMBER: Final = 12
_SHORTEST_WEAK: Final = 16
_SHORTEST_RUN: Final = 4

_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[A-Za-z]")
_MIXED: Final = re.compile(r"[a-z][A-Z]")
#: What may be glued to a word's beginning by escapes of JSON and of URLs.
_GLUE: Final = ("", "n", "t", "r", "2F", "2f", "3D", "3d", "3A", "3a", "20", "22", "26", "3F", "3f")


def memorable(secret: str, *, weak: bool) -> bool:
    """Whether a text is so much unlike words and counts that it is a secret wherever it stands."""
    if not _SHORTEST <= len(secret) <= LONGEST:
        return False
    digit, letter = _DIGIT.search(secret), _LETTER.search(secret)
    if weak:
        return bool(digit and letter) and len(secret) >= _SHORTEST_WEAK
    if digit and not letter:
        return len(secret) >= _SHORTEST_NUMBER
    return bool(digit or _MIXED.search(secret)) or len(secret) >= _SHORTEST_WORDS


class Known:
    """Secrets and their placeholders, by the words in them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._placeholders: OrderedDict[str, str] = OrderedDict()
        self._secrets: dict[bytes, tuple[str, ...]] = {}
        self._noticed: frozenset[bytes] = frozenset()
        self._marks: set[bytes] = set()  # words of the secrets, and those that are to be noticed anyway
        self.learnt = 0  # how many there have ever been: tells whether something is new

    def notice(self, words: frozenset[bytes]) -> None:
        """From now on `unmarked` also minds these words; set once."""
        self._noticed = words
        self._marks |= words

    def __len__(self) -> int:
        return len(self._placeholders)

    def learn(self, secret: str, placeholder: str, *, weak: bool = False) -> None:
        """Remember it, if it is memorable; the one not met for longest goes when there are too many."""
        if secret in self._placeholders:
            self._placeholders.move_to_end(secret)
            return
        if secret == placeholder or not memorable(secret, weak=weak):
            return
        words = self._words(secret)
        if not words:
            return
        self._placeholders[secret] = placeholder
        self.learnt += 1
        self._marks.update(words)
        for word in words:
            self._secrets[word] = (*self._secrets.get(word, ()), secret)
        if len(self._placeholders) > self._most:
            self._forget(next(iter(self._placeholders)))

    def _words(self, secret: str) -> tuple[bytes, ...]:
        longest = max(_RUN.findall(secret), key=len, default="")
        if len(longest) < _SHORTEST_RUN:
            return ()
        # Glue can only be where the run begins the secret; elsewhere it has its own neighbours.
        glue = _GLUE if secret.startswith(longest) else ("",)
        return tuple((before + longest).encode() for before in glue)

    def _forget(self, secret: str) -> None:
        del self._placeholders[secret]
        for word in self._words(secret):
            left = tuple(other for other in self._secrets.get(word, ()) if other != secret)
            if left:
                self._secrets[word] = left
            else:
                self._secrets.pop(word, None)
                if word not in self._noticed:
                    self._marks.discard(word)

    def unmarked(self, words: Iterable[bytes]) -> bool:
        """Whether none of these words belongs to a known secret or is noticed anyway."""
        return self._marks.isdisjoint(words)

    def absent(self, words: Iterable[bytes]) -> bool:
        """Whether none of these words belongs to a known secret."""
        return self._secrets.keys().isdisjoint(words)

    def among(self, words: Iterable[bytes]) -> list[tuple[str, str]]:
        """The secrets that may be in a text of these words, the longest first, each with its placeholder."""
        found = {secret for word in words for secret in self._secrets.get(word, ())}
        return [
            (secret, self._placeholders[secret]) for secret in sorted(found, key=lambda one: (-len(one), one))
        ]
