"""Text measured in terminal cells: cut, padded and cleaned so that a column never breaks, wide characters included.

A cut is marked by one ``…``. Control characters are shown as ``·``, so a name can't move the cursor.
"""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size

from meshdev.tui.tone import Span

_SECTION = re.compile(r"(?<![\w.-])(?:databases|brokers)\.(?=\w)")
ELLIPSIS = "…"

# C0, DEL, C1, line separators, marks that turn the direction of the text round, halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """``text`` on one line without anything that a terminal would obey."""
    return _CONTROL.sub("·", text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))


def width_of(text: str) -> int:
    """Cells that ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, its end replaced by ``…`` when it doesn't fit.

    >>> cut("notifications", 8)
    'notific…'
    """
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip(" ") + ELLIPSIS


def cut_middle(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, keeping both ends: names differ at the end, paths at the beginning.

    >>> cut_middle("brokers.events-primary", 13)
    'broker…rimary'
    """
    if width_of(text) <= width:
        return text
    if width < 8 or not text.isascii():  # noqa: PLR2004 -- too narrow for two ends
        return cut(text, width)
    head = width // 2
    tail = width - head - 1
    return text[:head] + ELLIPSIS + text[len(text) - tail :]


def cut_name(name: str, width: int) -> str:
    """A node's name in at most ``width`` cells: rather without its section, then without its middle.

    >>> cut_name("databases.order-history", 16)
    'order-history'
    """
    return cut_middle(without_section(name) if width_of(name) > width else name, width)


def without_section(name: str) -> str:
    """Names of nodes as they are within their sections.

    >>> without_section("brokers.events"), without_section("orders -> databases.ledger")
    ('events', 'orders -> ledger')
    """
    return _SECTION.sub("", name)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """``text`` cut and padded to exactly ``width`` cells, to the right edge if ``right``."""
    text = cut(text, width)
    space = " " * (width - width_of(text))
    return space + text if right else text + space


def wrap_words(text: str, width: int) -> list[str]:
    """``text`` broken between words into lines of at most ``width`` cells; a longer word is broken inside."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        while width_of(rest) > width:
            if line:
                lines.append(line)
                line = ""
            piece = set_cell_size(rest, width).rstrip(" ") or rest[:1]
            lines.append(piece)
            rest = rest[len(piece) :]
        joined = f"{line} {rest}" if line else rest
        if width_of(joined) <= width:
            line = joined
        else:
            lines.append(line)
            line = rest
    return [*lines, line] if line else lines


def fit(spans: Iterable[Span], width: int) -> Iterator[Span]:
    """As many of ``spans`` as ``width`` cells hold, the last one cut."""
    left = width
    for span in spans:
        size = width_of(span.text)
        if size > left:
            if left > 0:
                yield Span(cut(span.text, left), span.tone)
            return
        left -= size
        yield span
