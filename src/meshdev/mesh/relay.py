"""The plain TCP relay: bytes pass unchanged and at once, both ways, whatever they mean.

Rules: back-pressure goes through (a slow reader stops the other side's reading, buffers stay bounded) · a half-close
stays half · a reset becomes a reset · no upstream becomes a reset, after holding (`edge`). A link whose upstream is
being drained is closed once it is idle: the callee had the last word, and nothing has passed for a whole round of
`Relay.close_idle`. On a closed edge (`denied`) links are closed at once, old ones too; that and balancing in turn is
all that plain TCP knows of policies. Faults stand between the two ends (`faulted_link`).
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from meshdev.mesh.edge import Edge, UnconnectedError
from meshdev.wire.mesh import EdgeError, EdgePolicy, Upstream

if TYPE_CHECKING:
    from meshdev.mesh.faulted_link import FaultedLink, LinkFaults
    from meshdev.traffic.faults.edge import EdgeFaults
    from meshdev.traffic.faults.kinds import Direction
    from meshdev.traffic.protocols.cutting import Cutter

EARLY_BYTES: Final = 64 * 1024
WRITE_BUFFER_BYTES: Final = 256 * 1024
DRAIN_ROUND: Final = 0.1
KEEPALIVE_SECONDS: Final = 60
_LINGER_NONE: Final = struct.pack("ii", 1, 0)

Start = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Word(IntEnum):
    """Who spoke last on a link; `QUIET` when a whole round of draining saw nothing after the callee's word."""

    QUIET = 0
    CALLEE = 1
    CALLER = 2


# Kept by themselves: before Python 3.12 looking into an enum runs Python code, and these are set with every chunk.
_CALLER: Final = Word.CALLER
_CALLEE: Final = Word.CALLEE


class Side(asyncio.Protocol):
    """What both ends of a link have in common: pressure, half-close, loss."""

    __slots__ = ("eof", "link", "peer", "transport")

    def __init__(self, link: "Link") -> None:
        self.link = link
        self.transport: asyncio.Transport | None = None
        self.peer: asyncio.Transport | None = None
        self.eof = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; write buffers are bounded from here on."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def pause_writing(self) -> None:
        """This end takes no more for now: stop reading at the other."""
        if self.peer is not None and not self.peer.is_closing():
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        """This end takes more again."""
        if self.peer is not None and not self.peer.is_closing():
            self.peer.resume_reading()

    def eof_received(self) -> bool:
        """One direction is over; the other goes on."""
        self.eof = True
        self.link.half_closed(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """This end is gone."""
        self.link.lost(self, exc)


class CallerSide(Side):
    """The end that the caller opened; what it says before there is an upstream is kept, bounded."""

    __slots__ = ("early",)

    def __init__(self, link: "Link") -> None:
        super().__init__(link)
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A call begins."""
        super().connection_made(transport)
        self.link.begin()

    def data_received(self, data: bytes) -> None:
        """Pass on what the caller says."""
        link = self.link
        edge = link.edge
        edge.bytes_in += len(data)
        if edge.clean:
            edge.touch()
        if self.peer is not None:
            link.last = _CALLER
            self.peer.write(data)
            return
        self.early.append(data)
        if self.transport is not None and sum(map(len, self.early)) >= EARLY_BYTES:
            self.transport.pause_reading()


class CalleeSide(Side):
    """The end that we opened to an upstream."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join at once: the callee may speak before the task that dialled runs again."""
        super().connection_made(transport)
        self.link.join(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what the callee says."""
        link = self.link
        edge = link.edge
        edge.bytes_out += len(data)
        if edge.clean:
            edge.touch()
        if self.peer is not None:
            link.last = _CALLEE
            self.peer.write(data)


class Link:
    """One caller's connection through the edge, and its upstream's."""

    __slots__ = ("_connecting", "callee", "caller", "edge", "faults", "last", "relay", "upstream")

    caller_side = CallerSide
    callee_side = CalleeSide

    def __init__(self, relay: "Relay") -> None:
        self.relay = relay
        self.edge = relay.edge
        self.caller = self.caller_side(self)
        self.callee: CalleeSide | None = None
        self.upstream: Upstream | None = None
        self.last = Word.CALLEE
        self.faults: FaultedLink | None = None
        self._connecting: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether it is known to be in use, however quiet it is; of plain TCP nothing is."""
        return False

    def begin(self) -> None:
        """The caller is here: find it an upstream."""
        self.edge.opened += 1
        self.edge.touch()
        self.relay.admit(self)
        self._find_upstream()

    def adopt(self, transport: asyncio.Transport, early: bytes) -> None:
        """Take over a caller that is counted already and speaks something else; ``early`` is what it has said."""
        caller = self.caller
        caller.transport = transport
        caller.early.append(early)
        transport.set_protocol(caller)
        self.relay.admit(self)
        self._find_upstream()

    def adopt_both(self, caller: asyncio.Transport, callee: asyncio.Transport, upstream: Upstream) -> None:
        """Take over both ends: from here on they are a tunnel."""
        side = self.callee_side(self)
        self.callee, self.upstream = side, upstream
        self.caller.transport = side.peer = caller
        side.transport = self.caller.peer = callee
        caller.set_protocol(self.caller)
        callee.set_protocol(side)
        caller.resume_reading()
        callee.resume_reading()
        self.relay.admit(self)

    def _find_upstream(self) -> None:
        if self.caller.transport is None or self.caller.transport.is_closing():
            return  # a fault has ended it as it came
        if self.edge.policy.denied:
            self.edge.count_error(EdgeError.DENIED)
            close(self.caller.transport)
        else:
            self._connecting = self.relay.start(self._connect())

    async def _connect(self) -> None:
        try:
            await self.edge.connect(self._callee_side)
        except UnconnectedError as error:
            self.edge.count_error(error.kind)
            reset(self.caller.transport)
            return
        finally:
            self._connecting = None

    def _callee_side(self, upstream: Upstream) -> CalleeSide:
        self.upstream = upstream
        return self.callee_side(self)

    def join(self, callee: CalleeSide) -> None:
        """Both ends are here: what the caller said so far goes out, then everything passes."""
        caller, to_caller, to_callee = self.caller, self.caller.transport, callee.transport
        if self.callee is not None or to_caller is None or to_callee is None or to_caller.is_closing():
            reset(to_callee)
            return
        self.callee = callee
        callee.peer = to_caller
        caller.peer = to_callee
        if self.faults is not None:
            self.faults.install()
        if caller.early:
            self.last = Word.CALLER
            early = b"".join(caller.early)
            caller.early.clear()
            caller.peer.write(early)
        if caller.eof:
            end_writing(caller.peer)
        else:
            callee.peer.resume_reading()
        if self.upstream not in self.edge.policy.upstreams:
            self.relay.drain()  # it left the policy while we dialled

    def half_closed(self, side: Side) -> None:
        """One end has nothing more to say: tell the other; when neither has, the link is over."""
        caller, callee = self.caller, self.callee
        if side.peer is not None and not side.peer.is_closing():
            end_writing(side.peer)
        if (
            callee is not None
            and caller.eof
            and callee.eof
            and (self.faults is None or not self.faults.waits)
        ):
            close(caller.transport)
            close(callee.transport)
        else:
            keep_alive(side.transport)

    def pass_eof(self, transport: asyncio.Transport | None) -> None:
        """An end that a fault had held back reaches ``transport``; when it was the last, the link is over."""
        if transport is not None and not transport.is_closing():
            end_writing(transport)
        callee, faults = self.callee, self.faults
        if faults is not None and callee is not None and self.caller.eof and callee.eof and not faults.waits:
            self.close()

    def lost(self, side: Side, exc: Exception | None) -> None:
        """One end is gone: the other goes the same way, by a close or by a reset."""
        if side is self.caller:
            if exc is not None:
                self.edge.count_error(EdgeError.CALLER_RESET)
            if self._connecting is not None:
                self._connecting.cancel()
            other = self.callee.transport if self.callee is not None else None
        else:
            if exc is not None and self.callee is side:
                self.edge.count_error(EdgeError.CALLEE_RESET)
            other = self.caller.transport
            if self.faults is not None:
                self.faults.callee_lost(exc)
                return
        (reset if exc is not None else close)(other)
        if side is self.caller:
            if self.faults is not None:
                self.faults.stop()
            self.edge.closed += 1
            self.edge.touch()
            self.relay.links.discard(self)

    def cutter(self, direction: "Direction") -> "Cutter | None":
        """What cuts the bytes of a direction into messages, from where they are; None when nobody can."""
        del direction
        return None

    def reset(self) -> None:
        """Reset both sides."""
        reset(self.caller.transport)
        if self.callee is not None:
            reset(self.callee.transport)

    def close(self) -> None:
        """End both sides once what is buffered has gone out."""
        close(self.caller.transport)
        if self.callee is not None:
            close(self.callee.transport)


class Relay:
    """All links of one edge; made once per edge, it makes a protocol for every accepted connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, edge: Edge, start: Start) -> None:
        self.edge = edge
        self.start = start
        self.links: set[Link] = set()
        self._loop = loop
        self._round: asyncio.TimerHandle | None = None
        self._faults: LinkFaults | None = None
        if edge.faults is not None:
            self.sync_faults(edge.faults)

    def accept(self) -> CallerSide:
        """The protocol for one accepted connection."""
        return Link(self).caller

    def close(self) -> None:
        """Nothing is accepted any more; open links end by themselves."""
        if self._faults is not None:
            self._faults.close()

    def put_out(self) -> None:
        """Close every link at once: nobody shall stay."""
        for link in tuple(self.links):
            transport = link.caller.transport
            if transport is not None:
                transport.abort()  # its callee follows

    def adopt(self, policy: EdgePolicy) -> None:
        """Act by ``policy`` from now on."""
        self.edge.adopt(policy)
        if self.edge.faults is not None:
            self.sync_faults(self.edge.faults)
        self.drain()

    def sync_faults(self, faults: "EdgeFaults") -> None:
        """The edge's faults may have changed: every link shall have them."""
        if self._faults is None:
            from meshdev.mesh.faulted_link import LinkFaults  # noqa: PLC0415 - most workers never need it

            self._faults = LinkFaults(self, self._loop)
        self._faults.sync(faults)

    def admit(self, link: Link) -> None:
        """Both, or the first, of a link's ends are here."""
        self.links.add(link)
        if self._faults is not None and self.edge.faults is not None:
            self._faults.admit(link, self.edge.faults)

    def drain(self) -> None:
        """Close, as they fall idle, the links whose upstream is no longer in the policy; all if the edge is closed."""
        if self.edge.policy.denied:
            for link in tuple(self.links):
                link.close()
        if self._round is None and any(self._leaving()):
            self._round = self._loop.call_later(DRAIN_ROUND, self.close_idle)

    def close_idle(self) -> None:
        """One round of draining."""
        self._round = None
        for link in tuple(self._leaving()):
            if link.busy or (link.faults is not None and link.faults.waits):
                continue
            if link.last is Word.QUIET:
                link.close()
            elif link.last is Word.CALLEE:
                link.last = Word.QUIET
        self.drain()

    def _leaving(self) -> "filter[Link]":
        upstreams = frozenset(self.edge.policy.upstreams)
        return filter(partial(_leaves, upstreams), self.links)


def _leaves(upstreams: frozenset[Upstream], link: Link) -> bool:
    return link.callee is not None and link.upstream not in upstreams


def close(transport: asyncio.Transport | None) -> None:
    """Close once everything written has gone out."""
    if transport is not None and not transport.is_closing():
        transport.close()


def end_writing(transport: asyncio.Transport) -> None:
    """Say that nothing more follows; TLS knows no half of a close, so there it is the whole.

    A peer that has gone in the meantime is let go of.
    """
    if not transport.can_write_eof():
        transport.close()
        return
    try:
        transport.write_eof()
    except OSError:
        transport.abort()


def reset(transport: asyncio.Transport | None) -> None:
    """Close at once, so that the peer sees a reset and not an orderly end."""
    if transport is None or transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    transport.abort()


def keep_alive(transport: asyncio.Transport | None) -> None:
    """Have the kernel probe a half-closed peer: one that is really gone answers with a reset, and is noticed."""
    sock = (
        transport.get_extra_info("socket") if transport is not None and not transport.is_closing() else None
    )
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
