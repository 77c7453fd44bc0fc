"""Small pictures of numbers."""

from meshdev.tui.graph.bars import heat, of_each, sparkline


def test_a_sparkline_keeps_the_peaks() -> None:
    """Of the seconds that share a cell the greatest counts."""
    assert sparkline([0, 9, 0, 0], 2) == "█ "
    assert sparkline([5], 10, most=10.0) == "▄"
    assert sparkline([], 10) == ""


def test_what_is_not_nothing_is_seen() -> None:
    """One of a million too."""
    assert sparkline([1, 1_000_000], 2) == "▁█"
    assert heat([1, 1_000_000], 2) == "░░██"
    assert heat([0, 0]) == "  "


def test_buckets_that_add_up_are_taken_apart() -> None:
    """A daemon that was restarted in between gives nothing negative."""
    assert of_each([2, 5, 5]) == [2, 3, 0]
    assert of_each([5, 3]) == [5, 0]
