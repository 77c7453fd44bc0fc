"""One node's files."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshdev.storage.layout import (
    CHUNK_MOST,
    RECORD,
    Mark,
    Record,
    Source,
    read_sources,
    segment_index,
    segment_log,
    unpack,
)
from meshdev.storage.segments import NodeLog
from support_logs import SOURCE, chunk

ERRORS = Source("orders-0", 1, "stderr")
LATER = Source("orders-0", 2, "stdout")


def records(directory: Path, segment: int = 1) -> list[Record]:
    """The records of a segment."""
    return list(unpack(segment_index(directory, segment).read_bytes()))


def test_text_is_plain_and_records_name_it(tmp_path: Path) -> None:
    """The text file holds just what was written; the index says when and whose each chunk is."""
    log = NodeLog(tmp_path, 1000)
    log.append([chunk(b"one\n", 7), chunk(b"two\nthree\n", 8, ERRORS)])
    log.append([chunk(b"four\n", 9)])
    log.close()
    assert segment_log(tmp_path, 1).read_bytes() == b"one\ntwo\nthree\nfour\n"
    assert records(tmp_path) == [
        Record(7, 0, 0, 4, 0, 0),
        Record(8, 1, 4, 10, 1, 0),
        Record(9, 3, 14, 5, 0, 0),
    ]
    assert read_sources(tmp_path) == [SOURCE, ERRORS]


def test_pieces_of_a_line_stay_together_until_another_source_writes(tmp_path: Path) -> None:
    """In the plain text a line in pieces is whole, unless another source comes between: then a line feed parts them."""
    log = NodeLog(tmp_path, 1000)
    log.append([chunk(b"10%", open_=True), chunk(b"20%", open_=True, more=True)])
    log.append([chunk(b"oops\n", source=ERRORS), chunk(b"30%\n", more=True), chunk(b"done\n")])
    log.close()
    assert segment_log(tmp_path, 1).read_bytes() == b"10%20%\noops\n30%\ndone\n"
    assert [(each.offset, each.length, Mark(each.marks)) for each in records(tmp_path)] == [
        (0, 3, Mark.OPEN),
        (3, 3, Mark.OPEN | Mark.CONTINUED),
        (7, 5, Mark.NONE),
        (12, 4, Mark.CONTINUED),
        (16, 5, Mark.NONE),
    ]


def test_large_chunks_are_cut_between_lines(tmp_path: Path) -> None:
    """However much comes at once, records stay small enough to page by."""
    log = NodeLog(tmp_path, 10_000_000)
    line = b"x" * 99 + b"\n"
    log.append([chunk(line * 3000)])
    log.close()
    sizes = [each.length for each in records(tmp_path)]
    assert sum(sizes) == 300_000
    assert max(sizes) <= CHUNK_MOST
    assert all(size % 100 == 0 for size in sizes)
    assert [each.line for each in records(tmp_path)] == [0, 655, 1310, 1965, 2620]


def test_a_full_segment_is_closed_and_the_next_begun(tmp_path: Path) -> None:
    """A segment ends with a mark that leads readers to the next one; lines are counted on."""
    log = NodeLog(tmp_path, 10)
    for _ in range(3):
        log.append([chunk(b"0123456789\n")])
    log.close()
    assert [each.marks for each in records(tmp_path, 1)] == [0, Mark.LAST]
    assert records(tmp_path, 2)[0].line == 1
    assert log.size == sum(path.stat().st_size for path in tmp_path.glob("0*"))


def test_the_oldest_closed_segment_is_dropped_never_the_one_in_use(tmp_path: Path) -> None:
    """Dropping frees what it says and stops at the segment that is written to."""
    log = NodeLog(tmp_path, 10)
    for _ in range(3):
        log.append([chunk(b"0123456789\n")])
    assert log.drop_oldest() == 11 + 2 * RECORD.size
    assert log.drop_oldest() > 0
    assert log.drop_oldest() == 0
    assert [path.name for path in sorted(tmp_path.glob("0*"))] == ["000003.idx", "000003.log"]
    log.close()


def test_a_later_writer_goes_on_after_a_crash(tmp_path: Path) -> None:
    """Torn records of a writer that was killed are cut off, its segment is closed, sources keep their numbers."""
    first = NodeLog(tmp_path, 1000)
    first.append([chunk(b"one\n"), chunk(b"two\nthree\n", source=ERRORS)])
    first.close()
    with segment_index(tmp_path, 1).open("ab") as index:
        index.write(b"torn")
    with (tmp_path / "sources").open("ab") as sources:
        sources.write(b'["half')
    second = NodeLog(tmp_path, 1000)
    second.append([chunk(b"four\n", source=ERRORS), chunk(b"five\n", source=LATER)])
    second.close()
    assert [each.marks for each in records(tmp_path, 1)] == [0, 0, Mark.LAST]
    assert [(each.source, each.line) for each in records(tmp_path, 2)] == [(1, 3), (2, 4)]
    assert read_sources(tmp_path) == [SOURCE, ERRORS, LATER]


@pytest.fixture
def small_files() -> Iterator[int]:
    """No file of this process may grow beyond this many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield 1000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_refused_batch_leaves_no_trace(tmp_path: Path, small_files: int) -> None:
    """A batch that doesn't fit is cut off again, and a smaller one fits after it."""
    log = NodeLog(tmp_path, 100_000)
    log.append([chunk(b"a" * 500 + b"\n")])
    with pytest.raises(OSError, match="File too large"):
        log.append([chunk(b"b" * small_files + b"\n")])
    assert segment_log(tmp_path, 1).stat().st_size == 501
    assert len(records(tmp_path)) == 1
    log.append([chunk(b"c\n")])
    log.close()
    assert segment_log(tmp_path, 1).read_bytes().endswith(b"a\nc\n")


def test_a_refused_index_takes_the_text_back(tmp_path: Path, small_files: int) -> None:
    """When the records don't fit, the text that they would name goes too."""
    log = NodeLog(tmp_path, 100_000)
    with pytest.raises(OSError, match="File too large"):
        log.append([chunk(b"x\n", number * 20_000_000) for number in range(small_files // RECORD.size + 1)])
    assert segment_log(tmp_path, 1).read_bytes() == b""
    assert segment_index(tmp_path, 1).read_bytes() == b""
    log.close()
