"""What a secret becomes: a text of the same shape that anybody can tell to be a placeholder, and nobody can turn back.

A placeholder keeps the length, the alphabet (`alphabet`), the separators ``- _ . ~`` and a prefix that says what it is
(``sk_live_``). Its letters are drawn from HMAC-SHA256(key, secret), so the same secret has the same placeholder and
the key is needed to try guesses. Its last few letters are a checksum of all others that needs no key: that is how a
placeholder is recognised, by `is_placeholder`, by whoever meets it. A real secret passes that check by chance once in
a million times at ten letters, once in four thousand million from sixteen on.

What is too short for a checksum is made longer, to ten letters (nine digits, which still fit into 31 bits).
Other punctuation than the separators becomes ``-``, unless the whole is base64, which stays decodable.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import blake2s, shake_256
from typing import Final

from meshdev.recording.redaction.alphabet import DIGITS, Alphabet, alphabet_of

_SHORTEST: Final = 10
_SHORTEST_NUMBER: Final = 9
_CHECK_BITS: Final = 32
_TRIES: Final = 256
_SHORTEST_REST: Final = 8  # behind a prefix, or else it is none
_SHOWN: Final = 3  # a shorter secret may be in its placeholder by chance

#: Beginnings that say what a secret is; they stay.
PREFIX: Final = re.compile(
    r"(?:(?:sk|pk|rk)_(?:live|test)_|whsec_|gh[opsur]_|github_pat_|gl[a-z]{2,8}-|xox[a-z]-|xapp-|A(?:KIA|SIA)(?=[A-Z0-9]{16}$)"
    r"|AIza|ya29\.|GOCSPX-|sk-(?:ant-|proj-|or-)?|npm_|pypi-|hf_|SG\.|shp[a-z]{2}_|do[opr]_v1_|hv[sb]\.|dckr_pat_)",
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{10,}={0,2}\Z")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_UUID_FIXED: Final = (14, 19)  # version and variant
_KEPT: Final = frozenset("-_.~")


@dataclass(frozen=True, slots=True)
class _Shape:
    """``frame`` is the text with its free places still to be filled, ``free`` where they are."""

    frame: list[str]
    free: list[int]
    alphabet: Alphabet

    @property
    def check(self) -> int:
        """How many of the free places are the checksum."""
        wanted = int(_CHECK_BITS / self.alphabet.bits) + 1
        return min(max(wanted, 4), max(len(self.free) * 2 // 5, 4))


def _shape(text: str) -> _Shape:
    prefix = PREFIX.match(text)
    begin = prefix.end() if prefix and len(text) - prefix.end() >= _SHORTEST_REST else 0
    fixed = _UUID_FIXED if _UUID.match(text) else ()
    kept = _KEPT | set("+/=") if _BASE64.match(text) else _KEPT
    frame, free = list(text), []
    for place in range(begin, len(frame)):
        character = frame[place]
        if character in kept or place in fixed:
            continue
        if not character.isascii() or character.isalnum():
            free.append(place)
        else:
            frame[place] = "-"
    alphabet = alphabet_of({text[place] for place in free})
    shortest = _SHORTEST_NUMBER if alphabet is DIGITS else _SHORTEST
    while len(free) < shortest:
        free.append(len(frame))
        frame.append("")
    return _Shape(frame, free, alphabet)


def _fill_check(shape: _Shape) -> None:
    """Write the checksum of everything else into the last free places."""
    places = shape.free[-shape.check :]
    for place in places:
        shape.frame[place] = "\0"
    digest = blake2s("".join(shape.frame).encode("utf-8", "surrogatepass"), person=b"meshdev").digest()
    letters = shape.alphabet.letters
    for place, byte in zip(places, digest, strict=False):
        shape.frame[place] = letters[byte % len(letters)]


def is_plain_placeholder(text: str) -> bool:
    """Whether the text is a placeholder of no special kind (`is_placeholder` knows the others too)."""
    if len(text) < _SHORTEST_NUMBER or not text.isascii():
        return False
    shape = _shape(text)
    if len(shape.frame) != len(text):
        return False
    _fill_check(shape)
    return "".join(shape.frame) == text


def mac(key: bytes, text: str) -> bytes:
    """The 32 bytes from which everything about a secret's placeholder is drawn."""
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")


def plain_placeholder(key: bytes, secret: str) -> str:
    """The placeholder for a secret of no special kind; a placeholder is its own."""
    if is_plain_placeholder(secret):
        return secret
    shape = _shape(secret)
    seed, letters = mac(key, secret), shape.alphabet.letters
    made = ""
    for attempt in range(_TRIES):
        stream = shake_256(seed + bytes((attempt,))).digest(len(shape.free))
        for place, byte in zip(shape.free, stream, strict=True):
            shape.frame[place] = letters[byte % len(letters)]
        _fill_check(shape)
        made = "".join(shape.frame)
        number = shape.alphabet is DIGITS and made[shape.free[0]] == "0"
        shown = len(secret) >= _SHOWN and secret in made and attempt < _TRIES // 8
        if not number and not shown and is_plain_placeholder(made):
            break
    return made
