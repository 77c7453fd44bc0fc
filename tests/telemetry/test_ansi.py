"""What may reach a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.ansi import displayed, needs_care, strip_ansi


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain ä € 漢", "plain ä € 漢"),
        ("a\tb", "a\tb"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[38;2;1;2;3mrgb\x1b[m", "\x1b[38;2;1;2;3mrgb\x1b[m"),
        ("\x1b[4:3mwavy", "\x1b[4:3mwavy"),
        ("a\x1b[2Jb", "ab"),  # clear the screen
        ("a\x1b[1;1Hb", "ab"),  # go elsewhere
        ("\x1b[6n", ""),  # ask for an answer
        ("\x1b]0;title\x07x", "x"),  # name the window
        ("\x1b]52;c;ZXZpbA==\x1b\\x", "x"),  # set the clipboard
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP+q544e\x1b\\x", "x"),
        ("\x1bcx", "x"),  # reset
        ("\x1b(Bx", "x"),
        ("\x9b2Jx", "x"),
        ("\x1b[>4;1mx", "x"),  # ends like a colour, is none
        ("cut off \x1b[31", "cut off ␛[31"),
        ("cut off \x1b", "cut off ␛"),
        ("bell\x07 nul\x00 back\x08", "bell␇ nul␀ back␈"),
        ("delete\x7f c1\x85", "delete␡ c1\ufffd"),
        ("windows\r", "windows"),
        ("10%\r20%\r30%", "30%"),
        ("10%\r20%\r", "20%"),
        ("done\r\x1b[K", "done"),
        ("\r\r", ""),
    ],
)
def test_colours_stay_and_nothing_else_is_obeyed(raw: str, shown: str) -> None:
    """Colours are kept, a progress bar is in its last state, other sequences go, controls become pictures."""
    assert displayed(raw) == shown


@given(st.text(alphabet=st.sampled_from("\x1b[]0;m2JKabc\x07\\\r\t\x9b?P(ä")))
def test_no_line_can_give_orders(line: str) -> None:
    """Whatever a line holds, what is shown has no control but tabs and colours; doing it twice changes nothing."""
    shown = displayed(line)
    assert re.sub(r"\x1b\[[0-9;:]*m", "", shown).isprintable() or "\t" in shown
    assert not re.search(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]", shown)
    assert displayed(shown) == shown
    if not needs_care(line):
        assert shown == line


def test_stripping_leaves_the_words() -> None:
    """Searching sees the words without their colours."""
    assert strip_ansi("\x1b[1mER\x1b[31mROR\x1b[0m") == "ERROR"
