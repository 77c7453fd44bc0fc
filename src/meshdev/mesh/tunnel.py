"""Connections that became tunnels: bytes pass as they are, and are told as the one call that they were (`lasting`).

A WebSocket's frames are read along (`traffic.websocket_frames`), each way on its own, and its messages counted; where
they cannot be read nothing is said of messages, and a person is told once.
"""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from meshdev.mesh.lasting import LastingCall
from meshdev.mesh.relay import CalleeSide, CallerSide, Link, Relay, Side
from meshdev.traffic.http1_head import ResponseHead
from meshdev.traffic.websocket_frames import FrameScanner, GaveUp
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from meshdev.mesh.http_callee import HttpCallee

_WEBSOCKET: Final = re.compile(rb"\r\nupgrade:[\t ]*websocket[\t ]*\r")
_HTTP2: Final = re.compile(rb"\r\nupgrade:[\t ]*h2c[\t ]*\r")
_EXTENDED: Final = b"\r\nsec-websocket-extensions:"
_SWITCHING: Final = 101


class TunnelCaller(CallerSide):
    """The caller's end of a tunnel."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Pass it on, and count."""
        cast("TunnelLink", self.link).said_in(data)
        super().data_received(data)


class TunnelCallee(CalleeSide):
    """The callee's end of a tunnel."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Pass it on, and count."""
        cast("TunnelLink", self.link).said_out(data)
        super().data_received(data)


class TunnelLink(Link):
    """A link that is one call, told of at its end."""

    __slots__ = ("_call", "_error")

    caller_side = TunnelCaller
    callee_side = TunnelCallee

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self._call: LastingCall | None = None
        self._error = ""

    def lasts(self, call: LastingCall) -> None:
        """It is this call, and is answered now."""
        self._call = call
        call.answered()
        if call.take is not None:
            call.take.lasts()

    def said_in(self, data: bytes) -> None:
        """The caller's bytes."""
        call = self._call
        if call is not None:
            call.bytes_in += len(data)
            if call.take is not None:
                call.take.ask(data)

    def said_out(self, data: bytes) -> None:
        """The callee's bytes."""
        call = self._call
        if call is not None:
            call.bytes_out += len(data)
            if call.take is not None:
                call.take.hear(data)

    def lost(self, side: Side, exc: Exception | None) -> None:
        """One end is gone; in the end the caller's is, too."""
        if exc is not None and not self._error:
            self._error = EdgeError.CALLER_RESET if side is self.caller else EdgeError.CALLEE_RESET
        super().lost(side, exc)
        if side is self.caller and self._call is not None:
            call, self._call = self._call, None
            call.error = self._error
            self.ended(call)

    def ended(self, call: LastingCall) -> None:
        """Nothing more passes."""
        call.over()


class Upgraded(TunnelLink):
    """What a connection is after 101, or after an answer that nobody can read."""

    __slots__ = ("_complain", "_frames")

    def __init__(self, relay: Relay, answer: ResponseHead | None, complain: Callable[[str], None]) -> None:
        super().__init__(relay)
        self._complain = complain
        self._frames = None if answer is None else frames_of(answer)

    def begin_both(self, caller: asyncio.Transport, callee: "HttpCallee", early: bytes) -> None:
        """From here on the two speak to each other; ``early`` is what the caller has said too soon."""
        if early:
            callee.write(early)
            self.said_in(early)
        if self._frames is not None:
            self._read(self._frames.callee, callee.early)
        if callee.transport is not None:
            self.adopt_both(caller, callee.transport, callee.upstream)

    def said_in(self, data: bytes) -> None:
        """The caller's bytes."""
        super().said_in(data)
        if self._frames is not None:
            self._read(self._frames.caller, data)

    def said_out(self, data: bytes) -> None:
        """The callee's bytes."""
        super().said_out(data)
        if self._frames is not None:
            self._read(self._frames.callee, data)

    def ended(self, call: LastingCall) -> None:
        """Nothing more passes."""
        frames = self._frames
        if frames is not None:
            sent, got = frames.caller.messages, frames.callee.messages
            call.marks = call.marks._replace(messages_in=sent, messages_out=got)
        super().ended(call)

    def _read(self, frames: FrameScanner, data: bytes) -> None:
        for event in frames.feed(data):
            if type(event) is GaveUp:
                self._frames = None
                self._complain(f"a WebSocket cannot be read ({event.reason}); its messages are not counted")


def becomes_http2(answer: ResponseHead | None) -> bool:
    """Whether the callee agrees in ``answer`` to go on in HTTP/2."""
    return (
        answer is not None and answer.status == _SWITCHING and _HTTP2.search(answer.raw.lower()) is not None
    )


class Frames(NamedTuple):
    """Both directions of a WebSocket."""

    caller: FrameScanner
    callee: FrameScanner


def frames_of(answer: ResponseHead) -> Frames | None:
    """What reads a WebSocket along, if it is one to which the callee agrees in ``answer``."""
    fields = answer.raw.lower()
    if answer.status != _SWITCHING or _WEBSOCKET.search(fields) is None:
        return None
    extended = _EXTENDED in fields
    return Frames(FrameScanner(masked=True, extended=extended), FrameScanner(masked=False, extended=extended))
