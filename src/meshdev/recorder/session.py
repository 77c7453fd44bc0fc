"""One recording under way: what belongs to it, what has been written, what was lost.

Rules: secrets are taken out before anything is handed to the journal · what waits is looked at in the order in which it
began: a session that a request names is known in the calls behind it, which end before that request does · what
`flush` has returned from is safe · a disk that refuses ends the recording, with a sentence for a person; traffic never
notices.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from meshdev.errors import StorageError
from meshdev.recording.journal import JournalWriter
from meshdev.recording.model import Exchange
from meshdev.recording.protobuf.schema import NOTHING, Schema, schema_of
from meshdev.storage.recordings.descriptors import save_descriptors
from meshdev.storage.recordings.writer import SegmentFile
from meshdev.traffic.faults.match import fits
from meshdev.traffic.faults.target import means
from meshdev.wire.capture import Begin, Described, Finished, Progress
from meshdev.wire.faults import FaultMatch
from meshdev.wire.mesh import EdgeKey

FLUSH_BYTES: Final = 512 * 1024
DUMP_BYTES: Final = 32 * 1024 * 1024
_BESIDE: Final = 500  # bytes of an exchange beside its bodies, or so
_EVERYTHING: Final = FaultMatch()

Redact = Callable[[Exchange, Schema], Exchange]


class _Asked:
    """A recorded request as a match looks at it."""

    def __init__(self, exchange: Exchange) -> None:
        self._request = exchange.request

    @property
    def method(self) -> str:
        return self._request.method

    @property
    def target(self) -> bytes:
        return self._request.target.encode("latin-1", "replace")

    def value(self, name: bytes, /) -> bytes | None:
        wanted = name.decode("latin-1")
        for known, value in self._request.headers:
            if known.lower() == wanted:
                return value.encode("latin-1", "replace")
        return None


class Session:
    """See the module; ``begin`` says what belongs to it. Raises StorageError when its folder cannot be written to."""

    def __init__(self, begin: Begin, redact: Redact) -> None:
        self.begin = begin
        self._redact = redact if begin.redact else _as_it_is
        self._file = SegmentFile(Path(begin.folder))
        self._journal = JournalWriter()
        self._waiting: list[Exchange] = []
        self._bytes = 0
        self._most = DUMP_BYTES if begin.token else FLUSH_BYTES
        self._count = 0
        self._written = 0
        self._lost = 0
        self._told: Progress | None = None
        self._lost_noted = 0
        self._schemas: dict[tuple[str, str], Schema] = {}
        self.trouble = ""
        for one in begin.descriptors:
            self.describe(one)

    def wants(self, key: EdgeKey, token: int) -> bool:
        """Whether what came over this edge is its own; ``token`` is that of a dump, 0 for what passes now."""
        if self.trouble or token != self.begin.token:
            return False
        edges = self.begin.edges
        return not edges or any(means(one, key.caller, key.callee, key.endpoint) for one in edges)

    def describe(self, described: Described) -> None:
        """What the calls of an endpoint are made of, from now on, and for whoever reads the recording."""
        self._schemas[described.callee, described.endpoint] = schema_of(described.data)
        try:
            save_descriptors(Path(self.begin.folder), described.callee, described.endpoint, described.data)
        except StorageError as error:
            self.trouble = error.message

    def add(self, exchanges: Sequence[Exchange]) -> None:
        """Have those that are meant."""
        if self.begin.match != _EVERYTHING:
            exchanges = [one for one in exchanges if fits(self.begin.match, _Asked(one))]
        for exchange in exchanges:
            self._waiting.append(exchange)
            self._bytes += _BESIDE + len(exchange.request.body.data)
            self._bytes += sum([len(message.data) for message in exchange.messages])
            self._bytes += len(exchange.response.body.data) if exchange.response is not None else 0
            if self._bytes >= self._most:
                self.flush()

    def lose(self, exchanges: int) -> None:
        """So many could not be told."""
        if not self.begin.token:
            self._lost += exchanges

    def flush(self) -> None:
        """Write what waits."""
        if self.trouble:
            return
        self._waiting.sort(key=lambda one: one.started)
        for exchange in [redacted for one in self._waiting if (redacted := self._redacted(one)) is not None]:
            self._count += 1
            self._journal.add(msgspec.structs.replace(exchange, id=str(self._count)))
        self._waiting.clear()
        self._bytes = 0
        if self._lost > self._lost_noted:
            self._journal.note(
                f"{self._lost - self._lost_noted} exchanges were lost: the recorder was too slow"
            )
            self._lost_noted = self._lost
        data = self._journal.take()
        if data:
            try:
                self._file.append(data)
            except StorageError as error:
                self.trouble = error.message
                return
            self._written = self._count

    def _redacted(self, exchange: Exchange) -> Exchange | None:
        try:
            schema = self._schemas.get((exchange.callee, exchange.endpoint), NOTHING)
            return self._redact(exchange, schema)
        except Exception as error:  # noqa: BLE001 -- a defect there must neither write secrets nor end the recording
            self._lost += 1
            self._journal.note(f"a call to {exchange.route} could not be redacted and is left out: {error!r}")
            return None

    def progress(self) -> Progress | None:
        """What is safe now, if that has changed since it was asked last."""
        now = Progress(self.begin.name, self._written, self._file.size, self._lost, self.trouble)
        if now == self._told:
            return None
        self._told = now
        return now

    def finish(self) -> Finished:
        """Write the rest, and be done."""
        self.flush()
        self._file.close()
        return Finished(self.begin.name, self._written, self._file.size, self._lost, self.trouble)


def _as_it_is(exchange: Exchange, _: Schema) -> Exchange:
    return exchange
