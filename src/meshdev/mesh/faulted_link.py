"""Faults on plain TCP links: a chain in each direction, spliced into links that live and taken out again.

Rules: where a side would write to its peer's transport it writes to a `Pipe`, so a link without faults has nothing to
ask for · a link gets its pipes with the edge's first fault, and loses them when there is none any more and nothing
waits · a new policy and a schedule's next change are the same to all links: each is brought up to date at once · what
a chain holds is bounded: its source is not read from while it is full · an end waits behind the bytes that came
before it.
"""

import asyncio
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, cast

from meshdev.mesh.alarms import Alarm, Alarms, alarms_of
from meshdev.traffic.faults.chain import Chain
from meshdev.traffic.faults.connection import ConnectionFaults
from meshdev.traffic.faults.edge import EdgeFaults
from meshdev.traffic.faults.link import End, Item
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshdev.mesh.relay import Link, Relay


class Pipe:
    """Stands for the transport of one end: what is written goes through a chain first.

    Of a transport it has what `relay` asks of a peer. ``transport`` is None until that end is there. ``taken`` and
    ``passed`` count the bytes that went into the chain, and came out.
    """

    __slots__ = ("_chain", "_crowded", "_link", "_stopped", "passed", "taken", "transport")

    def __init__(self, link: "FaultedLink", chain: Chain) -> None:
        self._link = link
        self._chain = chain
        self._stopped = False  # the other end takes no more
        self._crowded = False  # the chain from here on takes no more
        self.transport: asyncio.Transport | None = None
        self.taken = self.passed = 0

    def write(self, data: bytes) -> None:
        """Bytes for this end."""
        self.taken += len(data)
        self._chain.write(data, monotonic())
        self._link.pump()

    def write_eof(self) -> None:
        """No more bytes for this end."""
        self._chain.end(End.EOF, monotonic())
        self._link.pump()

    def can_write_eof(self) -> bool:
        """An end is passed on in any case, by a close where there is no half of it."""
        return True

    def is_closing(self) -> bool:
        """Whether this end is gone."""
        return self.transport is None or self.transport.is_closing()

    def pause_reading(self) -> None:
        """The other end takes no more for now."""
        self._stopped = True
        self._update_reading()

    def resume_reading(self) -> None:
        """The other end takes more again."""
        self._stopped = False
        self._update_reading()

    def crowd(self, *, crowded: bool) -> None:
        """Whether the chain that begins at this end is full."""
        if crowded is not self._crowded:
            self._crowded = crowded
            self._update_reading()

    def _update_reading(self) -> None:
        transport = self.transport
        if transport is not None and not transport.is_closing():
            wanted = not (self._stopped or self._crowded)
            (transport.resume_reading if wanted else transport.pause_reading)()


class FaultedLink:
    """The faults on one link; ``moved`` is told when something has left their chains, and when they have changed."""

    __slots__ = (
        "_alarm",
        "_alarms",
        "_link",
        "_over",
        "_pumping",
        "connection",
        "moved",
        "to_callee",
        "to_caller",
    )

    def __init__(self, link: "Link", alarms: Alarms, opened: float) -> None:
        self._link = link
        self._alarms = alarms
        self.connection = ConnectionFaults(opened, link.cutter)
        self.to_callee = Pipe(self, self.connection.upstream)
        self.to_caller = Pipe(self, self.connection.downstream)
        self._alarm: Alarm | None = None
        self._pumping = False
        self._over = False  # it has an end, of which has been told
        self.moved: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<FaultedLink {self.connection}>"

    @property
    def waits(self) -> bool:
        """Whether something is held back that will come."""
        up, down = self.connection.upstream, self.connection.downstream
        return not (up.ended or down.ended) and (up.deadline() is not None or down.deadline() is not None)

    def install(self) -> None:
        """From now on what both ends say goes through the chains."""
        link = self._link
        caller, callee = link.caller, link.callee
        self.to_caller.transport = caller.transport
        if callee is not None and callee.transport is not None:
            self.to_callee.transport = callee.transport
            caller.peer = cast("asyncio.Transport", self.to_callee)
            callee.peer = cast("asyncio.Transport", self.to_caller)

    def uninstall(self) -> None:
        """From now on both ends speak to each other again."""
        self.stop()
        link = self._link
        link.faults = None
        if link.callee is not None:
            link.caller.peer, link.callee.peer = link.callee.transport, link.caller.transport

    def stop(self) -> None:
        """Nothing leaves the chains any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def sync(self, faults: EdgeFaults) -> None:
        """Act by what is switched on now."""
        self.connection.sync(faults, monotonic())
        self.pump()

    def callee_lost(self, exc: Exception | None) -> None:
        """The callee is gone; the caller hears of it when it has heard all that came before."""
        self._over = True
        self.connection.downstream.end(End.CLOSE if exc is None else End.RESET, monotonic())
        self.pump()

    def pump(self) -> None:
        """Let out what is due, and wait for the next."""
        if self._pumping:  # what was let out made somebody write
            return
        self._pumping = True
        now = monotonic()
        upstream, downstream = self.connection.upstream, self.connection.downstream
        self._advance(now)
        if self.connection.tidy(now):
            self._advance(now)
        self._pumping = False
        self.to_caller.crowd(crowded=upstream.full)
        self.to_callee.crowd(crowded=downstream.full)
        up, down = upstream.deadline(), downstream.deadline()
        self._wait_until(down if up is None else up if down is None else min(up, down))
        faults = self._link.edge.faults
        if self.connection.idle and not self._over and (faults is None or not faults.faults):
            self.uninstall()
        if self.moved is not None:
            self.moved()

    def _advance(self, now: float) -> None:
        for item in self.connection.upstream.advance(now):
            self._let_out(self.to_callee, item)
        for item in self.connection.downstream.advance(now):
            self._let_out(self.to_caller, item)

    def _wait_until(self, due: float | None) -> None:
        alarm, transport = self._alarm, self.to_caller.transport
        if due is None or transport is None or transport.is_closing():
            self.stop()
        elif alarm is None or alarm.due != due:
            self.stop()
            self._alarm = self._alarms.at(due, self.pump)

    def _let_out(self, pipe: Pipe, item: Item) -> None:
        link, transport = self._link, pipe.transport
        if isinstance(item, bytes):
            pipe.passed += len(item)
            if transport is not None and not transport.is_closing():
                transport.write(item)
        elif item is End.EOF:
            link.pass_eof(transport)
        elif item is not End.DONE:
            if not self._over:
                self._over = True
                link.edge.count_error(EdgeError.FAULT)
            (link.reset if item is End.RESET else link.close)()


class LinkFaults:
    """Keeps all links of one relay as the edge's faults and their schedules say."""

    __slots__ = ("_alarm", "_alarms", "_relay")

    def __init__(self, relay: "Relay", loop: asyncio.AbstractEventLoop) -> None:
        self._relay = relay
        self._alarms = alarms_of(loop)
        self._alarm: Alarm | None = None

    def admit(self, link: "Link", faults: EdgeFaults) -> None:
        """A new link: whom it is hit by is decided now."""
        if faults.faults:
            self._faulted(link, monotonic()).sync(faults)

    def sync(self, faults: EdgeFaults) -> None:
        """The faults have changed, or a schedule says so."""
        now = monotonic()
        edge = self._relay.edge
        for link in tuple(self._relay.links):
            if link.faults is not None or faults.faults:
                (link.faults or self._faulted(link, float("-inf"))).sync(faults)
        edge.touch()
        self.close()
        at = faults.next_change(now)
        if at is not None:
            self._alarm = self._alarms.at(at, partial(self.sync, faults))

    def close(self) -> None:
        """The edge is gone; its links go on under what acts on them."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _faulted(self, link: "Link", opened: float) -> FaultedLink:
        link.faults = faulted = FaultedLink(link, self._alarms, opened)
        faulted.install()
        return faulted
