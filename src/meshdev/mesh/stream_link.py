"""Faults on the streams of a link that speaks HTTP/2 (`traffic.faults.stream_faults`), between its two ends.

Rules: who reads along hears what the caller says and what it gets to hear, so that figures are the caller's, with what
was injected in them · a link keeps this until its end, once it has it: heads are written anew, and it does no harm
when there is no fault any more · a connection that cannot be followed under faults is reset.
"""

from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from meshdev.mesh.alarms import Alarm, alarms_of
from meshdev.mesh.relay import Word
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.http import Plan
from meshdev.traffic.faults.stream_faults import StreamFaults
from meshdev.traffic.faults.streams import StreamRequest, acts_on_streams, idle_here, plan_of_stream
from meshdev.traffic.protocols.http2.scanner import Http2Scanner
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    import asyncio

    from meshdev.mesh.scanned_link import ScannedLink, ScannedRelay


def stand_between_streams(relay: "ScannedRelay", link: "ScannedLink", faults: EdgeFaults) -> None:
    """Let the edge's faults act on the streams of ``link``, if it has any and can be read."""
    scanner = link.scanner
    if not isinstance(scanner, Http2Scanner):
        return
    for text in idle_here(faults):
        relay.complain_once(text)
    if link.between is None and acts_on_streams(faults):
        link.between = StreamsBetween(relay.loop, link, scanner, faults)


def send_away(relay: "ScannedRelay", link: "ScannedLink") -> None:
    """Have the caller of ``link`` open its next streams on another connection."""
    scanner = link.scanner
    if isinstance(scanner, Http2Scanner):
        if not isinstance(link.between, StreamsBetween):
            faults = relay.edge.faults or EdgeFaults(str(relay.edge.key), relay.edge.key.caller)
            link.between = StreamsBetween(relay.loop, link, scanner, faults)
        link.between.leave()


class StreamsBetween:
    """Both directions of one link."""

    __slots__ = ("_alarm", "_alarms", "_core", "_faults", "_link", "_scanner")

    reads: ClassVar[bool] = False
    holds: ClassVar[bool] = False

    def __init__(
        self,
        loop: "asyncio.AbstractEventLoop",
        link: "ScannedLink",
        scanner: Http2Scanner,
        faults: EdgeFaults,
    ) -> None:
        self._link = link
        self._scanner = scanner
        self._faults = faults
        self._alarms = alarms_of(loop)
        self._alarm: Alarm | None = None
        self._core = StreamFaults(scanner, self._decide, self._mark)

    def __repr__(self) -> str:
        return f"<StreamsBetween {self._core}>"

    def asked(self, data: bytes) -> bytes:
        """The caller has said ``data``: what goes on to the callee now."""
        core, link = self._core, self._link
        core.asked(data, monotonic())
        on = core.to_callee()
        link.edge.bytes_in += len(data) - len(on)
        link.last = Word.CALLER
        self._say_to_caller(core.to_caller())
        self._settle()
        return on

    def answered(self, data: bytes) -> bytes:
        """The callee has said ``data``: what the caller gets to hear now."""
        core, link = self._core, self._link
        core.answered(data, monotonic())
        on = core.to_caller()
        link.edge.bytes_out += len(data) - len(on)
        self._say_to_callee(core.to_callee())
        self._settle()
        return on

    def leave(self) -> None:
        """The caller hears that it is to go elsewhere."""
        self._core.leave()
        self._say_to_caller(self._core.to_caller())

    def stop(self) -> None:
        """The link is over."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake(self) -> None:
        core = self._core
        core.advance(monotonic())
        self._say_to_callee(core.to_callee())
        self._say_to_caller(core.to_caller())
        self._settle()

    def _settle(self) -> None:
        """Wait for what is due next, or give the connection up."""
        due, link = self._core.deadline(), self._link
        if self._core.broken:
            link.edge.count_error(EdgeError.FAULT)
            link.relay.complain_once(
                f"a connection under faults was reset, since it cannot be read: {self._core.broken}"
            )
            link.reset()
        elif due is None:
            self.stop()
        elif self._alarm is None or self._alarm.due != due:
            self.stop()
            self._alarm = self._alarms.at(due, self._wake)

    def _say_to_callee(self, data: bytes) -> None:
        caller = self._link.caller
        if not data:
            return
        if caller.peer is None:
            caller.early.append(data)
        elif not caller.peer.is_closing():
            caller.peer.write(data)

    def _say_to_caller(self, data: bytes) -> None:
        link = self._link
        to_caller = link.faults.to_caller if link.faults is not None else link.caller.transport
        if not data or to_caller is None or to_caller.is_closing():
            return
        if link.reading is not None:
            link.reading.said_out(data)
        link.last = Word.CALLEE
        to_caller.write(data)

    # --- what is done to a stream -----------------------------------------------------------------

    def _decide(self, request: StreamRequest, now: float) -> Plan | None:
        return plan_of_stream(self._faults, request, now)

    def _mark(self, stream: int, plan: Plan) -> None:
        known = self._scanner.streams.get(stream)
        if known is not None:
            known.faults = tuple(plan.hits)
            known.answered_by = "meshdev" if plan.answer is not None else ""
