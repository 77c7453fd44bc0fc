"""Faults on the streams of one HTTP/2 connection: a stream waits, is answered here, or is reset; all others go on.

Rules: a stream that is answered or reset at once never reaches the callee · one that waits gets its number at the
callee when it goes on, since numbers may only grow there: from then on the two sides may have different ones for the
same stream · so that a head can be left out, all heads are written anew, both ways, from the first fault on until the
connection's end (`stream_way`) · what the caller sends on a stream that the callee does not know is swallowed, and
given back to its window for the connection; the same the other way round · streams that were open before the first
fault are not touched, but for their heads.

Give it what arrives (`asked`, `answered`), have it look at the clock (`advance`, at `deadline`), then take what goes
out (`to_callee`, `to_caller`).
"""

import struct
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

from meshdev.traffic.faults.http import Answer, Plan
from meshdev.traffic.faults.stream_answer import injected
from meshdev.traffic.faults.stream_way import RAW, Head, Passing, Way
from meshdev.traffic.faults.streams import StreamRequest
from meshdev.traffic.http1_head import BODILESS
from meshdev.traffic.protocols.http2.frames import (
    END_HEADERS,
    END_STREAM,
    NUMBER,
    STREAM,
    Error,
    Frame,
    frame,
    reset_frame,
    window_frame,
)
from meshdev.traffic.protocols.http2.hpack_blocks import BlockError, Fields
from meshdev.traffic.protocols.http2.scanner import Http2Scanner

MOST_HELD: Final = 64 * 1024 * 1024  # more than windows let callers send
_HEADS: Final = frozenset({Frame.HEADERS, Frame.CONTINUATION, Frame.PUSH_PROMISE})
_FOREVER: Final = STREAM  # the last stream of a GOAWAY that only announces one
_PRIORITY_UPDATE: Final = 0x10

Decide = Callable[[StreamRequest, float], Plan | None]
Mark = Callable[[int, Plan], None]


class _Call:
    """A stream that was opened since the first fault; ``number`` is the callee's, 0 as long as it waits."""

    __slots__ = (
        "callee_ended",
        "caller_ended",
        "held",
        "held_bytes",
        "held_size",
        "number",
        "plan",
        "stream",
    )

    def __init__(self, stream: int, plan: Plan | None) -> None:
        self.stream = stream
        self.plan = plan
        self.number = 0
        self.held: list[Passing | Head] = []
        self.held_bytes = 0  # of its body
        self.held_size = 0  # of its frames
        self.caller_ended = False
        self.callee_ended = False


class StreamFaults:
    """Stands between the two ends of a connection that ``scanner`` has read so far.

    ``decide`` gives what is done to a request; ``mark`` is told of each that something is done to. When ``broken`` says
    something, both ends are to be reset.
    """

    __slots__ = (
        "_base",
        "_by_number",
        "_calls",
        "_debt",
        "_decide",
        "_down",
        "_due",
        "_held",
        "_highest",
        "_last",
        "_leaving",
        "_mark",
        "_order",
        "_told",
        "_up",
        "broken",
    )

    def __init__(self, scanner: Http2Scanner, decide: Decide, mark: Mark) -> None:
        self._decide = decide
        self._mark = mark
        self._up = Way(scanner.caller, scanner.callee, preface=True)
        self._down = Way(scanner.callee, scanner.caller, preface=False)
        self._base = self._highest = self._last = max(scanner.caller.last, scanner.caller.block_for)
        self._calls: dict[int, _Call] = {}
        self._by_number: dict[int, _Call] = {}
        self._due: list[tuple[float, int, _Call]] = []
        self._order = count()
        self._debt = 0  # of the caller's window, which the callee does not know of
        self._held = 0  # bytes of streams that wait
        self._leaving = False  # the caller was told so
        self._told: int | None = (
            None  # the last stream that is looked at, once it was told that others are not
        )
        self.broken = ""

    def __repr__(self) -> str:
        return f"<StreamFaults, {len(self._calls)} calls>"

    def asked(self, data: bytes, now: float) -> None:
        """The caller has said ``data``."""
        try:
            for passing in self._up.feed(data):
                self._from_caller(passing, now)
        except (BlockError, struct.error) as error:
            self.broken = str(error)

    def answered(self, data: bytes, now: float) -> None:
        """The callee has said ``data``."""
        del now
        try:
            for passing in self._down.feed(data):
                self._from_callee(passing)
        except (BlockError, struct.error) as error:
            self.broken = str(error)

    def leave(self) -> None:
        """The caller is to open its next streams on another connection; what it opens all the same goes on."""
        if not self._leaving:
            self._leaving = True
            self._down.put(frame(Frame.GOAWAY, 0, 0, NUMBER.pack(_FOREVER) + NUMBER.pack(Error.NO_ERROR)))

    def advance(self, now: float) -> None:
        """Have go on, be answered, or be reset what was to wait until ``now``."""
        while self._due and self._due[0][0] <= now:
            _, _, call = heappop(self._due)
            if self._calls.get(call.stream) is call:
                self._go_on(call, now)

    def deadline(self) -> float | None:
        """When to `advance` next."""
        while self._due and self._calls.get(self._due[0][2].stream) is not self._due[0][2]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def to_callee(self) -> bytes:
        """What goes to the callee now."""
        return self._up.take()

    def to_caller(self) -> bytes:
        """What goes to the caller now."""
        return self._down.take()

    # --- what the caller says ---------------------------------------------------------------------

    def _from_caller(self, passing: Passing, now: float) -> None:
        kind, stream = passing.kind, passing.stream
        if kind in _HEADS:
            head = self._up.head(passing)
            if head is not None:
                self._caller_head(head, now)
        elif kind == RAW or passing.old or (stream and stream <= self._base) or not stream:
            self._caller_raw(passing)
        else:
            call = self._calls.get(stream)
            if call is None:
                self._swallowed(passing, self._down)
            elif kind == Frame.PRIORITY:
                pass  # its numbers would be the caller's
            elif call.number:
                self._pass_up(call, passing)
            else:
                self._hold(call, passing)

    def _caller_raw(self, passing: Passing) -> None:
        if passing.kind == Frame.WINDOW_UPDATE and not passing.stream and self._debt and not passing.old:
            size = NUMBER.unpack(passing.payload)[0] & STREAM
            paid = min(size, self._debt)
            self._debt -= paid
            if size > paid:
                self._up.emit(window_frame(0, size - paid))
        elif passing.kind != _PRIORITY_UPDATE:
            self._up.emit(passing.raw)

    def _caller_head(self, head: Head, now: float) -> None:
        stream = head.stream
        if head.old:
            self._base = max(self._base, stream)
            self._highest = max(self._highest, stream)
            self._last = max(self._last, stream)
        elif stream <= self._base:
            self._up.emit(self._up.write_head(stream, head.fields, ends=head.ends))
        elif stream > self._highest:
            self._highest = stream
            if self._told is None:
                self._begin(head, now)
        elif (call := self._calls.get(stream)) is not None:
            if call.number:
                self._head_up(call, head)
            else:
                call.held.append(head)

    def _begin(self, head: Head, now: float) -> None:
        """A new stream."""
        request = StreamRequest(head.fields)
        plan = self._decide(request, now)
        call = self._calls[head.stream] = _Call(head.stream, plan)
        if plan is None:
            self._head_up(call, head)
            return
        self._mark(head.stream, plan)
        call.held.append(head)
        call.caller_ended = head.ends
        if plan.delay > 0.0:
            self._wait(call, now + plan.delay)
        else:
            self._go_on(call, now)

    def _hold(self, call: _Call, passing: Passing) -> None:
        if passing.kind == Frame.RST_STREAM:
            self._drop(call)
            return
        call.held.append(passing)
        call.held_size += len(passing.raw)
        self._held += len(passing.raw)
        if self._held > MOST_HELD:
            self.broken = "more waits than can be kept"
        if passing.kind == Frame.DATA:
            call.held_bytes += len(passing.payload)
            call.caller_ended = call.caller_ended or bool(passing.flags & END_STREAM)

    def _pass_up(self, call: _Call, passing: Passing) -> None:
        self._up.emit(frame(passing.kind, passing.flags, call.number, passing.payload))
        if passing.kind == Frame.RST_STREAM:
            self._forget(call)
        elif passing.kind == Frame.DATA and passing.flags & END_STREAM:
            self._ended(call, by_caller=True)

    def _head_up(self, call: _Call, head: Head) -> None:
        if not call.number:
            call.number = self._last = head.stream if head.stream > self._last else self._last + 2
            self._by_number[call.number] = call
        self._up.emit(self._up.write_head(call.number, head.fields, ends=head.ends))
        if head.ends:
            self._ended(call, by_caller=True)

    # --- what the plan says -----------------------------------------------------------------------

    def _wait(self, call: _Call, until: float) -> None:
        heappush(self._due, (until, next(self._order), call))

    def _go_on(self, call: _Call, now: float) -> None:
        """It has waited: it is answered or reset, or goes on to the callee, where it may be reset later."""
        plan = call.plan
        if plan is None or call.number:  # its time to be reset has come
            self._reset(
                call, Error.INTERNAL_ERROR if plan is None or plan.reset is None else plan.reset.error
            )
        elif plan.answer is not None:
            self._answer(call, plan.answer, plan.answered_by)
        elif plan.reset is not None and plan.reset.after <= 0.0:
            self._reset(call, plan.reset.error)
        else:
            held, call.held = call.held, []
            self._held -= call.held_size
            call.held_size = 0
            for one in held:
                if isinstance(one, Head):
                    self._head_up(call, one)
                else:
                    self._pass_up(call, one)
            if plan.reset is not None:
                self._wait(call, now + plan.reset.after)

    def _answer(self, call: _Call, answer: Answer, fault: str) -> None:
        fields, body = injected(answer, fault)
        asked = call.held[0]
        if answer.status in BODILESS or (isinstance(asked, Head) and (b":method", b"HEAD") in asked.fields):
            body = b""
        self._down.put(self._down.write_head(call.stream, fields, ends=not body))
        if body:
            self._down.put(frame(Frame.DATA, END_STREAM, call.stream, body))
            self._debt += len(body)
        if not call.caller_ended:
            self._down.put(reset_frame(call.stream, Error.NO_ERROR))
        self._drop(call)

    def _reset(self, call: _Call, error: int) -> None:
        self._down.put(reset_frame(call.stream, error))
        if call.number:
            self._up.put(reset_frame(call.number, Error.CANCEL))
        self._drop(call)

    def _drop(self, call: _Call) -> None:
        """The callee does not get what it holds; the caller's window for the connection gets it back."""
        if call.held_bytes and not call.number:
            self._down.put(window_frame(0, call.held_bytes))
        self._forget(call)

    def _forget(self, call: _Call) -> None:
        self._held -= call.held_size
        call.held_size = 0
        self._calls.pop(call.stream, None)
        self._by_number.pop(call.number, None)

    def _ended(self, call: _Call, *, by_caller: bool) -> None:
        if by_caller:
            call.caller_ended = True
        else:
            call.callee_ended = True
        if call.caller_ended and call.callee_ended:
            self._forget(call)

    def _swallowed(self, passing: Passing, to_sender: Way) -> None:
        """A frame of a stream that the other end does not know; its sender may send as much for others."""
        if passing.kind == Frame.DATA and passing.payload:
            to_sender.put(window_frame(0, len(passing.payload)))

    # --- what the callee says ---------------------------------------------------------------------

    def _from_callee(self, passing: Passing) -> None:
        kind, number = passing.kind, passing.stream
        if kind in _HEADS:
            head = self._down.head(passing)
            if head is not None:
                self._callee_head(head)
        elif kind == Frame.GOAWAY and not passing.old:
            self._go_away(passing)
        elif kind == RAW or passing.old or number <= self._base or not number & 1:
            self._down.emit(passing.raw)
        elif (call := self._by_number.get(number)) is None:
            self._swallowed(passing, self._up)
        else:
            self._down.emit(frame(kind, passing.flags, call.stream, passing.payload))
            if kind == Frame.RST_STREAM:
                self._forget(call)
            elif kind == Frame.DATA and passing.flags & END_STREAM:
                self._ended(call, by_caller=False)

    def _callee_head(self, head: Head) -> None:
        if head.old:
            return
        stream = head.stream
        call = None
        if stream > self._base and stream & 1:
            call = self._by_number.get(stream)
            if call is None:  # nobody waits for it any more
                if head.promised:
                    self._up.put(reset_frame(head.promised, Error.CANCEL))
                return
            stream = call.stream
        if head.promised:
            self._down.emit(self._pushed(stream, head.promised, head.fields))
            return
        self._down.emit(self._down.write_head(stream, head.fields, ends=head.ends))
        if call is not None and head.ends:
            self._ended(call, by_caller=False)

    def _pushed(self, stream: int, promised: int, fields: Fields) -> bytes:
        """A promise, in one frame: what is pushed is asked for by a short head."""
        block = self._down.write_block(fields)
        return frame(Frame.PUSH_PROMISE, END_HEADERS, stream, NUMBER.pack(promised) + block)

    def _go_away(self, passing: Passing) -> None:
        """Which streams the callee will not look at, in the caller's numbers."""
        last = NUMBER.unpack_from(passing.payload)[0] & STREAM
        if last == _FOREVER:
            self._down.emit(passing.raw)
            return
        if last < self._base:
            self._told = last
        elif self._told is None:
            self._told = self._highest
        self._down.emit(frame(Frame.GOAWAY, 0, 0, NUMBER.pack(self._told) + passing.payload[NUMBER.size :]))
        for call in tuple(self._calls.values()):
            if not call.number or call.number > last:
                self._down.put(reset_frame(call.stream, Error.REFUSED_STREAM))
                self._drop(call)
