"""A scanner at work on a link: what has passed is read, and told as operations."""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final

from meshdev.traffic.protocols.cutting import Cuttable
from meshdev.traffic.protocols.operation import Operation, Scanner

if TYPE_CHECKING:
    from meshdev.mesh.scanned_link import ScannedLink, ScannedRelay

MOST_UNREAD: Final = 128  # chunks of a connection
MUCH: Final = 16_384  # bytes of one that are not kept to be read later
OF_STREAMS: Final = frozenset({"grpc", "http2"})


class Reading:
    """A scanner at work.

    What has passed is read later, by the batch (`Unread`): a scanner that runs between two system calls finds the
    processor's caches cold each time, and costs three times as much. Whoever asks for the scanner finds it up to date.
    """

    __slots__ = ("_edge", "_link", "_operations", "_relay", "_said", "_scanner", "_unread", "_waiting")

    def __init__(self, link: "ScannedLink", relay: "ScannedRelay", scanner: Scanner) -> None:
        self._link = link
        self._relay = relay
        self._edge = relay.edge
        self._scanner = scanner
        self._operations = relay.operations_of(scanner.name)
        self._unread = relay.unread
        self._said: list[tuple[bool, bytes, float]] = []
        self._waiting = 0
        if relay.edge.capture is not None:
            keep_streams_of(link, scanner)

    @property
    def scanner(self) -> Scanner:
        """It knows of everything that has passed."""
        self.read()
        return self._scanner

    def cuttable(self) -> Cuttable | None:
        """Its scanner, if that can cut messages."""
        scanner = self.scanner
        return scanner if isinstance(scanner, Cuttable) else None

    def passed(self, asked: bool, data: bytes) -> None:  # noqa: FBT001 - this is per chunk
        """The caller has said ``data``, or the callee has answered it; it is read soon."""
        said = self._said
        if not said:
            self._unread.add(self)
        said.append((asked, data, perf_counter()))
        if len(said) >= MOST_UNREAD or len(data) >= MUCH:
            self.read()

    def read(self) -> None:
        """Read what has passed and is not read yet."""
        said = self._said
        if not said:
            return
        self._said = []
        scanner = self._scanner
        for asked, data, at in said:
            done = scanner.asked(data, at) if asked else scanner.answered(data, at)
            if done:
                self.record(done)
        self.settle()

    def said_in(self, data: bytes) -> None:
        """The caller's bytes, read at once."""
        self.tell(self.scanner.asked(data, perf_counter()))

    def said_out(self, data: bytes) -> None:
        """The callee's bytes, read at once."""
        self.tell(self.scanner.answered(data, perf_counter()))

    def over(self) -> None:
        """The connection has ended."""
        scanner = self.scanner
        if not scanner.gave_up:
            self.tell(scanner.lost(perf_counter()))
        self._edge.in_flight -= self._waiting
        self._waiting = 0

    def tell(self, done: Sequence[Operation]) -> None:
        """Count what is done, and notice when the scanner gives up."""
        if done:
            self.record(done)
        self.settle()

    def record(self, done: Sequence[Operation]) -> None:
        """Count what is done."""
        upstream = self._link.upstream
        self._operations.record(done, upstream.instance if upstream is not None else "")

    def settle(self) -> None:
        """Tell what is waiting now, and notice when the scanner gives up."""
        scanner = self._scanner
        waiting = scanner.waiting()
        if waiting != self._waiting:
            self._edge.in_flight += waiting - self._waiting
            self._waiting = waiting
        if scanner.gave_up:
            self._edge.in_flight -= self._waiting
            self._waiting = 0
            self._link.reading = None
            self._relay.complain_once(
                f"a connection cannot be read as {scanner.name} any more ({scanner.gave_up}); "
                "it goes on as plain TCP"
            )


def keep_streams_of(link: "ScannedLink", scanner: Scanner) -> None:
    """Have what ``scanner`` reads on ``link`` kept, where it is made of streams."""
    if scanner.name in OF_STREAMS:
        from meshdev.mesh.stream_capture import keep_streams  # noqa: PLC0415 - most workers never need it

        keep_streams(link, scanner)
