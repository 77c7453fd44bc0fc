"""Faults on HTTP edges: as if the instance did it, attempt by attempt.

Rules: faults stand behind the edge's policies, so a retry mends an injected error and a timeout ends an injected delay
· an attempt waits first, then is answered here without its instance, or goes on · a `Tap` sits between an instance's
connection and what reads it, for one exchange: bytes pass its chains both ways, and the response its edits; when the
exchange is over the tap is gone, and the connection is kept as any other · what was injected is named: the header
``x-meshdev-fault``, the exchange's ``faults``, and ``by`` when the answer is the mesh's own.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from meshdev.mesh.alarms import Alarm, Alarms, alarms_of
from meshdev.mesh.http_answer import FAULT_HEADER
from meshdev.mesh.http_callee import HttpCallee
from meshdev.mesh.relay import reset
from meshdev.traffic.faults.exchange import FaultedExchange, plan_of
from meshdev.traffic.faults.http import Answer, Plan
from meshdev.traffic.faults.link import End
from meshdev.traffic.http1 import HEAD_END
from meshdev.traffic.http1_head import BODILESS, RequestHead
from meshdev.wire.mesh import EdgeKey, Upstream

if TYPE_CHECKING:
    from meshdev.mesh.http_attempt import Attempt
    from meshdev.mesh.http_pool import Pool
    from meshdev.mesh.http_relay import HttpRelay
    from meshdev.traffic.faults.edge import EdgeFaults

NOBODY: Final = Upstream("", 0)
_LONG_AGO: Final = float("-inf")


def afflict(attempt: "Attempt", faults: "EdgeFaults", pool: "Pool | None", callee: HttpCallee | None) -> bool:
    """Whether faults hit ``attempt``; then they see to all the rest. ``callee`` is a kept connection."""
    call = attempt.call
    now = monotonic()
    plan, call.plan = call.plan, None
    if plan is None:
        plan = plan_of(faults, call.head, now, opened=now if callee is None else _LONG_AGO)
        if plan is None:
            return False
    call.faults += plan.hits
    attempt.plan = plan
    if not plan.stays_here:
        _go_on(attempt, pool, callee)
        return True
    if callee is not None:  # it may close while we wait
        callee.pool.idle.append(callee)
    call.watch()
    attempt.wait(now + plan.delay, partial(_after_delay, attempt, plan, pool))
    return True


def afflict_kept(relay: "HttpRelay", request: RequestHead, callee: HttpCallee) -> Plan | None:
    """What faults do to ``request`` over a kept connection; it is seen to, unless the request ``stays_here``."""
    faults = relay.edge.faults
    plan = plan_of(faults, request, monotonic(), opened=_LONG_AGO) if faults is not None else None
    if plan is not None and not plan.stays_here:
        tap(relay, request, plan, callee)
    return plan


def _after_delay(attempt: "Attempt", plan: Plan, pool: "Pool | None") -> None:
    if plan.answer is not None:
        _answer(attempt, plan, plan.answer)
    else:
        _go_on(attempt, pool, pool.take_idle() if pool is not None else None)


def _go_on(attempt: "Attempt", pool: "Pool | None", callee: HttpCallee | None) -> None:
    if callee is not None:
        attempt.join(callee)
    else:
        attempt.dial(pool.upstream if pool is not None else None)


def _answer(attempt: "Attempt", plan: Plan, answer: Answer) -> None:
    call = attempt.call
    stand_in = HttpCallee(call.relay, NOBODY)
    attempt.injected = True
    attempt.plan = None
    attempt.join(stand_in)
    if not attempt.dropped:
        stand_in.data_received(injected(answer, plan.answered_by, call.relay.edge.key, call.head))


def injected(answer: Answer, fault: str, edge: EdgeKey, request: RequestHead) -> bytes:
    """A whole response; without a body of its own it is a problem document (RFC 9457) that names the fault."""
    fields = list(answer.fields)
    body = answer.body
    title = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Injected"
    if body is None:
        facts = {
            "title": title,
            "status": answer.status,
            "detail": f"injected on purpose by the fault {fault}",
            "by": "meshdev",
            "error": "fault",
            "fault": fault,
            "caller": edge.caller,
            "callee": edge.callee,
            "endpoint": edge.endpoint,
        }
        body = msgspec.json.encode(facts)
        fields.insert(0, ("content-type", "application/problem+json"))
    if answer.status not in BODILESS:
        fields.append(("content-length", str(len(body))))
    fields.append((FAULT_HEADER, fault))
    lines = [f"HTTP/1.1 {answer.status} {title}", *(f"{name}: {value}" for name, value in fields)]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if request.method == "HEAD" or answer.status in BODILESS else head + body


class Held:
    """Stands for a callee's transport while its tap is on, so that an end waits behind the bytes before it."""

    __slots__ = ("_tap", "_transport")

    def __init__(self, transport: asyncio.Transport, tap: "Tap") -> None:
        self._transport = transport
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write_eof(self) -> None:
        """Nothing more of the request."""
        self._tap.write_eof()


class Tap(asyncio.Protocol):
    """Takes the place of ``callee`` at its transport for one exchange.

    `HttpCallee.is_closing` is asked when an exchange is over and its connection might be kept; so that is where the tap
    is taken off. Nothing that ends an exchange happens within `write`, whose caller is not done yet.
    """

    __slots__ = (
        "_alarm",
        "_alarms",
        "_callee",
        "_crowded",
        "_exc",
        "_exchange",
        "_first",
        "_loop",
        "_lost",
        "_off",
        "_pumping",
        "_soon",
        "_transport",
    )

    def __init__(
        self,
        callee: HttpCallee,
        transport: asyncio.Transport,
        exchange: FaultedExchange,
        loop: asyncio.AbstractEventLoop,
        alarms: Alarms,
    ) -> None:
        self._callee = callee
        self._transport = transport
        self._exchange = exchange
        self._loop = loop
        self._alarms = alarms
        self._alarm: Alarm | None = None
        self._soon: asyncio.Handle | None = None
        self._first = True
        self._off = False
        self._pumping = False
        self._crowded = False
        self._exc: Exception | None = None
        self._lost = False

    def put_on(self) -> None:
        """From now on everything passes here, but for a request on which nothing acts."""
        callee = self._callee
        if self._exchange.upstream is not None:
            callee.write = self.write
            callee.transport = cast("asyncio.Transport", Held(self._transport, self))
        callee.is_closing = self._asked
        self._transport.set_protocol(self)

    def _asked(self) -> bool:
        """The exchange is over: say whether its connection is of no more use."""
        exchange = self._exchange
        spent = exchange.deadline() is not None
        self._take_off()
        return spent or self._transport.is_closing()

    def _take_off(self) -> None:
        if self._off:
            return
        self._off = True
        self._stop()
        callee, transport = self._callee, self._transport
        callee.write, callee.is_closing, callee.transport = transport.write, transport.is_closing, transport
        if transport.get_protocol() is self:
            transport.set_protocol(callee)
            if self._crowded and not transport.is_closing():
                transport.resume_reading()

    def _is_off(self) -> bool:
        return self._off

    def _stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    # --- what passes ------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """More of the request; the first piece begins with its head."""
        if self._first:
            self._first = False
            end = data.find(HEAD_END) + len(HEAD_END)
            data = self._exchange.request_head(data[:end]) + data[end:]
        if self._exchange.upstream is not None:
            self._exchange.upstream.write(data, monotonic())
        self._pump_soon()

    def write_eof(self) -> None:
        """Nothing more of the request."""
        if self._off or self._exchange.upstream is None:
            self._transport.write_eof()
            return
        self._exchange.upstream.end(End.EOF, monotonic())
        self._pump_soon()

    def data_received(self, data: bytes) -> None:
        """More of the response."""
        if self._exchange.downstream is None:
            self._callee.data_received(data)
            return
        exchange, now = self._exchange, monotonic()
        exchange.response(data, now)
        due = exchange.deadline()
        if due is None or due <= now or self._callee.caller is None:
            self._pump()
        else:
            self._press()
            self._wait_until(due)

    def pause_writing(self) -> None:
        """The instance takes no more for now."""
        self._callee.pause_writing()

    def resume_writing(self) -> None:
        """The instance takes more again."""
        self._callee.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The instance is gone; that is heard when everything before has been."""
        self._exc, self._lost = exc, True
        if self._off or self._callee.caller is None or self._exchange.downstream is None:
            self._take_off()
            self._callee.connection_lost(exc)
            return
        self._exchange.response_lost(End.CLOSE if exc is None else End.RESET, monotonic())
        self._pump()

    def _pump_soon(self) -> None:
        if not self._off and self._soon is None:
            self._soon = self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        if self._pumping or self._off:
            return
        self._pumping = True
        self._soon = None
        now, exchange = monotonic(), self._exchange
        if exchange.upstream is not None:
            self._let_in(exchange.upstream.advance(now))
        if exchange.downstream is not None:
            for item in exchange.downstream.advance(now):
                self._let_out(item)
        self._pumping = False
        if self._is_off():
            return
        if self._callee.caller is None:  # nobody waits any more, or it has become a tunnel
            self._let_go()
            return
        self._press()
        self._wait_until(exchange.deadline())

    def _wait_until(self, due: float | None) -> None:
        if self._alarm is not None:
            if self._alarm.due == due:
                return
            self._alarm.cancel()
        self._alarm = None if due is None else self._alarms.at(due, self._pump)

    def _press(self) -> None:
        """Read only what fits into the chains."""
        callee, transport = self._callee, self._transport
        upstream, downstream = self._exchange.upstream, self._exchange.downstream
        if upstream is not None and upstream.full is not callee.paused:
            (callee.resume_writing if callee.paused else callee.pause_writing)()
        crowded = downstream is not None and downstream.full
        if crowded is self._crowded or transport.is_closing():
            return
        self._crowded = crowded
        if crowded:
            transport.pause_reading()
        elif not getattr(callee.caller, "paused", False):
            transport.resume_reading()

    def _let_in(self, items: list[bytes | End]) -> None:
        for item in items:
            if isinstance(item, End):
                self._end(item)
            elif not self._transport.is_closing():
                self._transport.write(item)

    def _let_out(self, item: bytes | End) -> None:
        if isinstance(item, End):
            self._end(item)
        elif self._transport.get_protocol() in (self, None):  # None: it is closed by now
            self._callee.data_received(item)
        else:
            self._pass_by(item)

    def _tell_loss(self) -> None:
        """A tunnel that took over a connection which was gone by then hears of it."""
        reader = self._transport.get_protocol()
        if self._lost and reader not in (self, self._callee, None):
            reader.connection_lost(self._exc)

    def _pass_by(self, item: bytes) -> None:
        """Somebody else reads the connection by now: a tunnel, or the callee itself."""
        reader = self._transport.get_protocol()
        if reader is not self and isinstance(reader, asyncio.Protocol):
            reader.data_received(item)

    def _let_go(self) -> None:
        """Let out all that waits, then be gone."""
        ever, exchange = float("inf"), self._exchange
        to_callee = exchange.upstream.advance(ever) if exchange.upstream is not None else ()
        to_caller = exchange.downstream.advance(ever) if exchange.downstream is not None else ()
        self._take_off()
        for item in to_callee:
            if isinstance(item, bytes) and not self._transport.is_closing():
                self._transport.write(item)
        for item in to_caller:
            if isinstance(item, bytes):
                self._pass_by(item)
        self._tell_loss()

    def _end(self, end: End) -> None:
        callee = self._callee
        if self._off or end is End.DONE:
            return
        if end is End.EOF:
            if not self._transport.is_closing() and self._transport.can_write_eof():
                self._transport.write_eof()
            return
        injected_now = not self._transport.is_closing()
        self._take_off()
        if callee.caller is None:
            self._tell_loss()
            return
        gone = self._exc
        if injected_now:
            callee.reused = False  # it is no kept connection that closed just then
            callee.fault = self._exchange.plan.cutters()
            gone = ConnectionResetError("injected") if end is End.RESET else None
            reset(self._transport)
        callee.connection_lost(gone)


def tap(relay: "HttpRelay", request: RequestHead, plan: Plan, callee: HttpCallee) -> None:
    """Have what passes for ``request`` over ``callee`` go by ``plan``."""
    transport = callee.transport
    if transport is not None and (plan.upstream or plan.downstream or plan.edits or plan.request_edits):
        exchange = FaultedExchange(plan, request, monotonic())
        alarms = relay.alarms = relay.alarms or alarms_of(relay.loop)
        Tap(callee, transport, exchange, relay.loop, alarms).put_on()
