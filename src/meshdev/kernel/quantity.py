"""Durations, sizes and percentages as people write them: ``500ms``, ``1h30m``, ``512MB``, ``20%``.

Durations always carry their units (as in Compose); sizes count in steps of 1024 whichever way the unit is spelled
(``k``, ``KB``, ``KiB``: as in Compose and Docker). A text that is none of these raises `QuantityError`, whose
message says what is accepted.
"""

import re

DURATION = 'a duration with its unit, such as "500ms", "1.5s", "2m" or "1h30m"'
SIZE = 'a size such as "64k", "512MB" or "1GiB"'
PERCENT = 'a percentage such as "20%" or "0.5%"'

_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # U+00B5, the micro sign
    "\u03bcs": 1e-6,  # the Greek letter, which looks the same
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_UNIT = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PART = re.compile(rf"({_NUMBER})({_UNIT})")
_DURATION = re.compile(rf"(?:{_NUMBER}(?:{_UNIT}))+")
_SIZE = re.compile(rf"({_NUMBER}) ?(?:([kmgt])i?)?b?", re.IGNORECASE)
_PERCENT = re.compile(rf"({_NUMBER}) ?%")
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


class QuantityError(ValueError):
    """A text that is no quantity; the message is ``found …, accepted: …``."""

    def __init__(self, text: str, accepted: str) -> None:
        super().__init__(f'found "{text}", accepted: {accepted}')
        self.text = text
        self.accepted = accepted


def parse_duration(text: str) -> float:
    """Seconds of ``text``; raises QuantityError.

    >>> parse_duration("1h30m"), parse_duration("500ms")
    (5400.0, 0.5)
    """
    stripped = text.strip()
    if stripped == "0":
        return 0.0
    if not _DURATION.fullmatch(stripped):
        raise QuantityError(text, DURATION)
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(stripped))


def parse_size(text: str) -> int:
    """Bytes of ``text``, in steps of 1024; raises QuantityError.

    >>> parse_size("64k"), parse_size("1GiB")
    (65536, 1073741824)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise QuantityError(text, SIZE)
    return int(float(match[1]) * 1024 ** _POWER[(match[2] or "").lower()])


def parse_percent(text: str) -> float:
    """The share that ``text`` stands for: ``"20%"`` is 0.2; raises QuantityError.

    >>> parse_percent("20%")
    0.2
    """
    match = _PERCENT.fullmatch(text.strip())
    if match is None or float(match[1]) > 100:  # noqa: PLR2004 -- per cent
        raise QuantityError(text, PERCENT)
    return float(match[1]) / 100


def format_duration(seconds: float) -> str:
    """The shortest usual way to write ``seconds``, to the millisecond: ``1h30m``, ``1.5s``, ``500ms``."""
    millis = round(seconds * 1000)
    if millis < 1000:  # noqa: PLR2004 -- a second
        return f"{millis}ms" if millis else "0s"
    minutes, rest = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    parts = [
        f"{hours}h" if hours else "",
        f"{minutes}m" if minutes else "",
        f"{rest / 1000:g}s" if rest else "",
    ]
    return "".join(parts)


def format_size(count: int) -> str:
    """``count`` bytes in the largest unit that keeps at most one decimal: ``512MiB``, ``1.5GiB``, ``100B``."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(amount) < 1024:  # noqa: PLR2004 -- one step
            return f"{amount:.1f}".removesuffix(".0") + unit
        amount /= 1024
    return f"{amount:.1f}".removesuffix(".0") + "TiB"


def format_count(number: int, noun: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
