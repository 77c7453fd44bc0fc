"""What waits to be written."""

from hypothesis import given
from hypothesis import strategies as st

from meshdev.storage.layout import CHUNK_MOST, Source
from meshdev.storage.waiting import MERGE_NS, Loss, Waiting
from support_logs import SOURCE, chunk

OTHER = Source("orders-1", 1, "stdout")


def test_one_moment_is_one_chunk() -> None:
    """Lines of one source within ten milliseconds become one chunk with the first one's time."""
    waiting = Waiting()
    waiting.put(chunk(b"a\n", 5))
    waiting.put(chunk(b"b\n", 5 + MERGE_NS - 1))
    [only] = waiting.take()
    assert (b"".join(only.parts), only.time_ns, only.size) == (b"a\nb\n", 5, 4)


def test_other_moments_sources_and_open_lines_stay_apart() -> None:
    """Neither time, nor whose a line is, nor where a line without its end stops may be lost by joining."""
    waiting = Waiting()
    waiting.put(chunk(b"a\n", 0))
    waiting.put(chunk(b"b\n", MERGE_NS))
    waiting.put(chunk(b"c\n", MERGE_NS, OTHER))
    waiting.put(chunk(b"d", MERGE_NS, OTHER, open_=True))
    waiting.put(chunk(b"e\n", MERGE_NS, OTHER, more=True))
    assert [b"".join(each.parts) for each in waiting.take()] == [b"a\n", b"b\n", b"c\n", b"d", b"e\n"]


def test_a_clock_that_jumps_back_joins_nothing() -> None:
    """A chunk that seems older than the one before keeps its own time."""
    waiting = Waiting()
    waiting.put(chunk(b"a\n", MERGE_NS))
    waiting.put(chunk(b"b\n", MERGE_NS - 1))
    assert len(waiting.take()) == 2


def test_chunks_do_not_grow_without_end() -> None:
    """A flood in one moment still makes chunks that a reader can page by."""
    waiting = Waiting()
    for _ in range(4):
        waiting.put(chunk(b"x" * (CHUNK_MOST - 1) + b"\n"))
    assert len(waiting.take()) == 4


def test_the_oldest_goes_first_and_is_counted() -> None:
    """What is shed is the oldest, and the log can say how much it was."""
    waiting = Waiting()
    for number in range(5):
        waiting.put(chunk(b"%d\n%d\n" % (number, number), number * MERGE_NS))
    waiting.shed(6)
    assert [b"".join(each.parts) for each in waiting.take()] == [b"2\n2\n", b"3\n3\n", b"4\n4\n"]
    assert waiting.gap == Loss(4, 8) == waiting.lost


def test_told_losses_are_not_told_again() -> None:
    """After the log has said what is missing, only the total remembers it."""
    waiting = Waiting()
    for number in range(3):
        waiting.put(chunk(b"x\n", number * MERGE_NS))
    waiting.shed(2)
    waiting.written()
    assert (waiting.gap, waiting.lost) == (Loss(), Loss(1, 2))


def test_refused_chunks_come_before_what_came_meanwhile() -> None:
    """The order of lines survives a disk that refuses."""
    waiting = Waiting()
    waiting.put(chunk(b"old\n", 0))
    taken = waiting.take()
    waiting.put(chunk(b"new\n", MERGE_NS))
    waiting.put_back(taken, "no space")
    assert waiting.refused == "no space"
    assert [b"".join(each.parts) for each in waiting.take()] == [b"old\n", b"new\n"]


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.integers(0, 40), st.booleans()), max_size=30),
    st.integers(0, 200),
)
def test_sizes_and_losses_always_add_up(puts: list[tuple[bytes, int, bool]], excess: int) -> None:
    """Every byte that was put in either waits or is counted as lost."""
    waiting = Waiting()
    for data, moment, other in puts:
        waiting.put(chunk(data, moment * MERGE_NS // 10, OTHER if other else SOURCE))
    waiting.shed(excess)
    kept = sum(len(part) for each in waiting.chunks for part in each.parts)
    assert waiting.size == kept == sum(each.size for each in waiting.chunks)
    assert kept + waiting.lost.bytes == sum(len(data) for data, _, _ in puts)
