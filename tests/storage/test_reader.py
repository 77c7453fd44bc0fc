"""Reading: whatever was fed in whatever pieces comes back, forwards, backwards and while it is written."""

import os
import re
import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from meshdev.storage.layout import segment_index, segment_log
from meshdev.storage.line import LogLine, Selection
from meshdev.storage.reader import LogReader, LogView, Totals
from meshdev.storage.store import LogLimits
from meshdev.telemetry.logline import Level
from support_logs import Logs, texts


def feed(logs: Logs, node: str, data: bytes, instance: int = 0, stream: str = "stdout") -> None:
    """One stream's whole life in one go."""
    logs.clock.advance(1)
    out = logs.store.stream(node, f"{node}-{instance}", 1, stream)
    out.feed(data)
    out.end()
    logs.store.flush()


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    """A run that has no folder yet has no lines, and its first ones are seen when they come."""
    reader = LogReader(tmp_path / "logs")
    view = reader.open()
    named = reader.open(["orders"])
    assert (reader.nodes(), reader.tail(), list(reader.since(0)), view.newer(), view.older(5)) == (
        [],
        [],
        [],
        [],
        [],
    )
    assert reader.totals() == {}
    feed(Logs(tmp_path / "logs"), "orders", b"one\n")
    assert texts(view.newer()) == texts(named.newer()) == ["one"]


def test_a_line_says_whose_it_is_and_when(tmp_path: Path) -> None:
    """Node, instance, generation, stream and time of each line."""
    logs = Logs(tmp_path)
    logs.store.stream("databases.orders", "databases.orders-2", 7, "stderr").feed(b"ready\n")
    logs.store.flush()
    assert LogReader(tmp_path).tail() == [
        LogLine("databases.orders", "databases.orders-2", 7, "stderr", logs.clock.now, "ready")
    ]


def test_nodes_are_merged_by_time(tmp_path: Path) -> None:
    """Calls and their echoes in other services stand in the order in which they happened."""
    logs = Logs(tmp_path)
    for number in range(6):
        feed(logs, ("orders", "payments", "carts")[number % 3], b"%d\n" % number)
    reader = LogReader(tmp_path)
    assert texts(reader.tail()) == texts(reader.since(0)) == list("012345")
    assert texts(reader.tail(["carts", "orders"], 3)) == ["2", "3", "5"]


def test_a_noisy_backlog_keeps_the_order_of_time(tmp_path: Path) -> None:
    """A node with far more than is read at once doesn't come after the quiet one's later lines."""
    logs = Logs(tmp_path)
    for number in range(20):
        feed(logs, "noisy", (b"%d " % number + b"x" * 200_000 + b"\n"))
        feed(logs, "quiet", b"%d\n" % number)
    seen = [(line.node, int(line.text.split()[0])) for line in LogReader(tmp_path).since(0)]
    assert seen == [(node, number) for number in range(20) for node in ("noisy", "quiet")]


def test_since_begins_at_a_moment(tmp_path: Path) -> None:
    """Only what was read at that moment or later, over segments and nodes."""
    logs = Logs(tmp_path, LogLimits(segment=200))
    begin = logs.clock.now
    for number in range(50):
        feed(logs, "orders", b"%d\n" % number)
    reader = LogReader(tmp_path)
    for first in (0, 1, 7, 8, 30, 49):
        assert texts(reader.since(begin + 1 + first)) == [str(number) for number in range(first, 50)]
    assert texts(reader.since(begin + 1000)) == []


def test_following_over_rotation_and_new_nodes(tmp_path: Path) -> None:
    """A follower misses nothing when segments are closed, when old ones vanish, and when a node appears."""
    logs = Logs(tmp_path, LogLimits(segment=150, node=900))
    feed(logs, "orders", b"before\n")
    view = LogReader(tmp_path).open()
    seen: list[str] = []
    for number in range(60):
        feed(logs, "orders", b"%d\n" % number)
        if number == 30:
            feed(logs, "late", b"hello\n")
        if number % 3 == 0:
            seen += texts(view.newer())
    seen += texts(view.newer())
    assert "hello" in seen
    assert [text for text in seen if text != "hello"] == [str(number) for number in range(60)]
    assert view.older(10) == []  # the quota has taken it meanwhile


def test_a_follower_that_sleeps_too_long_goes_on_with_what_is_left(tmp_path: Path) -> None:
    """What the quota has taken is gone, but a reader that comes late reads on from there."""
    logs = Logs(tmp_path, LogLimits(segment=100, node=400))
    feed(logs, "orders", b"before\n")
    view = LogReader(tmp_path).open()
    for number in range(100):
        feed(logs, "orders", b"%d\n" % number)
    seen = [int(text) for text in texts(view.newer()) if text != "before"]
    assert seen[-6:] == [94, 95, 96, 97, 98, 99]
    assert seen == sorted(seen)


def test_torn_tails_are_not_there_yet(tmp_path: Path) -> None:
    """Half a record, and text without a record, are invisible until they are whole."""
    logs = Logs(tmp_path)
    feed(logs, "orders", b"one\n")
    index = segment_index(tmp_path / "orders", 1)
    whole = index.read_bytes()
    feed(logs, "orders", b"two\n")
    both = index.read_bytes()
    view = LogReader(tmp_path).open_at(0)
    index.write_bytes(both[:-5])
    assert texts(LogReader(tmp_path).tail()) == texts(view.newer()) == ["one"]
    with index.open("r+b") as file:
        file.write(both)
    assert texts(view.newer()) == ["two"]
    os.truncate(index, len(whole))
    assert texts(LogReader(tmp_path).tail()) == ["one"]


def test_files_that_vanish_are_no_error(tmp_path: Path) -> None:
    """Somebody removes the run while it is read: nothing more comes, nothing breaks."""
    logs = Logs(tmp_path / "logs", LogLimits(segment=1))
    for number in range(5):
        feed(logs, "orders", b"%d\n" % number)
    reader = LogReader(tmp_path / "logs")
    view, late = reader.open(), reader.open()
    assert texts(view.older(2))[-1] == "4"
    segment_log(tmp_path / "logs" / "orders", 2).unlink()
    assert texts(reader.tail()) == ["0", "2", "3", "4"]
    shutil.rmtree(tmp_path / "logs")
    assert (view.newer(), late.older(10), reader.tail()) == ([], [], [])


def test_pages_go_back_without_reading_everything(tmp_path: Path) -> None:
    """The last page of a large log is found in a fraction of the time that reading it takes, and pages join up."""
    logs = Logs(tmp_path, LogLimits(segment=1024 * 1024))
    for number in range(100):
        logs.clock.advance(1)
        lines = b"".join(b"%d %d\n" % (number, line) for line in range(4000))
        logs.store.stream("orders", "orders-0", 1, "stdout").feed(lines)
        logs.store.flush()
    reader = LogReader(tmp_path)
    began = time.process_time()
    total = sum(1 for _ in reader.since(0))
    whole = time.process_time() - began
    began = time.process_time()
    view = reader.open()
    page = view.older(50)
    one = time.process_time() - began
    assert (total, page[-1].text, reader.totals()["orders"]) == (400_000, "99 3999", Totals(400_000, 0))
    assert one < whole / 10
    back = [*view.older(5000), *page]
    assert [line.text for line in back[:2]] != [line.text for line in page[:2]]
    numbers = [tuple(map(int, line.text.split())) for line in back]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


def test_selections_page_back_and_follow(tmp_path: Path) -> None:
    """Pattern, level, instance, stream and time choose lines, however rare they are."""
    logs = Logs(tmp_path)
    for number in range(2000):
        data = b"ERROR it broke\n" if number % 700 == 0 else b"INFO fine %d\n" % number
        feed(logs, "orders", data, instance=number % 2, stream=("stdout", "stderr")[number % 3 == 0])
    reader = LogReader(tmp_path)
    view = reader.open()
    assert texts(view.older(2, Selection(level=Level.ERROR)))[-2:] == ["ERROR it broke"] * 2
    assert texts(reader.tail(n=10, selection=Selection(pattern=re.compile("fine 1[23]$")))) == [
        "INFO fine 12",
        "INFO fine 13",
    ]
    chosen = Selection(instances=frozenset({"orders-1"}), streams=frozenset({"stderr"}))
    assert all(
        (line.instance, line.stream) == ("orders-1", "stderr") for line in reader.tail(n=50, selection=chosen)
    )
    until = Selection(until=logs.clock.now - 1999)
    assert texts(reader.tail(n=5, selection=until)) == ["ERROR it broke"]
    feed(logs, "orders", b"INFO no\nERROR yes\n")
    assert texts(view.newer(Selection(level=Level.ERROR))) == ["ERROR yes"]


def test_paging_with_a_selection_can_be_interrupted(tmp_path: Path) -> None:
    """A search that finds little gives control back after so many bytes, and says whether it is at the beginning."""
    logs = Logs(tmp_path)
    for _ in range(30):
        feed(logs, "orders", b"x" * 60_000 + b"\n")
    view = LogReader(tmp_path).open()
    nothing = Selection(pattern=re.compile("never"))
    rounds = 0
    while not view.at_beginning:
        assert view.older(1, nothing, most_bytes=200_000) == []
        rounds += 1
    assert rounds > 1


# --- whatever is fed comes back ----------------------------------------------------------------------

SOURCES = [("a", 0, "stdout"), ("a", 0, "stderr"), ("a", 1, "stdout"), ("b", 0, "stdout")]


@dataclass(frozen=True)
class Feed:
    """Give bytes to one stream."""

    source: int
    data: bytes


@dataclass(frozen=True)
class End:
    """One stream ends."""

    source: int


@dataclass(frozen=True)
class Pass:
    """Time passes, then everything that can be is written."""

    seconds: float


@dataclass(frozen=True)
class Read:
    """The follower looks; a late reader pages back from here."""


CONTENT = st.lists(
    st.sampled_from([b"x", b"\n", b"yy\n", b"\xc3\xa4", b"\n\n", b"zzzzzzzzzz"]), min_size=1
).map(b"".join)
STEPS = st.lists(
    st.builds(Feed, st.integers(0, 3), CONTENT)
    | st.builds(End, st.integers(0, 3))
    | st.builds(Pass, st.sampled_from([0.0, 0.05, 0.3]))
    | st.just(Read()),
    max_size=40,
)

Lines = dict[tuple[str, str, int, str], list[str]]


def by_source(lines: list[LogLine]) -> Lines:
    """The lines of each source, in their order."""
    found: Lines = defaultdict(list)
    for line in lines:
        found[line.node, line.instance, line.generation, line.stream].append(line.text)
    return dict(found)


def paged(view: LogView, size: int) -> list[LogLine]:
    """All lines before a place, page by page."""
    pages: list[list[LogLine]] = []
    while not view.at_beginning:
        pages.append(view.older(size))
    return [line for page in reversed(pages) for line in page]


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(1, 5), st.sampled_from([40, 200, 10_000]), st.sampled_from([7, 1000]))
def test_every_line_comes_back_whole_and_once(
    steps: list[object], page: int, segment: int, line: int
) -> None:
    """Forwards, backwards, and from any place in both directions: every line of every stream, in order, unbroken."""
    with tempfile.TemporaryDirectory() as folder:
        logs = Logs(Path(folder), LogLimits(segment=segment, line=line))
        generations = [1] * len(SOURCES)
        fed: dict[tuple[str, str, int, str], bytes] = defaultdict(bytes)

        def key(number: int) -> tuple[str, str, int, str]:
            node, instance, stream = SOURCES[number]
            return node, f"{node}-{instance}", generations[number], stream

        streams = [logs.store.stream(*key(number)) for number in range(len(SOURCES))]
        reader = LogReader(Path(folder))
        follower = reader.open_at(0)
        followed: list[LogLine] = []
        places: list[LogView] = []
        for step in steps:
            match step:
                case Feed(number, data):
                    streams[number].feed(data)
                    fed[key(number)] += data
                case End(number):
                    streams[number].end()
                    generations[number] += 1
                    streams[number] = logs.store.stream(*key(number))
                case Pass(seconds):
                    logs.clock.advance(seconds)
                    logs.store.flush()
                case Read():
                    followed += follower.newer()
                    places.append(reader.open())
        for stream in streams:
            stream.end()
        logs.store.close()
        followed += follower.newer()
        expected = {
            source: data.decode().removesuffix("\n").split("\n") for source, data in fed.items() if data
        }
        assert by_source(followed) == expected
        assert by_source(list(reader.since(0))) == expected
        assert by_source(paged(reader.open(), page)) == expected
        for place in places:
            assert by_source([*paged(place, page), *place.newer()]) == expected


def test_a_line_whose_beginning_is_gone_is_a_line_of_its_own(tmp_path: Path) -> None:
    """When the quota has taken the first piece of a long line, the rest is shown, backwards as forwards."""
    logs = Logs(tmp_path, LogLimits(segment=40, line=10))
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    for piece in (b"a" * 20, b"b" * 20, b"c" * 20, b"end\nnext\n"):
        stream.feed(piece)
        logs.store.flush()
    segment_index(tmp_path / "orders", 1).unlink()
    expected = ["b" * 20 + "c" * 20 + "end", "next"]
    reader = LogReader(tmp_path)
    assert texts(reader.tail()) == texts(reader.since(0)) == expected
    assert texts(paged(reader.open(), 1)) == expected
