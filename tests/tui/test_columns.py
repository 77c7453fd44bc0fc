"""Which columns fit: never more cells than there are, the least important goes first."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.tui.columns import Column, fit_columns
from meshdev.tui.model import COLUMNS


@given(
    st.lists(st.integers(min_value=0, max_value=60), min_size=len(COLUMNS), max_size=len(COLUMNS)),
    st.integers(min_value=1, max_value=260),
)
def test_columns_never_overlap_nor_leave_the_screen(wanted: list[int], width: int) -> None:
    """Each begins after the one before it, and the last one ends on the screen."""
    end = -2
    for fitted in fit_columns(COLUMNS, wanted, width):
        assert fitted.x >= end + 2
        end = fitted.x + fitted.width
    assert end <= width


@given(st.lists(st.integers(min_value=1, max_value=60), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_the_usual_terminal_shows_what_matters(wanted: list[int]) -> None:
    """At 80 columns: state, name, how it does, and the reason, which keeps room for a few words."""
    fitted = {each.column.key: each.width for each in fit_columns(COLUMNS, wanted, 78)}
    assert {"state", "name", "rps", "errors", "p99", "why"} <= fitted.keys()
    why = next(index for index, column in enumerate(COLUMNS) if column.key == "why")
    assert fitted["why"] >= min(24, wanted[why])


@given(st.lists(st.integers(min_value=1, max_value=60), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_where_nobody_is_called_there_is_room_for_costs(wanted: list[int]) -> None:
    """Columns that have nothing to say make room."""
    signals = {"rps", "spark", "errors", "p50", "p99", "heat"}
    quiet = [0 if column.key in signals else size for column, size in zip(COLUMNS, wanted, strict=True)]
    shown = {fitted.column.key for fitted in fit_columns(COLUMNS, quiet, 78)}
    assert {"state", "name", "why", "cpu", "memory", "since"} <= shown


def test_the_least_important_column_goes_first() -> None:
    """Dropped by rising priority, until the rest fits."""
    columns = (
        Column("a", "A", 10, 10, 3, always=True),
        Column("b", "B", 10, 10, 1, always=True),
        Column("c", "C", 10, 10, 2, always=True),
    )
    assert [fitted.column.key for fitted in fit_columns(columns, [10, 10, 10], 25)] == ["a", "c"]


def test_a_column_without_content_is_not_there() -> None:
    """An empty column would take room for nothing."""
    columns = (Column("a", "A", 4, 8, 2, always=True), Column("b", "B", 4, 8, 1))
    assert [fitted.column.key for fitted in fit_columns(columns, [0, 0], 40)] == ["a"]


def test_extra_columns_leave_the_flexible_one_its_comfort() -> None:
    """A nice-to-have column comes only where the long text has its room."""
    columns = (Column("a", "A", 10, 10, 2, extra=True), Column("why", "WHY", 10, 99, 3, flex=True))
    assert len(fit_columns(columns, [10, 50], 50)) == 1
    assert len(fit_columns(columns, [10, 50], 60)) == 2


def test_what_is_left_over_goes_to_the_flexible_column() -> None:
    """The table fills its width."""
    columns = (Column("a", "A", 4, 8, 2, always=True), Column("why", "WHY", 4, 99, 1, flex=True))
    last = fit_columns(columns, [6, 10], 40)[-1]
    assert last.x + last.width == 40
