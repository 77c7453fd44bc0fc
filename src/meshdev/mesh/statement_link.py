"""Faults on the statements of a link that speaks SQL (`traffic.faults.statement_faults`), between its two ends.

Rules: it reads along itself, so that the scanner hears each message of the caller as it is decided about · what waits
keeps its order, an end of the caller's included; the caller is not read from while a lot waits · once there is no fault
on statements any more, and nothing is missed, bytes pass without it.
"""

from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from meshdev.mesh.alarms import Alarm, alarms_of
from meshdev.mesh.relay import Word
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.link import Item
from meshdev.traffic.faults.statement_faults import StatementFaults
from meshdev.traffic.faults.statements import acts_on_statements, fate_of
from meshdev.traffic.protocols.answering import Answerable

if TYPE_CHECKING:
    import asyncio

    from meshdev.mesh.scanned_link import ScannedLink

MOST_HELD: Final = 1024 * 1024


def stand_between_statements(
    loop: "asyncio.AbstractEventLoop", link: "ScannedLink", scanner: Answerable, faults: EdgeFaults
) -> None:
    """Let the edge's faults act on the statements of ``link``, as long as there are some."""
    between = link.between
    if isinstance(between, StatementsBetween):
        between.sync()
    elif between is None and acts_on_statements(faults):
        link.between = StatementsBetween(loop, link, scanner, faults)


class StatementsBetween:
    """Both directions of one link."""

    __slots__ = ("_alarm", "_alarms", "_core", "_faults", "_full", "_link")

    reads: ClassVar[bool] = True

    def __init__(
        self,
        loop: "asyncio.AbstractEventLoop",
        link: "ScannedLink",
        scanner: Answerable,
        faults: EdgeFaults,
    ) -> None:
        self._link = link
        self._faults = faults
        self._alarms = alarms_of(loop)
        self._alarm: Alarm | None = None
        self._full = False
        self._core = StatementFaults(
            scanner.answering(), partial(fate_of, faults), self._hear_caller, self._hear_callee
        )

    def __repr__(self) -> str:
        return f"<StatementsBetween {self._core}>"

    @property
    def holds(self) -> bool:
        """Whether something waits that the caller has said."""
        return self._core.waits

    def asked(self, data: bytes) -> bytes:
        """The caller has said ``data``: what goes on to the callee now."""
        core, link = self._core, self._link
        on = core.asked(data, monotonic())
        link.edge.bytes_in += len(data) - len(on)
        link.last = Word.CALLER
        self._settle()
        return on

    def answered(self, data: bytes) -> bytes:
        """The callee has said ``data``: what the caller gets to hear now."""
        said = self._core.answered(data)
        self._link.edge.bytes_out += len(data) - len(said)
        self._settle()
        return said

    def ended(self) -> None:
        """The caller says no more."""
        self._core.end(monotonic())
        self._settle()

    def sync(self) -> None:
        """The edge's faults have changed."""
        now = monotonic()
        acting = frozenset(fault.key for fault in self._faults.faults if fault.acts(now))
        self._let_out(self._core.let_go(acting))
        self._settle()

    def stop(self) -> None:
        """The link is over."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake(self) -> None:
        self._let_out(self._core.advance(monotonic()))
        self._settle()

    def _settle(self) -> None:
        """Wait for what is due next; stop the caller where too much waits; go when nobody needs this any more."""
        core, link = self._core, self._link
        due = core.deadline()
        if due is None:
            self.stop()
        elif self._alarm is None or self._alarm.due != due:
            self.stop()
            self._alarm = self._alarms.at(due, self._wake)
        full, transport = core.held > MOST_HELD, link.caller.transport
        if full is not self._full and transport is not None and not transport.is_closing():
            self._full = full
            (transport.pause_reading if full else transport.resume_reading)()
        if link.between is self and core.idle and not acts_on_statements(self._faults):
            link.between = None
            rest = core.leave()
            if rest:
                self._let_out([rest])

    def _let_out(self, items: Sequence[Item]) -> None:
        caller = self._link.caller
        for item in items:
            if not isinstance(item, bytes):
                self._link.end_caller()
            elif caller.peer is None:
                caller.early.append(item)
            elif not caller.peer.is_closing():
                caller.peer.write(item)

    # --- who reads along --------------------------------------------------------------------------

    def _hear_caller(self, data: bytes) -> None:
        if self._link.reading is not None:
            self._link.reading.said_in(data)

    def _hear_callee(self, data: bytes) -> None:
        if self._link.reading is not None and data:
            self._link.reading.said_out(data)
