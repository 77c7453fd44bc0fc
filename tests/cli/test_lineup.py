"""Interleaved lines with aligned prefixes."""

import click

from meshdev.cli.lineup import Lineup
from meshdev.storage.line import LogLine


def _line(node: str, text: str, *, instance: str | None = None, stream: str = "stdout") -> LogLine:
    return LogLine(node, f"{node}-0" if instance is None else instance, 1, stream, 0.0, text)


def test_prefixes_are_as_wide_as_the_widest() -> None:
    """Known names give the width from the first line on; one that comes later widens it."""
    lineup = Lineup(["orders", "payments"])
    plain = [
        click.unstyle(text)
        for text in (
            lineup.line(_line("orders", "a")),
            lineup.own("b"),
            lineup.line(_line("recommendations", "c")),
            lineup.line(_line("orders", "d", instance="orders-1")),
        )
    ]
    assert plain == [
        "orders-0   | a",
        "meshdev    | b",
        "recommendations-0 | c",
        "orders-1          | d",
    ]


def test_every_node_has_its_colour_and_keeps_it() -> None:
    """Instances of one node share it; neighbours differ."""
    lineup = Lineup(["a", "b"])
    first, second = (lineup.line(_line(node, "x")).partition("m")[0] for node in "ab")
    assert first != second
    assert lineup.line(_line("a", "x", instance="a-7")).startswith(first)


def test_own_lines_stamps_and_bare_lines() -> None:
    """Meshdev's own lines in a node's log are dim; a stamp goes before the text; no prefix is no prefix."""
    lineup = Lineup(["a"], prefix=False)
    assert lineup.line(_line("a", "x"), stamp="12:00") == "12:00 x"
    assert lineup.line(_line("a", "x", instance="", stream="meshdev")) == "\x1b[2mx\x1b[0m"
