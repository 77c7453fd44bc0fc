"""The recordings of a project: a folder of folders.

A recording that is being made, or whose recorder was killed, is read as far as it goes.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from meshdev.errors import StorageError, UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.recording.journal import JournalWriter, read_segment
from meshdev.recording.model import VERSION, Exchange, Meta, Recording
from meshdev.storage.recordings.descriptors import descriptors_of, save_descriptors
from meshdev.storage.recordings.writer import SegmentFile, segments_of

META: Final = "recording.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_EXCHANGES_A_BLOCK: Final = 500


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is, as it was counted at the end."""

    exchanges: int = 0
    lost: int = 0


class _Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the fields of `Meta` in the file."""

    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class _File:
    meta: Meta
    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A recording at a glance; ``exchanges`` is None where nobody has counted (it goes on, or was cut off).

    ``torn`` bytes at ends of segments were not written whole; known once it was counted.
    """

    meta: Meta
    exchanges: int | None
    bytes: int
    lost: int = 0
    torn: int = 0


class Library:
    """The recordings in ``folder``, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """The recordings' names, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(one.parent.name for one in self.folder.glob(f"*/{META}"))

    def folder_of(self, name: str) -> Path:
        """Where a recording is, or would be. Raises UsageError for what cannot be a name."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be the name of a recording",
                hint="letters, digits, dots, hyphens and underscores; it begins with a letter or a digit",
            )
        return self.folder / name

    def summaries(self) -> list[Summary]:
        """All of them, without reading their journals."""
        return [self.summary(name) for name in self.names()]

    def summary(self, name: str) -> Summary:
        """One at a glance. Raises StorageError when it is unknown."""
        file = self._file(name)
        size = sum(path.stat().st_size for path in segments_of(self.folder_of(name)))
        totals = file.totals
        return Summary(file.meta, totals.exchanges if totals else None, size, totals.lost if totals else 0)

    def counted(self, summary: Summary) -> Summary:
        """The same, counted by reading the journal: for one that was cut off."""
        segments = [
            read_segment(path.read_bytes()) for path in segments_of(self.folder_of(summary.meta.name))
        ]
        return replace(
            summary,
            exchanges=sum(len(one.exchanges) for one in segments),
            torn=sum(one.torn for one in segments if not one.foreign),
        )

    def open(self, name: str) -> Recording:
        """All of one, in the order in which things began, numbered by it. Raises StorageError when it is unknown."""
        file = self._file(name)
        exchanges: list[Exchange] = []
        notes: list[str] = []
        for path in segments_of(self.folder_of(name)):
            segment = read_segment(path.read_bytes())
            exchanges += segment.exchanges
            notes += segment.notes
            if segment.foreign:
                notes.append(f"{path.name} is no journal of this version and was passed over")
            elif segment.torn:
                notes.append(
                    f"{path.name} ends torn: its last {segment.torn} bytes were not written whole and are left out"
                )
        exchanges.sort(key=lambda one: one.started)
        numbered = (msgspec.structs.replace(one, id=str(number)) for number, one in enumerate(exchanges, 1))
        return Recording(
            meta=file.meta,
            exchanges=tuple(numbered),
            notes=tuple(notes),
            descriptors=descriptors_of(self.folder_of(name)),
        )

    def begin(self, meta: Meta) -> Path:
        """Make the folder of a new recording. Raises UsageError when there is one of that name."""
        folder = self.folder_of(meta.name)
        if (folder / META).exists():
            raise UsageError(
                f"there is a recording called {meta.name} already",
                hint=f"`meshdev record rm {meta.name}` removes it, or choose another name",
            )
        self.describe(meta)
        return folder

    def describe(self, meta: Meta, totals: Totals | None = None) -> None:
        """Write what a recording says of itself. Raises StorageError."""
        folder = self.folder_of(meta.name)
        told = msgspec.to_builtins(meta) | msgspec.to_builtins(_Counted(totals=totals))
        content = msgspec.json.format(msgspec.json.encode(told), indent=2)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(content + b"\n")
            Path(file.name).replace(folder / META)
        except OSError as error:
            raise StorageError(
                f"cannot write {folder / META}: {error.strerror}", hint="is there space left?"
            ) from error

    def save(self, recording: Recording) -> None:
        """Write a whole recording (an import). Raises UsageError when there is one of that name, StorageError."""
        folder = self.begin(recording.meta)
        try:
            file = SegmentFile(folder)
            try:
                writer = JournalWriter()
                for number, exchange in enumerate(recording.exchanges, 1):
                    writer.add(exchange)
                    if number % _EXCHANGES_A_BLOCK == 0:
                        file.append(writer.take())
                file.append(writer.take())
            finally:
                file.close()
            for one in recording.descriptors:
                save_descriptors(folder, one.callee, one.endpoint, one.data)
        except StorageError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.describe(recording.meta, Totals(exchanges=len(recording.exchanges)))

    def remove(self, name: str) -> None:
        """Delete one. Raises StorageError."""
        self._file(name)
        try:
            shutil.rmtree(self.folder_of(name))
        except OSError as error:
            raise StorageError(f"cannot remove {error.filename}: {os.strerror(error.errno or 0)}") from error

    def _file(self, name: str) -> _File:
        path = self.folder_of(name) / META
        try:
            content = path.read_bytes()
            counted = msgspec.json.decode(content, type=_Counted)
            file = _File(msgspec.json.decode(content, type=Meta), counted.totals)
        except FileNotFoundError as error:
            known = self.names()
            hint = (
                did_you_mean(name, known, what="recordings") if known else "`meshdev record start` makes one"
            )
            raise StorageError(f"there is no recording called {name}", hint=hint) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise StorageError(f"cannot read {path}: {error}") from error
        if file.meta.version > VERSION:
            raise StorageError(
                f"the recording {name} was made by a newer meshdev (format {file.meta.version})",
                hint="update meshdev to read it",
            )
        return file
