"""Interleaved log lines as Compose prints them: an aligned, coloured prefix for each instance. Pure."""

from collections.abc import Iterable

import click

from meshdev.cli.table import width
from meshdev.storage.line import LogLine

_PALETTE = (
    "cyan",
    "yellow",
    "green",
    "magenta",
    "blue",
    "bright_cyan",
    "bright_yellow",
    "bright_green",
    "bright_magenta",
    "bright_blue",
)
OURS = "meshdev"


class Lineup:
    """Gives every node a colour in the order of their first appearance, and every prefix the width of the widest."""

    def __init__(self, names: Iterable[str] = (), *, prefix: bool = True) -> None:
        self._colours: dict[str, str] = {}
        self._width = width(OURS)
        self._shown = prefix
        self._prefixes: dict[str, str] = {}  # by label, made once: a flood must not pay for them line by line
        for name in names:
            self._know(name, f"{name}-0")

    def line(self, line: LogLine, *, stamp: str = "") -> str:
        """A line of a log with its prefix; ``stamp`` goes before the text."""
        label = line.instance or line.node
        if label not in self._prefixes:
            self._know(line.node, label)
        text = f"{stamp} {line.text}" if stamp else line.text
        if line.stream == OURS:
            text = click.style(text, dim=True)
        return self._joined(label, self._colours[line.node], text)

    def own(self, text: str, colour: str = "") -> str:
        """A line of meshdev itself."""
        return self._joined(OURS, "bright_black", click.style(text, fg=colour) if colour else text)

    def _know(self, node: str, label: str) -> None:
        if node not in self._colours:
            self._colours[node] = _PALETTE[len(self._colours) % len(_PALETTE)]
        if width(label) > self._width:
            self._width = width(label)
            self._prefixes.clear()

    def _joined(self, label: str, colour: str, text: str) -> str:
        if not self._shown:
            return text
        prefix = self._prefixes.get(label)
        if prefix is None:
            pad = " " * (self._width - width(label))
            prefix = self._prefixes[label] = click.style(f"{label}{pad} |", fg=colour)
        return f"{prefix} {text}"
