"""What had to be asked of the real one, added to a recording of its own: without secrets, and on disk at once."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from meshdev import __version__
from meshdev.errors import StorageError
from meshdev.recording.journal import JournalWriter
from meshdev.recording.model import Descriptors, Exchange, Meta, Provenance
from meshdev.storage.recordings.descriptors import save_descriptors
from meshdev.storage.recordings.library import Library, Totals
from meshdev.storage.recordings.writer import SegmentFile

Redact = Callable[[Exchange], Exchange]


class Keeper:
    """Adds exchanges to the recording ``name``, which is begun with the first one; ``known`` it has already."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        redact: Redact,
        tell: Callable[[str], None],
        known: int = 0,
        descriptors: Sequence[Descriptors] = (),
    ) -> None:
        self._library = Library(folder)
        self._name = name
        self._redact = redact
        self._tell = tell
        self._count = known
        self._meta = Meta(name=name, created=time.time(), provenance=Provenance(meshdev=__version__))
        self._writer = JournalWriter()
        self._file: SegmentFile | None = None
        self._refused = False
        self._lock = threading.Lock()
        self._descriptors = descriptors

    def keep(self, exchange: Exchange) -> None:
        """Add one, from any thread. A disk that refuses is told once, and fails no call."""
        with self._lock:
            self._keep(exchange)

    def _keep(self, exchange: Exchange) -> None:
        if self._refused:
            return
        try:
            if self._file is None:
                self._begin()
            self._count += 1
            made = self._redact(replace(exchange, id=str(self._count)))
            self._writer.add(made)
            if self._file is not None:
                self._file.append(self._writer.take())
            self._tell(f'recorded into "{self._name}": {made.request.method} {made.request.target}')
        except StorageError as error:
            self._refused = True
            self._tell(f"nothing more is recorded: {error}")

    def close(self) -> None:
        """Say how much there is."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._library.describe(replace(self._meta, ended=time.time()), Totals(exchanges=self._count))

    def _begin(self) -> None:
        if self._name in self._library.names():
            self._meta = self._library.summary(self._name).meta
            folder = self._library.folder_of(self._name)
        else:
            folder = self._library.begin(self._meta)
        for one in self._descriptors:
            save_descriptors(folder, one.callee, one.endpoint, one.data)
        self._file = SegmentFile(folder)
