"""Names are found by their letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.tui.fuzzy import match

NAMES = ("Restart orders", "Restart everything", "Stop orders", "Go to order-history", "Logs of orders")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("restart ord", "Restart orders"),
        ("ord rest", "Restart orders"),
        ("hist", "Go to order-history"),
        ("logs", "Logs of orders"),
        ("sto", "Stop orders"),
        ("reev", "Restart everything"),
        ("GO", "Go to order-history"),
    ],
)
def test_the_one_that_was_meant_comes_first(query: str, expected: str) -> None:
    """Words in any order, beginnings of words, letters in their order."""
    found = {name: matched.score for name in NAMES if (matched := match(query, name))}
    assert max(found, key=lambda name: found[name]) == expected


@given(st.text(min_size=1, max_size=8), st.text(max_size=40))
def test_places_are_those_of_the_letters(query: str, name: str) -> None:
    """Whatever is typed, and whatever names are like."""
    found = match(query, name)
    if found is not None:
        assert 0 < found.score <= 1
        assert all(0 <= place < len(name) for place in found.places)


@given(st.text("abc -", min_size=1), st.data())
def test_letters_in_their_order_are_always_found(name: str, data: st.DataObject) -> None:
    """No name is hidden from who types a part of it."""
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start:]
    if part.strip():
        assert match(part, name) is not None
