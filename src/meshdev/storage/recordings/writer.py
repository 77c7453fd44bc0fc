"""A recording's journal being written: whole blocks or nothing, and a full disk said aloud.

Rules: what `write` has returned from is in the kernel, so a SIGKILL of everybody takes none of it · a block that
did not go in whole is taken back, so that the segment stays readable · a writer always begins a segment of its own.
"""

import errno
import os
from pathlib import Path
from typing import Final

from meshdev.errors import StorageError

SUFFIX: Final = ".mdj"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def segments_of(folder: Path) -> list[Path]:
    """A recording's segments, the first one first."""
    return sorted(folder.glob(f"journal-*{SUFFIX}"))


class SegmentFile:
    """A new segment in ``folder``. Raises StorageError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        number = len(segments_of(folder)) + 1
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while True:
                self.path = folder / f"journal-{number:04d}{SUFFIX}"
                try:
                    self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                    break
                except FileExistsError:
                    number += 1
        except OSError as error:
            raise _refused(folder, error) from error
        self.size = 0

    def append(self, data: bytes) -> None:
        """Write all of ``data``. Raises StorageError, and nothing of it stays."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            os.ftruncate(self._fd, self.size)
            os.lseek(self._fd, self.size, os.SEEK_SET)
            raise _refused(self._folder, error) from error
        self.size += len(data)

    def close(self) -> None:
        """Have it on the disk itself, as far as that can be had."""
        try:
            os.fsync(self._fd)
        except OSError:  # some file systems cannot
            pass
        finally:
            os.close(self._fd)


def _refused(folder: Path, error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageError(
            f"the disk is full; the recording {folder.name} ends here",
            hint="what was recorded before is kept; free some space and begin another one",
        )
    return StorageError(f"cannot write to {folder}: {error.strerror}", hint="is the folder writable?")
