"""Elements of RESP in bytes that are here as a whole: where each ends, and what stands in it. For cutting."""

from typing import Final

from meshdev.traffic.protocols.cutting import LostPlaceError
from meshdev.traffic.protocols.redis.replies import ATTRIBUTE, MAP

MOST_LINE: Final = 64 * 1024
_LINES: Final = frozenset(b"+-:_#,(")
_STRINGS: Final = frozenset(b"$=!")
_AGGREGATES: Final = frozenset(b"*~>%|")
_PAIRS: Final = frozenset((MAP, ATTRIBUTE))
_DOLLAR: Final = b"$"[0]


def line_end(data: bytes, at: int) -> int:
    r"""Where the line ends that begins at ``at`` (at its ``\r\n``), -1 when that is not here yet."""
    stop = data.find(b"\r\n", at, at + MOST_LINE)
    if stop < 0 and len(data) - at >= MOST_LINE:
        raise LostPlaceError
    return stop


def count_at(data: bytes, at: int, stop: int) -> int:
    """The number of a line. Raises LostPlaceError."""
    try:
        return int(data[at + 1 : stop])
    except ValueError:
        raise LostPlaceError from None


def element(data: bytes, at: int, levels: list[int]) -> int:
    """Where to go on behind the element at ``at`` (perhaps beyond the data), -1 when its line is not here yet.

    ``levels`` are the elements that are to come, by depth; none of them is 0 afterwards. Raises LostPlaceError.
    """
    stop = line_end(data, at)
    if stop < 0:
        return -1
    first = data[at]
    after = stop + 2
    if first == ATTRIBUTE:  # something about the element that follows it
        levels[-1] += 2 * max(count_at(data, at, stop), 0)
        return after
    if first in _STRINGS:
        after += max(count_at(data, at, stop) + 2, 0) if data[at + 1 : at + 2] != b"-" else 0
        levels[-1] -= 1
    elif first in _AGGREGATES:
        count = count_at(data, at, stop) * (2 if first in _PAIRS else 1)
        levels[-1] -= 1
        if count > 0:
            levels.append(count)
    elif first in _LINES:
        levels[-1] -= 1
    else:
        raise LostPlaceError
    while levels and not levels[-1]:
        levels.pop()
    return after


def end_of(data: bytes, at: int) -> int:
    """Where the element at ``at`` ends, with all that is in it; -1 when that is not here yet. Raises LostPlaceError."""
    levels = [1]
    while levels:
        at = element(data, at, levels)
        if not 0 <= at <= len(data):
            return -1
    return at


def string_at(data: bytes, at: int) -> bytes | None:
    """The bulk string at ``at``; None when it is none, or null."""
    if data[at] != _DOLLAR or data[at + 1 : at + 2] == b"-":
        return None
    stop = line_end(data, at)
    return data[stop + 2 : stop + 2 + count_at(data, at, stop)]


def elements_at(data: bytes, at: int) -> list[int]:
    """Where the elements of the aggregate at ``at`` begin, which is here as a whole, and where the last one ends."""
    stop = line_end(data, at)
    count = count_at(data, at, stop) * (2 if data[at] in _PAIRS else 1)
    places = [stop + 2]
    for _ in range(count):
        places.append(end_of(data, places[-1]))
    return places


def bulk(text: bytes) -> bytes:
    """A bulk string."""
    return b"$%d\r\n%b\r\n" % (len(text), text)


def array(*texts: bytes) -> bytes:
    """An array of bulk strings: a command."""
    return b"*%d\r\n" % len(texts) + b"".join(map(bulk, texts))
