"""The caller's end of an HTTP edge: one exchange at a time, each over whichever upstream connection it is given.

An exchange begins with a request's head and is over when both the request and its response have ended. Requests that
come meanwhile (pipelining) wait, bounded. What cannot be had from any instance is answered here (`http_answer`).

A `Call` leads an exchange until an instance's answer is passed on, but for the short cut: a kept connection is at hand
and the edge has no policies, nor a fault that keeps the request from its instance for now (or ever).

A kept connection may be closed by its instance just as it is used. Then the request is sent once more, as long as it
was kept (64 KiB) and no byte of an answer came: always if its method is idempotent, else only if the kernel knows that
nothing of it has reached the other side (`tcp_facts`).
"""

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from meshdev.mesh.capture import Take
from meshdev.mesh.exchanges import UNMARKED, Marks
from meshdev.mesh.http_answer import BY_US, problem
from meshdev.mesh.http_call import Call
from meshdev.mesh.http_callee import HttpCallee, nowhere
from meshdev.mesh.http_guard import Guard
from meshdev.mesh.http_pool import Pool
from meshdev.mesh.lasting import Lasting, LastingCall
from meshdev.mesh.relay import EARLY_BYTES, WRITE_BUFFER_BYTES, Link, close, reset
from meshdev.mesh.tcp_facts import untouched
from meshdev.mesh.tunnel import Upgraded, becomes_http2
from meshdev.traffic.http1 import AT_HEAD, Mark, Refusal, RequestScanner, State
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.protocols.http2.frames import begins_http2
from meshdev.traffic.refused import refused_head
from meshdev.traffic.retry import IDEMPOTENT
from meshdev.wire.mesh import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshdev.mesh.capture import EdgeCapture
    from meshdev.mesh.http_relay import HttpRelay
    from meshdev.traffic.faults.http import Plan

LINGER_SECONDS: Final = 2.0


class HttpCaller(asyncio.Protocol):
    """Reads one caller's requests and sees each through."""

    __slots__ = (
        "_home",
        "_ids",
        "_kept",
        "_lingering",
        "_reading",
        "_response_ended",
        "_started",
        "bytes_in",
        "bytes_out",
        "call",
        "callee",
        "early_bytes",
        "edge",
        "eof",
        "heard",
        "paused",
        "plan",
        "relay",
        "request",
        "request_ended",
        "scanner",
        "stream",
        "take",
        "transport",
        "write",
    )

    def __init__(self, relay: "HttpRelay") -> None:
        self.relay = relay
        self._home = relay.callers  # its place, whichever relay its requests go through
        self.edge = relay.edge
        self.scanner = RequestScanner()
        self.transport: asyncio.Transport | None = None
        self.write: Callable[[bytes], None] = nowhere
        self.callee: HttpCallee | None = None
        self.call: Call | None = None  # what leads the current exchange, if there are policies
        self.request: RequestHead | None = None
        self.plan: Plan | None = None  # what faults do to the current exchange, if no `Call` leads it
        self.eof = False
        self.paused = False  # whether this end takes no more for now
        self._reading = True
        self.request_ended = False
        self._response_ended = False
        self.bytes_in = 0  # of the current exchange, as the caller sent it
        self.bytes_out = 0
        self._started = 0.0
        self._ids = b""  # of the trace and of our span
        self.early_bytes = 0  # what waits for an instance
        self._kept = b""  # the request so far, while it may have to be sent again
        self._lingering: asyncio.TimerHandle | None = None
        self.stream: Lasting | None = None  # why the current exchange lasts when its answer has begun
        self.heard = b""  # the current answer, if it came whole
        self.take: Take | None = None  # what is kept of the current exchange, unless that is all of it

    # --- what the caller says ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller is here."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self.write = self.transport.write
        self._home.add(self)
        self.edge.opened += 1
        self.edge.touch()

    def data_received(self, data: bytes) -> None:
        """Read along and pass on; what belongs to a later request waits."""
        edge = self.edge
        edge.bytes_in += len(data)
        if edge.clean:
            edge.touch()
        if self.request is None and (head := self.scanner.whole(data)) is not None:
            self.request_ended = head.bodiless
            self.bytes_in = len(data)
            self._begin(head)
        elif self.request_ended:
            self.scanner.rest += data
            self.update_reading()
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        events = self.scanner.feed(data)
        for event in events:
            if type(event) is RequestHead:
                self.bytes_in = len(event.raw)
                self._begin(event)
            elif type(event) is bytes:
                self.bytes_in += len(event)
                self._pass_on(event)
            elif event is Mark.END:
                self._request_has_ended()
            elif type(event) is Refusal:
                self._refuse(event)
            else:
                self._become_plain(events[-1])
                return

    def _begin(self, head: RequestHead) -> None:
        self.request = head
        self.edge.in_flight += 1
        self.bytes_out, self._started = 0, perf_counter()
        relay = self.relay
        spliced, self._ids = relay.spliced(head)
        if not head.bodiless and (capture := self.edge.capture) is not None and capture.room:
            self.take = Take(capture, head.raw, self._started)
        afflict = relay.afflict
        if afflict is None and relay.guard is not None:
            self._lead(relay.guard, head, spliced)
            return
        pool = relay.next_pool()
        while pool is not None and pool.idle:
            callee = pool.idle.pop()
            if callee.is_closing():
                continue
            callee.reused = True
            if afflict is not None and (plan := afflict(relay, head, callee)) is not None:
                if plan.stays_here:
                    pool.idle.append(callee)
                    self._lead(relay.unguarded, head, spliced, pool, plan)
                    return
                self.plan = plan
            self._kept = spliced
            self.callee = callee
            callee.serve(self, head, spliced)
            if self.paused:
                callee.reading(False)  # noqa: FBT003 - a switch
            return
        self._lead(relay.unguarded, head, spliced, pool)

    def _lead(
        self,
        guard: Guard,
        head: RequestHead,
        request: bytes,
        pool: Pool | None = None,
        plan: "Plan | None" = None,
    ) -> None:
        self._kept = b""
        self.plan = None
        self.call = Call(self, guard, head, request, plan)
        self.call.begin(pool)

    def _pass_on(self, data: bytes) -> None:
        callee = self.callee
        if self.take is not None:
            self.take.ask(data)
        if callee is not None:
            callee.write(data)
            callee.sent += len(data)
            if self._kept:
                fits = len(self._kept) + len(data) <= EARLY_BYTES and not callee.answered
                self._kept = self._kept + data if fits else b""
        elif self.call is not None:
            self.call.send(data)

    def _request_has_ended(self) -> None:
        self.request_ended = True
        if self._response_ended:
            self.response_ended()
        elif self.eof:
            self._pass_on_eof()

    def take_over(self, callee: HttpCallee, said: bytes = b"") -> None:
        """From here on ``callee`` and this caller speak to each other; it has said something already."""
        callee.caller = self
        self.callee = callee
        if said:
            self._kept = b""
            self.overhear(said)
            self.write(said)
        self._pass_on_eof()
        self.update_reading()
        if self.paused:
            callee.reading(False)  # noqa: FBT003 - a switch

    # --- what the callee says ---------------------------------------------------------------------

    def overhear(self, data: bytes) -> None:
        """More of the answer, for whoever keeps it."""
        take = self.take or self._begin_take()
        if take is not None:
            take.hear(data)

    def _begin_take(self) -> Take | None:
        capture = self.edge.capture
        if capture is None or not capture.room or self.request is None or not self._ids:  # no ids: no request
            return None
        self.take = Take(capture, self.request.raw, self._started)
        return self.take

    def response_ended(self) -> None:  # noqa: PLR0912 - on the hot path: a call would cost more than a branch
        """The response is complete, and with it the exchange, if the request is."""
        self._response_ended = True
        callee, request = self.callee, self.request
        if not self.request_ended or callee is None or request is None:
            return
        scanner = callee.scanner
        head = scanner.head
        plain = self.call is None and self.stream is None and self.plan is None
        if plain and head is not None:  # `_record` without its detours
            self.request, self._kept = None, b""
            edge = self.edge
            edge.in_flight -= 1
            edge.exchanges.record(
                request, head.status, self._started, self.bytes_in, self.bytes_out, callee.instance, self._ids
            )
            if edge.capture is not None:
                if self.take is not None or edge.capture.room:
                    self._keep(edge.capture, request, head.status, callee.instance)
                self.heard = b""
        else:
            self._record(callee.status, callee.instance)
        self.callee = callee.caller = None
        self.request_ended = self._response_ended = False
        stays = request.keep_alive and head is not None and head.keep_alive and scanner.state is AT_HEAD
        pool = callee.pool
        if stays and not self.eof and not pool.leaving and not scanner.rest and not callee.is_closing():
            if self.paused:
                callee.reading(True)  # noqa: FBT003 - a switch
            callee.rested = False
            pool.idle.append(callee)
            if not self.relay.watches_idle:
                self.relay.watch_idle()
        else:
            close(callee.transport)
        if not stays:
            close(self.transport)
            return
        if self.scanner.rest:
            self._read(b"")
        elif self.eof:
            close(self.transport)
        if not self._reading:
            self.update_reading()

    def callee_lost(self, callee: HttpCallee, exc: Exception | None) -> None:
        """The callee went away before the exchange was over."""
        self.callee = None
        head = self.request
        if self._response_ended:  # answered early, and did not wait for the rest of the request
            self._record(callee.status, callee.upstream.instance)
            self._linger()
        elif callee.has_begun or head is None:
            if self.eof and exc is None:
                self._caller_stopped(callee.status, callee.instance)
            else:
                self.edge.count_error(callee.loss)
                self._record(callee.status, callee.instance, callee.loss)
            (reset if exc is not None else close)(self.transport)
        elif self.eof:  # the caller stopped first
            self._caller_stopped(0, callee.instance)
            close(self.transport)
        elif (self._kept and not callee.fault) and (
            head.method in IDEMPOTENT or untouched(callee.transport, callee.before)
        ):
            # it closed a kept connection just as we used it
            self._lead(self.relay.unguarded, head, self._kept, plan=self.plan)
        else:
            self.fail(502, callee.loss_text(), callee.loss, callee.upstream.instance, callee.fault)

    def tunnel(self) -> None:
        """From here on bytes pass as they are, both ways."""
        callee, transport = self.callee, self.transport
        self.callee = None
        if callee is None:
            return
        if callee.transport is None or transport is None or transport.is_closing():
            callee.abandon(roughly=True)
            return
        callee.caller = None
        self._home.discard(self)
        if self.request is not None and becomes_http2(callee.scanner.head):
            from meshdev.traffic.protocols.http2.scanner import Http2Scanner  # noqa: PLC0415 - most workers never need it

            scanner = Http2Scanner.upgraded(self.request, self._started)
            self._record(callee.status, callee.instance)
            self.relay.tunnels.take_over_both(transport, callee, scanner, self.scanner.rest)
            return
        link = self.stream = Upgraded(self.relay.tunnels, callee.scanner.head, self.relay.complain_once)
        self._record(callee.status, callee.instance)
        link.begin_both(transport, callee, self.scanner.rest)

    def _become_plain(self, early: object) -> None:
        if self.transport is not None and isinstance(early, bytes):
            self._home.discard(self)
            if begins_http2(early):
                self.relay.tunnels.take_over(self.transport, early, "http2")
                return
            self.relay.complain_once("the caller does not speak HTTP/1; its connections pass as plain TCP")
            Link(self.relay.tunnels).adopt(self.transport, early)

    def _keep(self, capture: "EdgeCapture", request: RequestHead, status: int, instance: str) -> None:
        take = self.take
        if take is None:
            capture.keep(request.raw, self._started, status, self.heard, instance, self._ids)
        else:
            self.take = None
            if self.heard:
                take.hear(self.heard)
            take.over(status, instance, self._ids, "")

    def _record(self, status: int, instance: str, error: str = "", by: str = "", fault: str = "") -> None:
        """The exchange is over, one way or another."""
        request = self.request
        if request is not None:
            if self.heard:
                self.overhear(self.heard)
                self.heard = b""
            take = self.take or self._begin_take()
            self.request, self.take, self._kept = None, None, b""
            marks = Marks(by, faults=(fault,) if fault else ()) if by else UNMARKED
            if self.call is not None:
                marks = self.call.over(status, error, by)
                self.call = None
            elif self.plan is not None:
                marks = Marks(by, faults=tuple(self.plan.hits))
                self.plan = None
            sizes = self.bytes_in, self.bytes_out
            exchange = (request, status, self._started, *sizes, instance, self._ids, error, marks)
            stream, self.stream = self.stream, None
            if stream is not None:
                stream.lasts(LastingCall(self.edge, *exchange, take=take))
                return
            if take is not None:
                take.over(status, instance, self._ids, error, marks)
            self.edge.in_flight -= 1
            self.edge.exchanges.record(*exchange)

    def _caller_stopped(self, status: int, instance: str) -> None:
        """It went before its exchange was over; to a stream of events it puts the end that they have."""
        if self.stream is None:
            self.edge.count_error(EdgeError.CALLER_RESET)
        self._record(status, instance, EdgeError.CALLER_RESET if self.stream is None else "")

    # --- answers of our own -----------------------------------------------------------------------

    def _refuse(self, refusal: Refusal) -> None:
        if self.request is None:  # its head is refused: tell what it seems to have been
            raw = self.scanner.rest
            self.request, self._started = refused_head(raw), perf_counter()
            self.bytes_in, self.bytes_out, self._ids = len(raw), 0, b""
            self.edge.in_flight += 1
        self.fail(refusal.status, refusal.reason, EdgeError.REFUSED_MESSAGE)

    def fail(self, status: int, reason: str, error: EdgeError, instance: str = "", fault: str = "") -> None:
        """The exchange ends here: by our answer (to an injected ``fault``), or a reset if an instance's has begun."""
        self.edge.count_error(error)
        callee, self.callee = self.callee, None
        if callee is not None:  # its instance must not take the request for whole, or its answer for wanted
            callee.abandon(roughly=True)
            if callee.has_begun:
                self._record(callee.status, callee.upstream.instance, error, BY_US)
                reset(self.transport)
                return
        self.early_bytes = 0
        bodiless = self.request is not None and self.request.method == "HEAD"
        answer = problem(status, reason, error, self.edge.key, fault=fault, bodiless=bodiless)
        self.overhear(answer)
        self.write(answer)
        self._record(status, instance, error, BY_US, fault)
        self._linger()

    def _linger(self) -> None:
        """Close so that the caller can still read what was written, though it may not have sent everything yet."""
        self.scanner.state = State.REFUSED  # whatever it says now is not heard
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self.request_ended or self.eof:
            transport.close()
            return
        if (
            transport.can_write_eof()
        ):  # not over TLS; there our answer has told its length, and that it is the last
            transport.write_eof()
        if not self._reading:
            self._reading = True
            transport.resume_reading()
        self._lingering = self.relay.loop.call_later(LINGER_SECONDS, transport.close)

    # --- pressure and ends ------------------------------------------------------------------------

    def update_reading(self) -> None:
        """Read from the caller only while there is somewhere to put it."""
        waiting = self.early_bytes + (len(self.scanner.rest) if self.request_ended else 0)
        blocked = self.callee is not None and self.callee.paused and not self.request_ended
        wanted = waiting < EARLY_BYTES and not blocked
        if wanted is not self._reading and self.transport is not None and not self.transport.is_closing():
            self._reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def pause_writing(self) -> None:
        """The caller takes no more for now."""
        self.paused = True
        if self.callee is not None:
            self.callee.reading(False)  # noqa: FBT003 - a switch

    def resume_writing(self) -> None:
        """The caller takes more again."""
        self.paused = False
        if self.callee is not None:
            self.callee.reading(True)  # noqa: FBT003 - a switch

    def eof_received(self) -> bool:
        """The caller has said everything; it may still listen."""
        self.eof = True
        if self._lingering is not None or self.request is None:
            return False
        self._pass_on_eof()
        return self.transport is not None and self.transport.can_write_eof()

    def _pass_on_eof(self) -> None:
        """Tell the callee, unless there are requests that still wait for their turn."""
        if self.eof and not (self.request_ended and self.scanner.rest):
            if self.callee is not None:
                self.callee.half_close()
            elif self.call is not None:
                self.call.bind()  # the caller may be gone: its instance shall know, and no other be asked

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone: what was done for it stops."""
        self.write = nowhere
        self._home.discard(self)
        self.edge.closed += 1
        self.edge.touch()
        if self._lingering is not None:
            self._lingering.cancel()
        callee, self.callee = self.callee, None
        if self.request is not None:
            status, instance = (callee.status, callee.instance) if callee is not None else (0, "")
            self._caller_stopped(status, instance)
        if callee is not None:
            callee.abandon(roughly=exc is not None)
