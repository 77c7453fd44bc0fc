"""What a single value looks like: random, a point in time, a number, or something that a person means.

The shape alone decides nothing (`verdict` does, with the name, the provenance and what other calls show); it says what
could be noise at all, and whether a value that was never seen may stand where another one stood.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

Scalar = str | int | float | bool | None

MOST_RANDOM: Final = 96  # characters; what is longer and no JWT is content
_LEAST: Final = 6
_LEAST_NUMBER: Final = 10_000
_LEAST_FRACTION: Final = 10  # characters of a float that looks drawn
_ALL_DIGITS: Final = 14
_STRONG: Final = 16  # characters of a token that cannot be a coincidence
_LEAST_HEX: Final = 8


class Shape(StrEnum):
    """From what can only be random down to what is surely meant."""

    UUID = "uuid"
    ULID = "ulid"
    JWT = "jwt"
    HEX = "hex"
    TOKEN = "token"  # noqa: S105 - the name of a shape
    SHORT = "short"  # 6 to 15 characters, letters and digits mixed
    ISO = "iso"
    HTTP_DATE = "http-date"
    EPOCH = "epoch"  # s, ms, µs or ns since 1970, as a number or as digits
    NUMBER = "number"
    FRACTION = "fraction"
    PLAIN = "plain"


STRONG: Final = frozenset({Shape.UUID, Shape.ULID, Shape.JWT, Shape.HEX, Shape.TOKEN})
TIMES: Final = frozenset({Shape.ISO, Shape.HTTP_DATE, Shape.EPOCH})
WEAK: Final = frozenset({Shape.SHORT, Shape.NUMBER, Shape.FRACTION})

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_HEX = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]+|(?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]+")
_DIGITS = re.compile(r"[0-9]+")
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_PREFIX = re.compile(r"[A-Za-z]{1,12}[-_.:]+(?=.)")
_TURNS = re.compile(r"[0-9](?=[A-Za-z])|[A-Za-z](?=[0-9])|[a-z](?=[A-Z])")
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|z|[+-]\d\d:?\d\d)?|\d{8}T\d{6}(?:\.\d+)?Z?"
)
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|[+-]0000)"
)
_MONTHS: Final = {
    name: at
    for at, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905 - readable
}
# Seconds that a count may stand for: 2001-09-09 to 2065, so that ten digits of something else are seldom taken.
_EPOCHS: Final = (1_000_000_000, 3_000_000_000)
_MOST_COUNT: Final = 1e19
_UNITS: Final = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}


def shape_of(value: object) -> Shape:
    """The shape of a value of JSON, by its look alone; what is no scalar (an empty list) has none."""
    if isinstance(value, str):
        return _of_text(value) if len(value) <= MOST_RANDOM else _of_long(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Shape.PLAIN
    if isinstance(value, int):
        if epoch(value) is not None:
            return Shape.EPOCH
        return Shape.NUMBER if abs(value) >= _LEAST_NUMBER else Shape.PLAIN
    if epoch(value) is not None:
        return Shape.EPOCH
    return Shape.FRACTION if len(repr(value)) >= _LEAST_FRACTION else Shape.PLAIN


def _of_long(text: str) -> Shape:
    return Shape.JWT if text.startswith("eyJ") and _JWT.fullmatch(text) else Shape.PLAIN


@lru_cache(16_384)  # each value is asked about several times on its way
def _of_text(text: str) -> Shape:  # noqa: PLR0911 - a table, first answer wins
    size = len(text)
    if size < _LEAST:
        return _of_digits(text) if text.isdigit() else Shape.PLAIN
    if text[0].isdigit() or text[0] == "-":
        if text.isdigit():
            return _of_digits(text)
        if _ISO.fullmatch(text):
            return Shape.ISO
        if _FRACTION.fullmatch(text):
            return _of_fraction(text)
    if _UUID.fullmatch(text):
        return Shape.UUID
    if _HTTP_DATE.fullmatch(text):
        return Shape.HTTP_DATE
    return _of_token(text)


def _of_digits(text: str) -> Shape:
    if not text.isascii():
        return Shape.PLAIN
    if len(text) in _UNITS and epoch(int(text)) is not None:
        return Shape.EPOCH
    return Shape.NUMBER if len(text) >= len(str(_LEAST_NUMBER)) else Shape.PLAIN


def _of_fraction(text: str) -> Shape:
    if epoch(float(text)) is not None:
        return Shape.EPOCH
    return Shape.FRACTION if len(text) >= _LEAST_FRACTION else Shape.PLAIN


def _of_token(text: str) -> Shape:  # noqa: PLR0911 - a table, first answer wins
    if text.startswith("eyJ") and _JWT.fullmatch(text):
        return Shape.JWT
    prefix = _PREFIX.match(text)
    core = text[prefix.end() :] if prefix else text
    if prefix and _UUID.fullmatch(core):
        return Shape.UUID
    if not _TOKEN.fullmatch(core) or len(core) < _LEAST:
        return Shape.PLAIN
    size = len(core)
    if size == 26 and _ULID.fullmatch(core):  # noqa: PLR2004 - what a ULID has
        return Shape.ULID
    if _HEX.fullmatch(core) and size >= _LEAST_HEX:
        return Shape.HEX if size >= _STRONG else Shape.SHORT
    if core.isdigit():
        return Shape.NUMBER if prefix is None else Shape.PLAIN
    return _of_mixture(core)


def _of_mixture(core: str) -> Shape:
    """Told from words by how often letters and digits, and small and large letters, take turns."""
    size = len(core)
    turns = len(_TURNS.findall(core))
    digits = sum(map(str.isdigit, core))
    if size >= _STRONG:
        drawn = turns * 5 >= size - 4 and len(set(core)) * 2 >= min(size, 20)
        return Shape.TOKEN if drawn and (digits or turns * 3 >= size) else Shape.PLAIN
    if not digits or turns < 2 or core.isupper():  # noqa: PLR2004 - "v2" and "item1" have one
        return Shape.PLAIN  # in capitals: a code that people use
    return Shape.SHORT


def is_drawn_fraction(value: Scalar) -> bool:
    """Between nought and one with all digits that a float has: ``Math.random()``, and hardly anything else."""
    text = str(value)
    return text.startswith("0.") and len(text) >= _ALL_DIGITS and _FRACTION.fullmatch(text) is not None


def epoch(value: float) -> float | None:
    """Seconds since 1970 when a number can be such a count, in whatever unit."""
    whole = int(value) if abs(value) < _MOST_COUNT else 0
    unit = _UNITS.get(len(str(whole))) if whole > 0 else None
    if unit is None:
        return None
    seconds = value / unit
    return seconds if _EPOCHS[0] <= seconds < _EPOCHS[1] else None


def instant(value: Scalar) -> float | None:  # noqa: PLR0911 - a table, first answer wins
    """Seconds since 1970 that a value of one of the `TIMES` stands for; a time without a zone is taken as UTC."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return epoch(value)
    if _DIGITS.fullmatch(value) and value.isascii():
        return epoch(int(value)) if len(value) in _UNITS else None
    if _FRACTION.fullmatch(value):
        return epoch(float(value))
    match = _HTTP_DATE.fullmatch(value)
    try:
        if match is not None:
            day, month, year, hour, minute, second = match.groups()
            return datetime(
                int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC
            ).timestamp()
        when = datetime.fromisoformat(value.replace(",", ".").upper())
    except (ValueError, KeyError, OverflowError):
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def zoned(value: Scalar) -> bool:
    """Whether a time says its zone: ``12:00`` without one may be anywhere within a day."""
    return (
        not isinstance(value, str)
        or not _ISO.fullmatch(value)
        or value[-1] in "Zz"
        or value[-6:-5] in {"+", "-"}
    )


_NEAR: Final = 600.0
_ROUND: Final = ((300.0, 86_400.0), (3_600.0, 31 * 86_400.0))  # (multiple, how far): "now and an hour"
_EXACT: Final = 3.0
_ZONES: Final = 900.0  # all zones are multiples of a quarter of an hour
_FARTHEST_ZONE: Final = 14 * 3_600.0


def near(value: Scalar, started: float) -> bool:
    """Whether a time was made out of the clock when the call began: now, or now and a round while."""
    when = instant(value)
    if when is None or not started:
        return False
    away = when - started
    if abs(away) <= _NEAR:
        return True
    if not zoned(value) and abs(away) <= _FARTHEST_ZONE + _NEAR:
        rest = abs(away) % _ZONES
        return min(rest, _ZONES - rest) <= _NEAR / 10
    for multiple, farthest in _ROUND:
        rest = abs(away) % multiple
        if abs(away) <= farthest and min(rest, multiple - rest) <= _EXACT:
            return when % 60 != 0  # a whole minute was written by somebody
    return False
