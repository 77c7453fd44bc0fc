"""Quantities in as few cells as a table has for them: ages, bytes, percentages, counts."""

from datetime import datetime

_MINUTE = 60
_HOUR = 3600
_DAY = 86400
_KIB = 1024


def age(seconds: float) -> str:
    """How long ago, in at most five cells; coarse, so that it rarely changes.

    >>> [age(s) for s in (7.9, 754, 7500, 100000, 900000)]
    ['7s', '12m', '2h05', '1d03h', '10d']
    """
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}"
    days = whole // _DAY
    return f"{days}d{whole % _DAY // _HOUR:02}h" if days < 10 else f"{days}d"  # noqa: PLR2004 -- five cells


def size(amount: float) -> str:
    """Bytes in at most four cells (binary units).

    >>> [size(n) for n in (812, 51_380_224, 1_288_490_189)]
    ['812', '49M', '1.2G']
    """
    units = ("", "K", "M", "G", "T")
    value = float(amount)
    for unit in units:
        if value < 999.5 or unit == units[-1]:  # noqa: PLR2004 -- four cells
            small = bool(unit) and value < 9.95  # noqa: PLR2004 -- room for a decimal
            return f"{value:.1f}{unit}" if small else f"{value:.0f}{unit}"
        value /= _KIB
    raise AssertionError


def percent(value: float) -> str:
    """A share of one core, in at most four cells.

    >>> [percent(v) for v in (0.0, 0.42, 7.25, 104.6)]
    ['0%', '0.4%', '7.2%', '105%']
    """
    if value < 0.05 or value >= 9.95:  # noqa: PLR2004 -- a decimal only where it says something
        return f"{value:.0f}%"
    return f"{value:.1f}%"


def latency(milliseconds: float) -> str:
    """A duration of a call, in at most six cells.

    >>> [latency(ms) for ms in (0.42, 7.25, 340.4, 2500.0, 90_000.0)]
    ['0.42ms', '7.2ms', '340ms', '2.5s', '90s']
    """
    if milliseconds < 0.995:  # noqa: PLR2004 -- two significant digits
        return f"{milliseconds:.2f}ms"
    if milliseconds < 9.95:  # noqa: PLR2004 -- two significant digits
        return f"{milliseconds:.1f}ms"
    if milliseconds < 999.5:  # noqa: PLR2004 -- three
        return f"{milliseconds:.0f}ms"
    return f"{milliseconds / 1000:.1f}s" if milliseconds < 9950 else f"{milliseconds / 1000:.0f}s"  # noqa: PLR2004


def rate(each_second: float) -> str:
    """So many a second, in at most four cells.

    >>> [rate(r) for r in (0.0, 0.3, 7.25, 120.4, 4321.0, 66_000.0)]
    ['0', '0.3', '7.2', '120', '4.3k', '66k']
    """
    if each_second < 0.05:  # noqa: PLR2004 -- nothing
        return "0"
    if each_second < 9.95:  # noqa: PLR2004 -- a decimal only where it says something
        return f"{each_second:.1f}"
    if each_second < 999.5:  # noqa: PLR2004 -- three digits
        return f"{each_second:.0f}"
    thousands = each_second / 1000
    return f"{thousands:.1f}k" if thousands < 9.95 else f"{thousands:.0f}k"  # noqa: PLR2004


def share(part: float) -> str:
    """A share of all, in at most five cells; what is not nothing never looks like nothing.

    >>> [share(p) for p in (0.0, 0.0004, 0.0125, 0.25, 1.0)]
    ['0%', '<0.1%', '1.2%', '25%', '100%']
    """
    hundredths = part * 100
    if 0 < hundredths < 0.1:  # noqa: PLR2004 -- see above
        return "<0.1%"
    return f"{hundredths:.1f}%" if 0 < hundredths < 9.95 else f"{hundredths:.0f}%"  # noqa: PLR2004


def count(number: int) -> str:
    """A count with thin separators.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """``1 line``, ``2 lines``.

    >>> plural(1, "line"), plural(1200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def clock(at: float) -> str:
    """The local time of day of an epoch second."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"
