"""Recordings on disk: named, listed, read, removed; journals that cannot be written whole."""

import errno
import os
from pathlib import Path

import msgspec
import pytest

from meshdev.errors import StorageError, UsageError
from meshdev.recording.journal import JournalWriter
from meshdev.recording.model import Meta, Recording
from meshdev.storage.recordings import Library
from meshdev.storage.recordings.library import Totals
from meshdev.storage.recordings.writer import SegmentFile, segments_of
from support_raw import exchange

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def recorded(name: str, count: int = 3) -> Recording:
    """A recording of so many calls."""
    calls = tuple(
        msgspec.structs.replace(exchange(GET % number, OK), id=str(number), started=float(number))
        for number in range(1, count + 1)
    )
    return Recording(meta=Meta(name=name, created=5.0), exchanges=calls)


def test_saved_and_opened(tmp_path: Path) -> None:
    """What was saved is what is read; the summary knows its size without reading it."""
    library = Library(tmp_path / "recordings")
    assert library.names() == []
    library.save(recorded("day"))
    assert library.names() == ["day"]
    assert library.open("day") == recorded("day")
    summary = library.summary("day")
    assert summary.exchanges == 3
    assert summary.bytes == sum(path.stat().st_size for path in segments_of(tmp_path / "recordings" / "day"))
    library.remove("day")
    assert library.names() == []


def test_several_segments_are_one_recording(tmp_path: Path) -> None:
    """Each writer has its own segment; they are read as one, by time, torn ends told."""
    library = Library(tmp_path)
    folder = library.begin(Meta(name="day"))
    for start in (2, 0):
        file, writer = SegmentFile(folder), JournalWriter()
        for number in range(start, start + 2):
            writer.add(msgspec.structs.replace(exchange(GET % number, OK), started=float(number)))
        file.append(writer.take())
        file.close()
    with segments_of(folder)[0].open("ab") as torn:
        torn.write(b"half a bl")
    found = library.open("day")
    assert [one.request.target for one in found.exchanges] == ["/0", "/1", "/2", "/3"]
    assert [one.id for one in found.exchanges] == ["1", "2", "3", "4"]
    assert found.notes == (
        "journal-0001.mdj ends torn: its last 9 bytes were not written whole and are left out",
    )


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "x" * 200, "a b"])
def test_what_cannot_be_a_name(tmp_path: Path, name: str) -> None:
    """Nothing that leads out of the folder."""
    with pytest.raises(UsageError, match="cannot be the name"):
        Library(tmp_path).open(name)


def test_unknown_and_taken_names(tmp_path: Path) -> None:
    """The nearest name is given; a recording is never written over."""
    library = Library(tmp_path)
    library.save(recorded("checkout"))
    with pytest.raises(StorageError) as unknown:
        library.open("chekout")
    assert unknown.value.hint == 'did you mean "checkout"?'
    with pytest.raises(UsageError, match="there is a recording called checkout already"):
        library.save(recorded("checkout"))


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """Better than to read it wrongly."""
    library = Library(tmp_path)
    library.describe(Meta(name="day", version=99), Totals())
    with pytest.raises(StorageError, match="newer meshdev"):
        library.open("day")


def test_a_full_disk_leaves_a_readable_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not go in whole is taken back, and the error says what is kept."""
    file, writer = SegmentFile(tmp_path / "day"), JournalWriter()
    writer.add(exchange(GET % 1, OK))
    first = writer.take()
    file.append(first)
    real = os.write

    def full(fd: int, data: memoryview) -> int:
        real(fd, data[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    writer.add(exchange(GET % 2, OK))
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="the disk is full; the recording day ends here"):
        file.append(writer.take())
    monkeypatch.undo()
    file.close()
    assert file.path.read_bytes() == first


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Traffic is nobody else's business."""
    library = Library(tmp_path / "recordings")
    library.save(recorded("day"))
    folder = library.folder_of("day")
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_one_that_was_cut_off_is_counted(tmp_path: Path) -> None:
    """Nobody has closed it, and its last block is not whole: what can be read counts, the rest is told."""
    library = Library(tmp_path / "recordings")
    folder = library.begin(Meta(name="day"))
    file = SegmentFile(folder)
    writer = JournalWriter()
    for one in recorded("day").exchanges:
        writer.add(one)
        file.append(writer.take())
    file.close()
    path = segments_of(folder)[0]
    path.write_bytes(path.read_bytes()[:-1])
    summary = library.summary("day")
    assert summary.exchanges is None
    counted = library.counted(summary)
    assert counted.exchanges == 2
    assert counted.torn > 0
