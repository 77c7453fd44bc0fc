"""The daemon's side: feeding, quotas, disks that refuse."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshdev.errors import StorageError
from meshdev.storage.reader import LogReader
from meshdev.storage.store import LogLimits, LogStore, NodeStats
from support_logs import Logs, eventually, texts


def text(logs: Logs, node: str = "orders") -> bytes:
    """All text of a node as it lies on disk."""
    return b"".join(path.read_bytes() for path in sorted((logs.log_dir / node).glob("*.log")))


def test_whole_lines_are_written_the_rest_is_kept(tmp_path: Path) -> None:
    """Half a line waits for its other half."""
    logs = Logs(tmp_path)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    stream.feed(b"one\ntw")
    logs.store.flush()
    assert text(logs) == b"one\n"
    stream.feed(b"o\n")
    logs.store.flush()
    assert text(logs) == b"one\ntwo\n"


def test_two_streams_never_share_a_line(tmp_path: Path) -> None:
    """However the pieces of two streams come in, each line on disk is one stream's."""
    logs = Logs(tmp_path)
    out = logs.store.stream("orders", "orders-0", 1, "stdout")
    err = logs.store.stream("orders", "orders-0", 1, "stderr")
    out.feed(b"out ")
    err.feed(b"err ")
    out.feed(b"1\nout ")
    err.feed(b"1\n")
    out.feed(b"2\n")
    logs.store.flush()
    assert text(logs) == b"out 1\nerr 1\nout 2\n"


def test_a_prompt_is_written_after_a_quiet_moment(tmp_path: Path) -> None:
    """A line without its end doesn't wait for ever, and goes on where it stopped."""
    logs = Logs(tmp_path)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    stream.feed(b"name? ")
    logs.clock.advance(0.1)
    logs.store.flush()
    assert text(logs) == b""
    logs.clock.advance(0.15)
    logs.store.flush()
    assert text(logs) == b"name? "
    stream.feed(b"Ada\n")
    logs.store.flush()
    assert text(logs) == b"name? Ada\n"
    assert texts(LogReader(tmp_path).tail()) == ["name? Ada"]


def test_a_clock_that_jumps_back_holds_no_line_back(tmp_path: Path) -> None:
    """When the wall clock is set back an hour, a prompt isn't kept for an hour."""
    logs = Logs(tmp_path)
    logs.store.stream("orders", "orders-0", 1, "stdout").feed(b"name? ")
    logs.clock.advance(-3600)
    logs.store.flush()
    assert text(logs) == b"name? "


def test_a_line_of_ten_megabytes_is_whole_on_disk_and_small_in_memory(tmp_path: Path) -> None:
    """A huge line is written in pieces, stays one line, and is shown with what is missing."""
    logs = Logs(tmp_path)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    piece = b"x" * 65536
    for _ in range(160):
        stream.feed(piece)
        logs.store.flush()
        assert sum(map(len, stream._tail)) < 1024 * 1024
    stream.feed(b"\nnext\n")
    logs.store.flush()
    assert text(logs) == piece * 160 + b"\nnext\n"
    for lines in (LogReader(tmp_path).tail(), list(LogReader(tmp_path).since(0))):
        assert [line.text[-26:] for line in lines] == ["x… [10,420,288 more bytes]", "next"]
    assert LogReader(tmp_path).totals()["orders"].lines == 2


def test_the_end_of_a_stream_finishes_its_line(tmp_path: Path) -> None:
    """The last words of a process that died without a line feed are a line."""
    logs = Logs(tmp_path)
    first = logs.store.stream("orders", "orders-0", 1, "stdout")
    first.feed(b"bye")
    first.end()
    second = logs.store.stream("orders", "orders-0", 2, "stdout")
    second.feed(b"hello\n")
    logs.store.flush()
    assert text(logs) == b"bye\nhello\n"
    assert [(line.text, line.generation) for line in LogReader(tmp_path).tail()] == [("bye", 1), ("hello", 2)]


def test_an_open_line_is_finished_too(tmp_path: Path) -> None:
    """A prompt that was written already gets its line feed when the process ends."""
    logs = Logs(tmp_path)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    stream.feed(b"name? ")
    logs.clock.advance(1)
    logs.store.flush()
    stream.end()
    logs.store.flush()
    assert text(logs) == b"name? \n"


def test_closing_writes_everything(tmp_path: Path) -> None:
    """What was read is on disk when the daemon has gone, line end or not."""
    logs = Logs(tmp_path)
    logs.store.stream("orders", "orders-0", 1, "stdout").feed(b"one\ntwo")
    logs.store.close()
    assert text(logs) == b"one\ntwo\n"


def test_the_thread_writes_soon_by_itself(tmp_path: Path) -> None:
    """Nobody has to flush: a follower sees a line shortly after it was fed, and close leaves no thread."""
    before = threading.active_count()
    logs = Logs(tmp_path)
    logs.store.start()
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    view = LogReader(tmp_path).open()
    for number in range(3):
        stream.feed(b"line %d\n" % number)
        assert texts(eventually(view)) == [f"line {number}"]
    logs.store.close()
    assert threading.active_count() == before


def test_notes_stand_between_the_lines(tmp_path: Path) -> None:
    """What meshdev has to say about a node is in its log, marked as meshdev's, on one line."""
    logs = Logs(tmp_path)
    logs.store.stream("orders", "orders-0", 1, "stdout").feed(b"one\n")
    logs.store.note("orders", "restarting:\nsaga.py changed")
    logs.store.flush()
    [_, note] = LogReader(tmp_path).tail()
    assert (note.instance, note.stream, note.text) == ("", "meshdev", "restarting: saga.py changed")


def test_names_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    """No node's log can be outside of the log folder."""
    logs = Logs(tmp_path / "logs")
    for name in ("", "..", "../x", "a/b", ".hidden"):
        with pytest.raises(StorageError):
            logs.store.stream(name, "x-0", 1, "stdout")


def test_taps_get_whole_lines(tmp_path: Path) -> None:
    """Whoever looks for a pattern gets the lines at once and whole."""
    logs = Logs(tmp_path)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    heard: list[bytes] = []
    stream.tap = heard.append
    stream.feed(b"rea")
    stream.feed(b"dy\nand")
    stream.end()
    assert heard == [b"ready\n", b"and\n"]


def test_stats_count_what_is_on_disk(tmp_path: Path) -> None:
    """Lines and bytes of each node."""
    logs = Logs(tmp_path)
    logs.store.stream("orders", "orders-0", 1, "stdout").feed(b"one\ntwo\n")
    logs.store.flush()
    assert logs.store.stats() == {"orders": NodeStats(2, 8, 0, 0)}


# --- quotas ---------------------------------------------------------------------------------------

LINE = b"x" * 99 + b"\n"


def test_a_node_keeps_its_newest_within_its_quota(tmp_path: Path) -> None:
    """A noisy node's oldest segments go; the reader says how many lines that were."""
    logs = Logs(tmp_path, LogLimits(segment=1000, node=5000))
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    for number in range(200):
        logs.clock.advance(0.1)
        stream.feed(b"%-99d\n" % number)
        logs.store.flush()
    size = sum(path.stat().st_size for path in (tmp_path / "orders").glob("0*"))
    assert size <= 5000 + 1400
    lines = [int(line.text) for line in LogReader(tmp_path).tail(n=1000)]
    assert lines == list(range(lines[0], 200))
    assert LogReader(tmp_path).totals()["orders"] == (200, lines[0])


def test_the_noisiest_is_trimmed_never_the_quiet_one(tmp_path: Path) -> None:
    """When the run's quota is used up, a quiet node keeps its first line and the noisy one pays."""
    logs = Logs(tmp_path, LogLimits(segment=2000, node=100_000, run=20_000))
    quiet = logs.store.stream("quiet", "quiet-0", 1, "stdout")
    noisy = [logs.store.stream(f"noisy-{n}", f"noisy-{n}-0", 1, "stdout") for n in (1, 2)]
    quiet.feed(b"the first line\n")
    for _ in range(300):
        logs.clock.advance(1)
        noisy[0].feed(LINE)
        noisy[1].feed(LINE * 2)
        logs.store.flush()
    quiet.feed(b"the last line\n")
    logs.store.flush()
    sizes = {
        node: sum(path.stat().st_size for path in (tmp_path / node).glob("0*"))
        for node in LogReader(tmp_path).nodes()
    }
    assert sum(sizes.values()) <= 20_000 + 3000
    assert texts(LogReader(tmp_path).tail(["quiet"])) == ["the first line", "the last line"]
    assert min(sizes["noisy-1"], sizes["noisy-2"]) > 7000


def test_many_nodes_with_one_segment_each_are_held_too(tmp_path: Path) -> None:
    """When nobody has a closed segment, the noisiest one's is closed early, so the quota holds."""
    logs = Logs(tmp_path, LogLimits(segment=100_000, node=100_000, run=10_000))
    streams = [logs.store.stream(f"n{n}", f"n{n}-0", 1, "stdout") for n in range(4)]
    for _ in range(100):
        logs.clock.advance(1)
        for stream in streams:
            stream.feed(LINE)
        logs.store.flush()
    assert sum(path.stat().st_size for path in tmp_path.rglob("0*")) < 14_000


# --- disks that refuse ----------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mount.returncode:
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(path: Path) -> None:
    """Use up the disk."""
    with path.open("wb") as file, contextlib.suppress(OSError):
        while os.write(file.fileno(), b"x" * 4096):
            pass


def test_a_full_disk_loses_only_what_memory_cannot_hold(small_disk: Path) -> None:
    """Full disk: the child goes on, one warning, the newest lines are kept, and the log tells what is missing."""
    logs = Logs(small_disk / "logs", LogLimits(memory=100_000))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 200_000)
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    for number in range(5000):
        logs.clock.advance(0.02)
        stream.feed(b"%-99d\n" % number)
        if number % 10 == 0:
            logs.store.flush()
    [(node, warning)] = logs.warnings
    assert node == "orders"
    assert "No space left on device" in warning
    assert "Free some space" in warning
    before = [int(line.text) for line in LogReader(logs.log_dir).tail(n=10_000)]
    assert before == list(range(len(before)))
    filler.unlink()
    logs.store.flush()
    stream.feed(b"after\n")
    logs.store.flush()
    lines = LogReader(logs.log_dir).tail(n=10_000)
    [marker] = [line for line in lines if line.stream == "meshdev"]
    after = [int(line.text) for line in lines[lines.index(marker) + 1 : -1]]
    assert after == list(range(after[0], 5000))
    assert len(after) >= 900
    missing = after[0] - len(before)
    assert missing > 0
    assert f"{missing} lines ({missing * 100} bytes) were lost" in marker.text
    assert logs.store.stats()["orders"].dropped_lines == missing
    assert texts(lines)[-1] == "after"
    logs.store.close()


def test_a_short_outage_loses_nothing_and_says_so(small_disk: Path) -> None:
    """When memory holds everything until space is back, the log says that nothing is missing."""
    logs = Logs(small_disk / "logs")
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    stream.feed(b"before\n")
    logs.store.flush()
    filler = small_disk / "filler"
    fill(filler)
    stream.feed(LINE * 100)
    logs.store.flush()
    assert len(logs.warnings) == 1
    filler.unlink()
    logs.store.flush()
    lines = texts(LogReader(logs.log_dir).tail(n=1000))
    assert len(lines) == 102
    assert lines[1].endswith("nothing was lost")
    assert not logs.store.congested
    logs.store.close()


def test_no_file_can_be_opened_at_all(tmp_path: Path) -> None:
    """A log folder that cannot be made is an outage like any other, and ends like any other."""
    (tmp_path / "logs").write_text("in the way")
    logs = Logs(tmp_path / "logs" / "run")
    stream = logs.store.stream("orders", "orders-0", 1, "stdout")
    stream.feed(b"one\n")
    logs.store.flush()
    assert len(logs.warnings) == 1
    (tmp_path / "logs").unlink()
    logs.store.flush()
    assert texts(LogReader(logs.log_dir).tail())[1:] == ["one"]
    logs.store.close()


def test_memory_is_bounded_over_all_nodes(tmp_path: Path) -> None:
    """While the disk refuses, the noisiest node's oldest lines go, the quiet node's line stays."""
    (tmp_path / "logs").write_text("in the way")
    logs = Logs(tmp_path / "logs", LogLimits(memory=50_000))
    logs.store.stream("quiet", "quiet-0", 1, "stdout").feed(b"precious\n")
    noisy = logs.store.stream("noisy", "noisy-0", 1, "stdout")
    for _ in range(1000):
        logs.clock.advance(0.02)
        noisy.feed(LINE)
        assert logs.store._waiting_size <= 50_000
    logs.store.flush()
    (tmp_path / "logs").unlink()
    logs.store.flush()
    assert texts(LogReader(logs.log_dir).tail(["quiet"]))[-1] == "precious"
    stats = logs.store.stats()
    assert (stats["quiet"].dropped_lines, stats["noisy"].dropped_bytes) == (0, 100_000 - stats["noisy"].bytes)
    logs.store.close()


def test_the_thread_tries_again_by_itself(small_disk: Path) -> None:
    """Once space is back nobody has to do anything."""
    filler = small_disk / "filler"
    fill(filler)
    warned = threading.Event()
    store = LogStore(
        small_disk / "logs",
        clock=lambda: 0.0,
        limits=LogLimits(retry=0.02),
        warn=lambda _node, _text: warned.set(),
    )
    store.start()
    store.stream("orders", "orders-0", 1, "stdout").feed(b"one\n")
    assert warned.wait(10)
    filler.unlink()
    view = LogReader(small_disk / "logs").open()
    assert texts(eventually(view))[1:] == ["one"]
    store.close()
