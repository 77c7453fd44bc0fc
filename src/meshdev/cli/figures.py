"""Numbers in a table's cell: at most six characters, whatever their size. Pure."""

_STEPS = ((1e9, "G"), (1e6, "M"), (1e4, "k"))


def count(number: int) -> str:
    """``9999``, ``12k``, ``3.4M``."""
    for step, unit in _STEPS:
        if number >= step:
            amount = number / (1e3 if unit == "k" else step)
            return f"{amount:.1f}{unit}" if amount < 10 else f"{amount:.0f}{unit}"  # noqa: PLR2004 -- one digit
    return str(number)


def rate(per_second: float) -> str:
    """``0``, ``0.4/s``, ``12/s``, ``1200/s``."""
    if not per_second:
        return "0"
    return f"{per_second:.1f}/s" if per_second < 10 else f"{count(round(per_second))}/s"  # noqa: PLR2004 -- one digit


def milliseconds(ms: float | None) -> str:
    """``0.3ms``, ``12ms``, ``1.2s``, ``34s``; nothing when nothing was measured."""
    if ms is None:
        return ""
    if ms < 10:  # noqa: PLR2004 -- one digit
        return f"{ms:.1f}ms"
    if ms < 999.5:  # noqa: PLR2004 -- below what is rounded to a second
        return f"{ms:.0f}ms"
    return f"{ms / 1000:.1f}s" if ms < 9950 else f"{ms / 1000:.0f}s"  # noqa: PLR2004 -- the same in seconds
