"""Links whose bytes are read along by a scanner: what passes is told as operations (`traffic.protocols`).

Rules: bytes pass as in `relay`, at once and unchanged, and are read afterwards, by the batch, each with the time when
it passed; where there is a fault they are read first, as they arrive · a connection that cannot be read goes on as
plain TCP, and a person is told why, once per reason and edge · on an edge without a declared protocol the first bytes
of both sides are kept until they say what it is; connections that say nothing of the kind cost nothing more than a
plain link.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from meshdev.mesh.complaints import Complaints
from meshdev.mesh.guessing import Guessing
from meshdev.mesh.operations import Operations
from meshdev.mesh.reading import OF_STREAMS, Reading, keep_streams_of
from meshdev.mesh.relay import CalleeSide, CallerSide, Link, Relay, Side, Start
from meshdev.mesh.unread import Unread
from meshdev.traffic.protocols.cutting import Complaining, Cuttable, Following, Sharing
from meshdev.traffic.protocols.operation import Scanner
from meshdev.traffic.protocols.table import has_statements, is_read, scanner_of

if TYPE_CHECKING:
    import asyncio

    from meshdev.mesh.edge import Edge
    from meshdev.mesh.http_callee import HttpCallee
    from meshdev.mesh.relay import Link as AnyLink
    from meshdev.mesh.statement_link import StatementsBetween
    from meshdev.mesh.stream_link import StreamsBetween
    from meshdev.traffic.faults.edge import EdgeFaults
    from meshdev.traffic.faults.kinds import Direction
    from meshdev.traffic.protocols.cutting import Cutter

UNKNOWN: Final = "tcp"

# Looking them up by super() costs as much as half of what they do.
_pass_to_callee: Final = CallerSide.data_received
_pass_to_caller: Final = CalleeSide.data_received


class ScannedCaller(CallerSide):
    """The caller's end."""

    __slots__ = ()

    link: "ScannedLink"

    def data_received(self, data: bytes) -> None:
        """Pass it on, and have it read later; where faults stand between, read it first."""
        link = self.link
        reading = link.reading
        if type(reading) is Reading and link.faults is None and link.between is None:
            _pass_to_callee(self, data)
            reading.passed(True, data)  # noqa: FBT003 - this is per chunk
            return
        data = link.said_in(data)
        if data:
            super().data_received(data)
        if reading is not link.reading:
            link.reading_changed()


class ScannedCallee(CalleeSide):
    """The callee's end."""

    __slots__ = ()

    link: "ScannedLink"

    def data_received(self, data: bytes) -> None:
        """Pass it on, and have it read later; where faults stand between, read it first."""
        link = self.link
        reading = link.reading
        if type(reading) is Reading and link.faults is None and link.between is None:
            _pass_to_caller(self, data)
            reading.passed(False, data)  # noqa: FBT003 - this is per chunk
            return
        data = link.said_out(data)
        if data:
            super().data_received(data)
        if reading is not link.reading:
            link.reading_changed()


class ScannedLink(Link):
    """A link that is read along; ``reading`` is None when it is not (any more).

    ``between`` is who has faults act on what is read, from the first of them on.
    """

    __slots__ = ("between", "reading")

    relay: "ScannedRelay"

    caller_side = ScannedCaller
    callee_side = ScannedCallee

    def __init__(self, relay: "ScannedRelay") -> None:
        super().__init__(relay)
        spoken = relay.spoken
        self.reading: Reading | Guessing | None = (
            Reading(self, relay, scanner_of(spoken)) if spoken else Guessing(self, relay)
        )
        self.between: StreamsBetween | StatementsBetween | None = None

    def said_in(self, data: bytes) -> bytes:
        """The caller has said ``data``: what of it goes on now."""
        if self.between is not None and self.between.reads:
            return self.between.asked(data)
        if self.reading is not None:
            self.reading.said_in(data)
        between = self.between  # perhaps since just now, and then who reads itself stands behind ``data``
        return data if between is None or between.reads else between.asked(data)

    def said_out(self, data: bytes) -> bytes:
        """The callee has said ``data``: what of it goes on now."""
        between = self.between
        if between is not None:
            data = between.answered(data)
        if self.reading is not None and data and (between is None or not between.reads):
            self.reading.said_out(data)
        return data

    def half_closed(self, side: Side) -> None:
        """One end has nothing more to say; the caller's waits behind what it said."""
        if side is self.caller and self.between is not None and self.between.holds:
            cast("StatementsBetween", self.between).ended()
        else:
            super().half_closed(side)

    def end_caller(self) -> None:
        """The caller's end, which had waited, goes on."""
        super().half_closed(self.caller)

    @property
    def alpn(self) -> tuple[str, ...]:
        """As its scanner is called; nothing where there is no word for it."""
        return ("h2",) if self.scanner is not None and self.scanner.name in OF_STREAMS else ()

    @property
    def busy(self) -> bool:
        """Whether something was asked and is not answered yet."""
        scanner = self.scanner
        return scanner is not None and scanner.waiting() > 0

    @property
    def scanner(self) -> Scanner | None:
        """Who reads it, if it is known what is spoken."""
        return self.reading.scanner if isinstance(self.reading, Reading) else None

    def reading_changed(self) -> None:
        """It is known now what is spoken, or that it cannot be read: faults on messages look again."""
        if self.faults is not None and self.edge.faults is not None:
            self.faults.sync(self.edge.faults)

    def cutter(self, direction: "Direction") -> "Cutter | None":
        """As the scanner knows the place; while the callee is not there, nothing has passed, whatever was read."""
        if self.reading is None:
            return None
        scanner = self.reading.cuttable()
        if scanner is None:
            return None
        asked = direction == "upstream"
        if isinstance(scanner, Complaining):
            scanner.complain = self.relay.complain_once
        if self.callee is None and isinstance(scanner, Sharing):
            return scanner.first_cutter(asked=asked)
        if self.callee is None and not isinstance(scanner, Following):
            scanner = type(scanner)()
        return scanner.cutter(asked=asked)

    def lost(self, side: Side, exc: Exception | None) -> None:
        """One end is gone; in the end the caller's is, too."""
        super().lost(side, exc)
        if side is self.caller:
            if self.between is not None:
                self.between.stop()
            if self.reading is not None:
                reading, self.reading = self.reading, None
                reading.over()


class ScannedRelay(Relay):
    """The relay of an edge whose protocol is declared, or to be guessed."""

    def __init__(
        self,
        loop: "asyncio.AbstractEventLoop",
        edge: "Edge",
        start: Start,
        trouble: Callable[[str, int], None],
    ) -> None:
        self.loop = loop
        self.spoken = edge.policy.protocol if is_read(edge.policy.protocol) else ""
        self.unread = Unread(loop)
        self.complain_once = Complaints(edge, trouble).once
        super().__init__(loop, edge, start)

    def accept(self) -> CallerSide:
        """The protocol for one accepted connection."""
        return ScannedLink(self).caller

    def operations_of(self, protocol: str) -> Operations:
        """Where the edge's operations are counted; what was spoken first gives the name."""
        if self.edge.operations is None:
            self.edge.operations = Operations(protocol, self.unread.read)
        return self.edge.operations

    def guessed(
        self, link: ScannedLink, protocol: str, said: Sequence[tuple[bool, bytes, float]]
    ) -> "Reading | None":
        """Begin to read a connection of which ``said`` is the beginning; None when that cannot be read."""
        scanner = scanner_of(protocol)
        reading = link.reading = Reading(link, self, scanner)
        *_, (by_caller, _, _) = said
        for last, (asked, data, at) in enumerate(said, start=1 - len(said)):
            if not last and by_caller and not has_statements(protocol):  # who reads itself begins behind it
                self._stand_between(link)
            reading.tell(scanner.asked(data, at) if asked else scanner.answered(data, at))
        self._stand_between(link)
        return link.reading

    def take_over(self, transport: "asyncio.Transport", early: bytes, protocol: str) -> None:
        """Take over a caller that is counted already and has said ``early``, the beginning of ``protocol``."""
        link = ScannedLink(self)
        link.reading = Reading(link, self, scanner_of(protocol))
        link.caller.transport = transport
        self._stand_between(link)
        link.adopt(transport, link.said_in(early))

    def take_over_both(
        self, caller: "asyncio.Transport", callee: "HttpCallee", scanner: Scanner, early: bytes
    ) -> None:
        """Take over both ends, which speak what ``scanner`` reads from here on; ``early`` is what the caller has said.

        What the callee has said, the caller has got.
        """
        link = ScannedLink(self)
        link.reading = Reading(link, self, scanner)
        if callee.early:
            link.reading.said_out(callee.early)
        if callee.transport is not None:
            link.adopt_both(caller, callee.transport, callee.upstream)
            if early:
                callee.transport.write(link.said_in(early))

    def sync_faults(self, faults: "EdgeFaults") -> None:
        """The edge's faults may have changed: every link shall have them."""
        super().sync_faults(faults)
        for link in tuple(self.links):
            self._stand_between(link)
        on_messages = any(fault.kind.layer == "message" for fault in faults.faults)
        if on_messages and self.spoken and not isinstance(scanner_of(self.spoken), Cuttable):
            self.complain_once(f"faults on messages do nothing here, {self.spoken} is not cut into messages")
        on_statements = any(fault.kind.layer == "statement" for fault in faults.faults)
        if on_statements and self.spoken and not has_statements(self.spoken):
            self.complain_once(f"faults on statements do nothing here, {self.spoken} is no SQL")

    def drain(self) -> None:
        """Let callers go whose upstream has left the policy; where the protocol can tell them, they are told."""
        for link in tuple(self._leaving()):
            if isinstance(link, ScannedLink) and link.scanner is not None and link.scanner.name in OF_STREAMS:
                from meshdev.mesh.stream_link import send_away  # noqa: PLC0415 - most workers never need it

                send_away(self, link)
        super().drain()

    def admit(self, link: "AnyLink") -> None:
        """Both, or the first, of a link's ends are here."""
        super().admit(link)
        self._stand_between(link)

    def _stand_between(self, link: "AnyLink") -> None:
        faults = self.edge.faults
        if (
            faults is not None
            and isinstance(link, ScannedLink)
            and (faults.faults or link.between is not None)
        ):
            from meshdev.mesh.standing import stand_between  # noqa: PLC0415 - most workers never need it

            stand_between(self, link, faults)

    def keep_streams(self) -> None:
        """The edge has begun to keep what passes: so do the connections that are there."""
        for link in tuple(self.links):
            if isinstance(link, ScannedLink) and link.scanner is not None and self.edge.capture is not None:
                keep_streams_of(link, link.scanner)


def is_scanned(protocol: str) -> bool:
    """Whether an edge of that protocol is read along, or looked at to guess it."""
    return protocol == UNKNOWN or is_read(protocol)


def scanned_relay(
    loop: "asyncio.AbstractEventLoop", edge: "Edge", start: Start, trouble: Callable[[str, int], None]
) -> ScannedRelay:
    """The relay of such an edge."""
    if edge.policy.protocol == "kafka":
        from meshdev.mesh.kafka_link import KafkaRelay  # noqa: PLC0415 - most workers never need it

        return KafkaRelay(loop, edge, start, trouble)
    return ScannedRelay(loop, edge, start, trouble)
