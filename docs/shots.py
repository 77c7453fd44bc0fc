"""Pictures of the dashboard for `docs/images/`: ``make shots`` (needs ``rsvg-convert`` of librsvg for the PNGs).

The dashboard is driven over a running system without a terminal, and its screen is exported as SVG. What Rich exports
relies on web fonts and on ``textLength``; `settled` places every word by itself instead, so that any renderer shows the
columns where the terminal has them.
"""  # noqa: INP001 -- a script, not a package

import html
import re

from rich.cells import cell_len

_CELL = 12.2
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="[\d.]+"([^>]*)>([^<]*)</text>')
_WORD = re.compile("[^\xa0]+")
_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def settled(svg: str) -> str:
    """``svg`` with each word at its own place, wide characters one by one, and a font that every system has."""

    def words(match: re.Match[str]) -> str:
        before, x, between, after, content = match.groups()
        text = html.unescape(content)
        placed = []
        for word in _WORD.finditer(text):
            pieces = [word.group()] if word.group().isascii() else list(word.group())
            at = float(x) + _CELL * cell_len(text[: word.start()])
            for piece in pieces:
                placed.append(f'<text {before}x="{at:.1f}"{between}{after}>{html.escape(piece)}</text>')
                at += _CELL * cell_len(piece)
        return "".join(placed)

    svg = _FACE.sub("", svg)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    return _TEXT.sub(words, svg)
