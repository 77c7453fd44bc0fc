"""The upstream's end of an HTTP edge: one connection to an instance, idle or answering one request at a time."""

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from meshdev.mesh.lasting import EventStream, Lasting
from meshdev.mesh.relay import WRITE_BUFFER_BYTES, close, reset
from meshdev.traffic.event_stream import HINT as EVENT_STREAM
from meshdev.traffic.event_stream import brings_events
from meshdev.traffic.http1 import Mark, Refusal, ResponseEvent, ResponseScanner
from meshdev.traffic.http1_head import FIRST_FINAL, RequestHead, ResponseHead
from meshdev.wire.mesh import EdgeError, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshdev.mesh.http_relay import HttpRelay


def nowhere(_: bytes) -> None:
    """Where bytes go when a connection is not there yet, or no longer."""


def unusable() -> bool:
    """What a connection that is not there yet says of being usable."""
    return True


def _read_events(caller: "Served", head: ResponseHead, events: list[ResponseEvent]) -> None:
    """Read along in an answer that may bring server-sent events."""
    if caller.stream is None and brings_events(head):
        caller.stream = EventStream(head)
    if isinstance(caller.stream, EventStream):
        caller.stream.feed(events)


class Served(Protocol):
    """Who gets the answer: a caller, or an attempt on its behalf."""

    bytes_out: int
    stream: Lasting | None
    heard: bytes

    def overhear(self, data: bytes, /) -> None:
        """The same bytes, for whoever keeps them; those of an answer that came whole are in `heard` instead."""

    def write(self, data: bytes, /) -> None:
        """Bytes of the response, as they come."""

    def response_ended(self) -> None:
        """The response is complete."""

    def tunnel(self) -> None:
        """From here on bytes are to be passed as they are."""

    def update_reading(self) -> None:
        """The instance takes more, or no more, for now."""

    def callee_lost(self, callee: "HttpCallee", exc: Exception | None, /) -> None:
        """The instance went away before its answer was complete."""


class HttpCallee(asyncio.Protocol):
    """Passes responses to the caller that it serves just now."""

    __slots__ = (
        "answered",
        "before",
        "caller",
        "early",
        "edge",
        "ended",
        "fault",
        "instance",
        "is_closing",
        "paused",
        "pool",
        "relay",
        "remote",
        "rested",
        "reused",
        "scanner",
        "sent",
        "transport",
        "write",
    )

    def __init__(self, relay: "HttpRelay", upstream: Upstream) -> None:
        self.relay = relay
        self.edge = relay.edge
        self.pool = relay.pool_of(upstream)
        self.instance = upstream.instance
        self.remote = upstream.remote
        self.scanner = ResponseScanner()
        self.transport: asyncio.Transport | None = None
        self.write: Callable[[bytes], None] = nowhere
        self.is_closing: Callable[[], bool] = unusable  # whether nothing can be sent any more
        self.caller: Served | None = None
        self.early = b""  # what followed the head that made this a tunnel
        self.sent = 0  # bytes of all requests so far
        self.before = 0  # ... and when the current one began
        self.fault = ""  # what has cut the connection, if it was not the instance
        self.answered = False  # whether any byte of the current response has come
        self.reused = False  # whether it has served before
        self.rested = False  # whether it was idle for a whole round
        self.paused = False  # whether this end takes no more for now
        self.ended = False  # whether it has said that nothing more comes

    def __repr__(self) -> str:
        return f"<HttpCallee {self.upstream}, {'idle' if self.caller is None else 'busy'}>"

    def serve(self, caller: Served, request: RequestHead, said: bytes) -> None:
        """From now on answer ``request`` of ``caller``, of which ``said`` is sent now."""
        self.caller = caller
        self.answered = False
        scanner = self.scanner
        scanner.request = request
        scanner.head = None
        if self.remote is not None:
            from meshdev.mesh.remote import made_out_to  # noqa: PLC0415 - most workers never need it

            said = made_out_to(self.remote, said, request)
        self.before = self.sent
        write = self.write  # an interpreter looks up `self.write()` as a method first, which takes its time
        write(said)
        self.sent += len(said)

    @property
    def upstream(self) -> Upstream:
        """The instance at the other end."""
        return self.pool.upstream

    @property
    def status(self) -> int:
        """The status of the current response; 0 when there is none yet."""
        head = self.scanner.head
        return head.status if head is not None else 0

    @property
    def loss(self) -> EdgeError:
        """As what its end counts, when it comes too early."""
        return EdgeError.FAULT if self.fault else EdgeError.CALLEE_RESET

    def loss_text(self) -> str:
        """The same in words."""
        if self.fault:
            return f"the fault {self.fault} cut the connection before an answer"
        return f"{self.upstream.instance or self.edge.key.callee} closed the connection without an answer"

    @property
    def has_begun(self) -> bool:
        """Whether some of the final response has come (an interim one is no reason not to send another)."""
        return self.answered and (not 0 < self.status < FIRST_FINAL or bool(self.scanner.rest))

    def reading(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Read from the instance, or let it wait."""
        if self.transport is not None and not self.transport.is_closing():
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def half_close(self) -> None:
        """Nothing more will be sent; over TLS that cannot be said without giving up the answer."""
        if self.transport is not None and not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def abandon(self, *, roughly: bool) -> None:
        """Nobody waits for the answer any more."""
        self.caller = None
        (reset if roughly else close)(self.transport)

    # --- the connection ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The instance has accepted."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self.write = self.transport.write
        self.is_closing = self.transport.is_closing

    def data_received(self, data: bytes) -> None:
        """Pass on at once what the instance says, up to the end of the response."""
        caller = self.caller
        edge = self.edge
        size = len(data)
        edge.bytes_out += size
        if edge.clean:
            edge.touch()
        if caller is None:
            close(self.transport)  # it speaks without being asked: of no more use
            return
        self.answered = True
        caller.bytes_out += size
        scanner = self.scanner
        if scanner.whole(data):
            write = caller.write
            write(data)
            caller.heard = data
            caller.response_ended()
            return
        events = scanner.feed(data)
        last = events[-1] if events else None
        head = scanner.head
        if head is not None and EVENT_STREAM in head.raw:
            _read_events(caller, head, events)
        if last is Mark.END:
            excess = len(scanner.rest)
            data = data[:-excess] if excess else data
            caller.overhear(data)
            caller.write(data)
            caller.response_ended()
            return
        caller.overhear(data)
        caller.write(data)
        if type(last) is Refusal:
            name = self.upstream.instance or "the callee"
            self.relay.complain_once(
                f"{name} gave an answer that cannot be read ({last.reason}); it passes as it is"
            )
            caller.tunnel()
        elif last is Mark.TUNNEL or Mark.TUNNEL in events:
            self.early = last if type(last) is bytes else b""
            caller.tunnel()

    def pause_writing(self) -> None:
        """The instance takes no more for now."""
        self.paused = True
        if self.caller is not None:
            self.caller.update_reading()

    def resume_writing(self) -> None:
        """The instance takes more again."""
        self.paused = False
        if self.caller is not None:
            self.caller.update_reading()

    def eof_received(self) -> None:
        """The instance closes; over TLS it may answer our goodbye with a reset, which says nothing more."""
        self.ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The instance is gone, or has closed."""
        if self.ended:
            exc = None
        self.write, self.is_closing = nowhere, unusable
        if self in self.pool.idle:
            self.pool.idle.remove(self)
        caller = self.caller
        if caller is None:
            return
        if exc is None and self.scanner.ends_with_connection():
            caller.response_ended()
        else:
            caller.callee_lost(self, exc)
        self.caller = None
