"""The ring behind the log pane, against a naive model of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from meshdev.tui.ansi import parts, plain
from meshdev.tui.scrollback import Line, Place, Scrollback


def lines(*texts: str) -> list[Line]:
    """Lines of these texts."""
    return [Line(text) for text in texts]


def is_even(line: Line) -> bool:
    """A filter that about half of the lines pass."""
    return len(line.text) % 2 == 0


class AgainstNaive(RuleBasedStateMachine):
    """Whatever is appended, filtered and wrapped, every row is what a plain list says it is."""

    CAPACITY = 12

    def __init__(self) -> None:
        super().__init__()
        self.ring = Scrollback(self.CAPACITY)
        self.kept: list[tuple[int, str]] = []
        self.number = 0
        self.width = 0
        self.filtered = False

    @rule(texts=st.lists(st.text(alphabet="ab決é", max_size=9), max_size=16))
    def extend(self, texts: list[str]) -> None:
        """Lines arrive."""
        self.ring.extend(lines(*texts))
        for text in texts[-self.CAPACITY :]:
            self.kept.append((self.number, text))
            self.number += 1
        self.kept = self.kept[-self.CAPACITY :]

    @rule(width=st.sampled_from([0, 2, 3, 5]))
    def wrap(self, width: int) -> None:
        """Wrapping is switched, or the pane has another width."""
        self.width = width
        self.ring.lay_out(wrap=width, folded=True)

    @rule(on=st.booleans())
    def only(self, on: bool) -> None:  # noqa: FBT001 -- Hypothesis passes it by name
        """A filter comes or goes."""
        self.filtered = on
        self.ring.show_only(is_even if on else None)

    @rule()
    def clear(self) -> None:
        """Another service is selected."""
        self.ring.clear()
        self.kept = []

    def rows(self) -> list[Place]:
        """What the screen rows are."""
        return [
            Place(number, part)
            for number, text in self.kept
            if not self.filtered or len(text) % 2 == 0
            for part in range(len(parts(plain(text), self.width)) if self.width else 1)
        ]

    @invariant()
    def every_row_is_right(self) -> None:
        """The number of rows, and what stands at each."""
        expected = self.rows()
        assert len(expected) == self.ring.rows
        assert expected == [self.ring.locate(row) for row in range(len(expected))]
        assert self.ring.locate(len(expected)) is None
        assert self.ring.locate(-1) is None

    @invariant()
    def every_line_is_found_again(self) -> None:
        """A line's number gives its text and its first row."""
        first: dict[int, int] = {}
        for row, place in enumerate(self.rows()):
            first.setdefault(place.number, row)
        for number, text in self.kept:
            assert text == self.ring.line(number).text
            assert first.get(number) == self.ring.row_of(number)


TestAgainstNaive = AgainstNaive.TestCase
TestAgainstNaive.settings = settings(max_examples=40, stateful_step_count=20)


def test_the_oldest_lines_leave_first() -> None:
    """A bounded ring, whose numbers go on."""
    ring = Scrollback(3)
    ring.extend(lines("a", "b"))
    assert ring.extend(lines("c", "d")) == 1
    assert (len(ring), ring.first, ring.line(1).text) == (3, 1, "b")
    with pytest.raises(IndexError):
        ring.line(0)


def test_the_budget_bounds_long_lines() -> None:
    """Few lines may be too many characters; the newest line always stays."""
    ring = Scrollback(100, budget=25)
    ring.extend(lines(*("x" * 10 for _ in range(10))))
    assert len(ring) == 2
    ring.extend(lines("y" * 1000))
    assert [ring.line(ring.first + offset).text for offset in range(len(ring))] == ["y" * 1000]


@given(st.lists(st.sampled_from(["hit", "miss"]), max_size=12), st.integers(0, 12), st.booleans())
def test_search_goes_round_once(texts: Sequence[str], after: int, backwards: bool) -> None:  # noqa: FBT001 -- drawn
    """The next match in the direction asked for; itself only when there is no other."""
    ring = Scrollback()
    ring.extend(lines(*texts))
    hits = [number for number, text in enumerate(texts) if text == "hit"]
    found = ring.find(lambda line: line.text == "hit", after, backwards=backwards)
    if backwards:
        expected = next((n for n in reversed(hits) if n < after), hits[-1] if hits else None)
    else:
        expected = next((n for n in hits if n > after), hits[0] if hits else None)
    assert expected == found


def test_a_step_stops_at_the_ends_of_the_view() -> None:
    """The line cursor doesn't fall off, and skips what the filter hides."""
    ring = Scrollback()
    ring.extend(lines("aa", "b", "cc", "d", "ee"))
    ring.show_only(is_even)
    assert (ring.step(0, 1), ring.step(2, 1), ring.step(4, 9), ring.step(4, -9)) == (2, 4, 4, 0)
    assert ring.in_view == 3
    assert ring.count(is_even) == 3


def test_a_great_many_lines_stay_bounded() -> None:
    """A million lines leave no more than the capacity behind."""
    ring = Scrollback(1000)
    batch = lines(*(f"line {number}" for number in range(500)))
    for _ in range(2000):
        ring.extend(batch)
    assert (len(ring), ring.rows) == (1000, 1000)
    assert len(ring._lines) < 3000
    assert len(ring._view) < 3000


@given(
    st.lists(st.sampled_from(["a", "bb", "c\nd\ne", "決済"]), max_size=12),
    st.integers(0, 12),
    st.sampled_from([0, 2]),
)
def test_a_window_grows_at_both_ends(texts: list[str], cut: int, width: int) -> None:
    """Older lines put before give the same as all lines at once; numbers go down."""
    whole, ring = Scrollback(), Scrollback()
    for each in (whole, ring):
        each.lay_out(wrap=width, folded=True)
    whole.extend(lines(*texts))
    ring.extend(lines(*texts[cut:]))
    rows = ring.rows
    assert ring.prepend(lines(*texts[:cut])) == whole.rows - rows
    assert ring.rows == whole.rows
    shift = ring.first - whole.first
    for row in range(whole.rows):
        expected, found = whole.locate(row), ring.locate(row)
        assert expected is not None
        assert found == Place(expected.number + shift, expected.part)


def test_the_newest_can_be_let_go_by_moments() -> None:
    """All of one moment or none, so that what comes after is found again."""
    ring = Scrollback()
    ring.extend([Line(str(number), at=number // 2) for number in range(10)])
    assert ring.drop_newest(3) == 4
    assert (len(ring), ring.rows, ring.bottom()) == (6, 6, Line("5", at=2))
    assert ring.drop_newest(0) == 0


def test_a_trace_unfolds_to_its_lines() -> None:
    """Each is a row; folded again it is one; it may grow."""
    trace = "Traceback (most recent call last):\n  File x\nKeyError: 1"
    ring = Scrollback()
    ring.extend(lines("before", trace, "after"))
    assert ring.rows == 3
    ring.unfold(1, on=True)
    assert [ring.locate(row) for row in range(5)] == [
        Place(0, 0),
        *(Place(1, part) for part in range(3)),
        Place(2, 0),
    ]
    text = ring.shown(1)
    assert [text[slice(*ring.extent(Place(1, part), text))] for part in range(3)] == trace.split("\n")
    ring.amend(1, Line(f"{trace}\nmore"))
    assert ring.rows == 6
    ring.extend(lines("x"))
    assert ring.rows == 7
    ring.unfold(1, on=False)
    assert ring.rows == 4
    assert ring.find_last(lambda line: line.text == "before") == 0
