"""Aligned columns."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.cli.table import columns, width


def test_columns_align_to_the_widest() -> None:
    """Left by default, right where asked, nothing after the last."""
    lines = columns(["NAME", "N", "WHY"], [["a", "10", "x"], ["long", "9", ""]], right=frozenset({"N"}))
    assert lines == ["NAME   N  WHY", "a     10  x", "long   9"]


def test_colours_and_wide_characters_count_as_they_are_seen() -> None:
    """Escapes take no room, Chinese takes two cells, a combining accent none."""
    assert (width("\x1b[31mred\x1b[0m"), width("订单"), width("e\u0301")) == (3, 4, 1)


@given(st.lists(st.tuples(st.text("ab订\u0301", max_size=6), st.text("xy", max_size=4)), min_size=1))
def test_second_column_starts_at_one_place(rows: list[tuple[str, str]]) -> None:
    """Whatever the first column holds, the second begins at the same cell."""
    lines = columns(["A", "B"], [(first, "|" + second) for first, second in rows])
    assert len({width(line[: line.index("|")]) for line in lines[1:]}) == 1
