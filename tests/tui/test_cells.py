"""Text measured in cells: whatever comes in, exactly the room that there is gets used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from meshdev.tui.cells import (
    clean,
    cut,
    cut_middle,
    cut_name,
    fit,
    pad,
    width_of,
    without_section,
    wrap_words,
)
from meshdev.tui.tone import Span

# Letters of one and two cells; joined emoji are the terminal's own business.
TEXT = st.text(alphabet=st.sampled_from("abc -_./é決済サ●…"), max_size=60)


@given(TEXT, st.integers(min_value=0, max_value=40))
def test_a_padded_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    """A column never breaks, wide characters included."""
    assert width == cell_len(pad(text, width))
    assert width == cell_len(pad(text, width, right=True))


@given(TEXT, st.integers(min_value=1, max_value=40))
def test_a_cut_says_that_something_is_missing(text: str, width: int) -> None:
    """What fits is unchanged; what doesn't ends with an ellipsis."""
    shown = cut(text, width)
    assert shown == text if cell_len(text) <= width else shown.endswith("…")
    assert cell_len(shown) <= width


@given(TEXT, st.integers(min_value=1, max_value=40))
def test_a_cut_in_the_middle_fits(text: str, width: int) -> None:
    """Both ends are kept, the width too."""
    assert cell_len(cut_middle(text, width)) <= width


@given(TEXT, st.integers(min_value=2, max_value=30))
def test_wrapped_words_fit_and_none_is_lost(text: str, width: int) -> None:
    """Lines are at most as wide as asked for; all characters but the blanks are there."""
    lines = wrap_words(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(text.split()) == "".join("".join(lines).split())


@given(st.lists(TEXT, max_size=6), st.integers(min_value=0, max_value=50))
def test_spans_that_fit_fill_no_more_than_the_width(texts: list[str], width: int) -> None:
    """The last one is cut."""
    shown = list(fit([Span(text) for text in texts], width))
    assert sum(width_of(span.text) for span in shown) <= width


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x07b", "a\x9bb", "a\u202eb"])
def test_nothing_that_a_terminal_obeys_stays(text: str) -> None:
    """A service's name can't clear the screen or turn the text round."""
    assert clean(text).isprintable()


def test_line_ends_become_blanks() -> None:
    """A reason of several lines stands on one."""
    assert clean("a\nb\tc") == "a b c"


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("databases.ledger", 16, "databases.ledger"),
        ("databases.ledger", 15, "ledger"),
        ("orders → brokers.events", 18, "orders → events"),
        ("brokers.events → mailer", 16, "events → mailer"),
        ("databases.a-very-long-name", 12, "a-very…-name"),
        ("old-databases.x-service", 12, "old-da…rvice"),
    ],
)
def test_a_name_loses_its_section_before_its_letters(name: str, width: int, shown: str) -> None:
    """Names differ behind it."""
    assert cut_name(name, width) == shown


def test_only_sections_are_taken_away() -> None:
    """Not what is called like one."""
    assert without_section("databases") == "databases"
    assert without_section("my.databases.x") == "my.databases.x"
