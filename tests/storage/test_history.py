"""The history of a run: paged, filtered and searched from any moment."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.storage.entries import Entry
from meshdev.storage.history import AbandonedError, Edge, History, Progress
from meshdev.telemetry.logline_filter import LogFilter, Term, parse_log_filter
from support_logs import Logs


def written(
    tmp_path: Path, lines: int, services: Sequence[str] = ("orders", "carts"), step: float = 0.1
) -> Logs:
    """Numbered lines of services in turn; each tenth is an error."""
    logs = Logs(tmp_path)
    streams = {name: logs.store.stream(name, f"{name}-0", 1, "stdout") for name in services}
    for number in range(lines):
        logs.clock.advance(step)
        level = "ERROR" if number % 10 == 0 else "INFO"
        streams[services[number % len(services)]].feed(f"{level} line {number}\n".encode())
    logs.store.flush()
    return logs


def numbers(entries: Sequence[Entry]) -> list[int]:
    """Which of the numbered lines these are."""
    return [int(entry.text.split()[-1]) for entry in entries]


def test_pages_go_back_to_the_beginning(tmp_path: Path) -> None:
    """In the order of time, none twice, none missing, then no more."""
    written(tmp_path, 1000)
    history = History(tmp_path, LogFilter())
    seen: list[int] = []
    while not history.at_beginning:
        seen = numbers(history.older(50)) + seen
    assert seen == list(range(1000))
    assert history.older(10) == []
    assert history.progress.lines == 1000


def test_only_what_passes_is_given(tmp_path: Path) -> None:
    """By service and by severity."""
    written(tmp_path, 200)
    history = History(tmp_path, parse_log_filter("service=orders level>=error"))
    assert numbers(history.older(1000)) == list(range(0, 200, 10))
    assert numbers(History(tmp_path, parse_log_filter("service!=orders")).older(1000)) == list(
        range(1, 200, 2)
    )


def test_reading_goes_on_where_the_shown_ends(tmp_path: Path) -> None:
    """Before the edge and after it, without gap or repetition, even within one moment."""
    logs = written(tmp_path, 300, step=0.0)
    logs.clock.advance(1)
    for number in range(300, 600):
        logs.store.stream("orders", "orders-0", 1, "stdout").feed(f"x {number}\n".encode())
        logs.clock.advance(0.01)
    logs.store.flush()
    every = History(tmp_path, LogFilter()).older(10_000)
    for cut in (0, 1, 150, 299, 300, 301, 450, 599):
        older = History(tmp_path, LogFilter(), edge=Edge(every[cut:])).older(10_000)
        assert older == every[:cut]
        newer = History(tmp_path, LogFilter(), after=every[cut].time).newer(10_000)
        assert newer == [entry for entry in every if entry.time > every[cut].time]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.0, 0.5]), st.integers(1, 4)), max_size=30
    ),
    st.data(),
)
def test_any_cut_divides_the_history(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, float, int]], data: st.DataObject
) -> None:
    """Whatever was written when: what is before a cut and what is behind it is everything."""
    logs = Logs(tmp_path_factory.mktemp("logs"))
    count = 0
    for node, pause, lines in script:
        logs.clock.advance(pause)
        text = "".join(f"{count + at}\n" for at in range(lines))
        count += lines
        logs.store.stream(node, f"{node}-0", 1, "stdout").feed(text.encode())
        logs.store.flush()
    every = History(logs.log_dir, LogFilter()).older(1000)
    assert sorted(numbers(every)) == list(range(count))
    if every:
        cut = data.draw(st.integers(0, count - 1))
        older = History(logs.log_dir, LogFilter(), edge=Edge(every[cut:])).older(1000)
        assert sorted(numbers(older)) == sorted(numbers(every[:cut]))


def test_the_nearest_match_is_found_in_both_directions(tmp_path: Path) -> None:
    """However far away, and only what the filter lets through."""
    logs = written(tmp_path, 20_000, step=0.01)
    logs.store.stream("orders", "orders-0", 1, "stdout").feed(b"INFO needle 20000\n")
    logs.store.flush()
    every = History(tmp_path, LogFilter()).older(100_000)
    history = History(tmp_path, LogFilter(), edge=Edge(every[19_000:]))
    assert numbers(history.older(1, Term("line 77")))[-1] == 7799
    assert history.progress.lines >= 10_000
    onwards = History(tmp_path, LogFilter(), after=every[100].time)
    assert numbers(onwards.newer(1, Term("needle")))[0] == 20_000
    assert History(tmp_path, parse_log_filter("level>=error")).older(1, Term("needle")) == []


def test_since_ends_the_way_back(tmp_path: Path) -> None:
    """What is older is not read."""
    logs = written(tmp_path, 50_000, step=0.01)
    history = History(tmp_path, parse_log_filter("since=1s"), now=logs.clock.now)
    found = numbers(history.older(1_000_000))
    assert found[-1] == 49_999
    assert 99 <= len(found) <= 102
    assert history.at_beginning
    assert history.progress.lines < 30_000


def test_a_search_can_be_abandoned(tmp_path: Path) -> None:
    """At the next step."""
    written(tmp_path, 20_000, step=0.0)
    cancel = threading.Event()
    cancel.set()
    history = History(tmp_path, LogFilter(), cancel=cancel)
    with pytest.raises(AbandonedError):
        history.older(100_000, Term("never"))


def test_a_search_says_how_far_it_is(tmp_path: Path) -> None:
    """By and by, not for every line."""
    written(tmp_path, 60_000, step=0.0)
    told: list[Progress] = []
    history = History(tmp_path, LogFilter(), tell=told.append)
    history._told -= 1.0
    assert history.older(1, Term("never", regex=True)) == []
    assert told
    assert 0 < told[0].lines <= 60_000
    assert history.progress.size > 500_000


def test_nothing_is_no_history(tmp_path: Path) -> None:
    """Before anybody has written."""
    history = History(tmp_path / "logs", LogFilter())
    assert history.older(10) == []
    assert history.at_beginning
    assert history.newer(10) == []
    history.close()
