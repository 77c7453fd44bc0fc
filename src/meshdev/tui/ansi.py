r"""Log lines as programs write them, made safe to show: colours kept, everything else that a terminal obeys taken out.

Rules: what was overwritten by ``\r`` is gone, tabs are spaces, SGR colours become styles, other escape sequences
vanish, other control characters are shown as ``·``, and a line ends after `LONGEST` characters with a note of what
was left out. `plain` and `styled` always give the same text.
"""

import re

from rich.ansi import AnsiDecoder
from rich.cells import chop_cells
from rich.text import Text

LONGEST = 4096

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# An escape sequence that the decoder does not know (a lone ESC, an OSC that ends with BEL or not at all).
_OSC = re.compile("\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\|$)")


def shorten(text: str) -> str:
    """``text`` without what lies beyond the longest line that is shown."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … {len(text) - LONGEST:,} characters more"


def plain(text: str) -> str:
    """The characters that are shown for ``text``."""
    if text.isprintable():
        return text
    text = _prepare(text)
    if "\x1b" in text:
        return styled(text).plain
    return _CONTROL.sub("·", text)


def styled(text: str) -> Text:
    """``text`` with its own colours."""
    text = _prepare(text)
    if "\x1b" not in text:
        return Text(_CONTROL.sub("·", text), no_wrap=True, end="")
    decoded = AnsiDecoder().decode_line(text)
    decoded.plain = _CONTROL.sub("·", decoded.plain)
    decoded.no_wrap = True
    decoded.end = ""
    return decoded


def parts(text: str, width: int) -> list[int]:
    """Where the screen lines of ``text`` begin (offsets in characters) when it is wrapped at ``width`` cells."""
    if width <= 0 or not text:
        return [0]
    if text.isascii():
        return list(range(0, len(text), width))
    starts = [0]
    for piece in chop_cells(text, width)[:-1]:
        starts.append(starts[-1] + len(piece))
    return starts


def _prepare(text: str) -> str:
    if "\r" in text:
        text = text.rstrip("\r").rsplit("\r", 1)[-1]
    if "\x1b]" in text:
        text = _OSC.sub("", text)
    return text.expandtabs(4) if "\t" in text else text
