"""Log lines as programs write them: colours stay, nothing else that a terminal obeys does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from meshdev.tui.ansi import LONGEST, parts, plain, shorten, styled
from support_dashboard import obeyed

PIECES = st.sampled_from(
    ["text ", "\x1b[31m", "\x1b[0m", "\x1b[1;38;5;200m", "\x1b[2J", "\x1b]0;title\x07", "\x1b", "\r", "\t", "\x08",
     "é", "決済", "\x9b5n", "\u202e", "\x00", "\x1b[?25l", "\x1b(B", "[", "\x1b]8;;http://x\x1b\\"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20).map("".join))
def test_both_ways_to_show_a_line_give_the_same_text(text: str) -> None:
    """Wrapping and searching count on it."""
    assert plain(text) == styled(text).plain


@given(st.lists(PIECES, max_size=20).map("".join))
def test_nothing_that_a_terminal_obeys_stays(text: str) -> None:
    """Whatever a service prints, the dashboard's screen is not its own."""
    assert not obeyed(plain(text))


def test_colours_become_styles() -> None:
    """The word is green, and the escape sequences are gone."""
    text = styled("\x1b[32mINFO\x1b[0m ready")
    assert text.plain == "INFO ready"
    assert text.get_style_at_offset(Console(), 0).color.number == 2  # type: ignore[union-attr]


def test_what_was_overwritten_is_gone() -> None:
    """A progress bar shows its last state."""
    assert plain("10%\r60%\r100%\r") == "100%"


@pytest.mark.parametrize("text", ["abcdefghij", "決済サービス決済", "a決b済cサ", "\x1b[1mx", ""])
@pytest.mark.parametrize("width", [2, 3, 5, 80])
def test_the_parts_of_a_wrapped_line_fit(text: str, width: int) -> None:
    """No part is wider than the pane, together they are the line."""
    shown = plain(text)
    starts = [*parts(shown, width), len(shown)]
    pieces = [shown[start:end] for start, end in pairwise(starts)]
    assert shown == "".join(pieces)
    assert all(cell_len(piece) <= width for piece in pieces)


def test_an_endless_line_is_cut_and_says_so() -> None:
    """Ten megabytes on one line don't fill the memory of the pane."""
    line = shorten("x" * 10_000_000)
    assert len(line) < LONGEST + 40
    assert line.endswith("9,995,904 characters more")
