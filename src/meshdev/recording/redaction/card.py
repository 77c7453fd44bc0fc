"""Card numbers: of a brand's range, of a length that it issues, right by Luhn; in groups or not.

Groups stand between blanks (``+`` and ``%20`` in forms) or dashes.

Order numbers, timestamps, EANs and phone numbers are digits too. So the range of a brand is asked for, groups must be
those printed on a card, and digits within a longer run or an id (``ord-4111…``, ``+49…``) are left alone.
The placeholder keeps the length, the groups and the brand, and passes Luhn.
"""

import re
from hashlib import blake2s, shake_256
from typing import Final

from meshdev.recording.redaction.placeholder import mac

CARD: Final = re.compile(
    r"(?:(?<![0-9A-Za-z_+])(?<![0-9A-Za-z][-.])|(?<=\\[nrt]))"
    r"(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ +-]|%20)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    r"|3[0-9]{3}([ +-]|%20)[0-9]{6}\2[0-9]{4,5})"
    r"(?![0-9A-Za-z_])(?![-.][0-9A-Za-z])",
)

#: (beginning as a pattern, lengths)
_BRANDS: Final = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile(r"35(?:2[89]|[3-8])"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"30[0-5]|36|38|39"), (14, 15, 16, 17, 18, 19)),  # Diners Club
    (re.compile(r"50(?:18|20|38)|5893|6304|6759|676[1-3]"), tuple(range(13, 20))),  # Maestro
    (re.compile(r"62|81"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"220[0-4]"), (16,)),  # Mir
)
_BEGINNING: Final = re.compile("|".join(beginning.pattern for beginning, _ in _BRANDS))
_SHORTEST: Final = 13
_LONGEST: Final = 19
_DOUBLED: Final = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
_CHECK: Final = 6
_TOGETHER: Final = str.maketrans("", "", " +-")


def _luhn(digits: str) -> int:
    """The digit that makes these right when it is put behind them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return -total % 10


def _brand(digits: str) -> int:
    """How long the beginning is that names the brand; 0 when there is none of that length."""
    for beginning, lengths in _BRANDS:
        found = beginning.match(digits)
        if found and len(digits) in lengths:
            return found.end()
    return 0


def _digits(text: str) -> str:
    return text.replace("%20", "").translate(_TOGETHER)


def is_card(text: str) -> bool:
    """Whether the text as a whole is a card number."""
    if not CARD.fullmatch(text):
        return False
    digits = _digits(text)
    return bool(_brand(digits)) and int(digits[-1]) == _luhn(digits[:-1])


def holds_card(digits: str) -> bool:
    """Whether a stretch of these digits is a brand's by beginning and length, and right by Luhn."""
    for start in range(len(digits) - _SHORTEST + 1):
        if _BEGINNING.match(digits, start):
            for end in range(start + _SHORTEST, min(len(digits), start + _LONGEST) + 1):
                stretch = digits[start:end]
                total = sum(map(int, stretch[::-2])) + sum(map(_DOUBLED.__getitem__, stretch[-2::-2]))
                if not total % 10 and _brand(stretch):
                    return True
    return False


def _checked(body: str) -> str:
    """The number whole: the body, its checksum, its Luhn digit."""
    digest = blake2s(body.encode(), person=b"meshcard").digest()
    body += "".join(str(byte % 10) for byte in digest[:_CHECK])
    return body + str(_luhn(body))


def is_card_placeholder(text: str) -> bool:
    """Whether that card number was made here."""
    digits = _digits(text)
    return is_card(text) and _checked(digits[: -_CHECK - 1]) == digits


def card_placeholder(key: bytes, text: str) -> str:
    """Another number of the same brand, length and groups."""
    if is_card_placeholder(text):
        return text
    digits = _digits(text)
    brand = _brand(digits)
    stream = shake_256(mac(key, digits)).digest(len(digits))
    body = digits[:brand] + "".join(str(byte % 10) for byte in stream[: len(digits) - brand - _CHECK - 1])
    made = iter(_checked(body))
    blank = "%20" if "%20" in text else ""
    groups = text.replace(blank, " ") if blank else text
    replaced = "".join(next(made) if character.isdigit() else character for character in groups)
    return replaced.replace(" ", blank) if blank else replaced
