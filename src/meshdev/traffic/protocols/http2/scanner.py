"""The scanner of HTTP/2 (RFC 9113) and of gRPC over it: every stream is an operation.

| | an HTTP request | a call of gRPC (by its ``content-type``) |
|---|---|---|
| name, target | method, guessed route | ``package.Service/Method``, nothing |
| code | the status from 400 on | the name of the ``grpc-status``, from the trailers or the only head |
| messages | | those of each direction |
| reset | the error's name | what callers make of it; ``DEADLINE_EXCEEDED`` when the caller's time was up |

An operation ends with the callee's last frame, whether the caller has said all or not. After GOAWAY the streams that
the callee will not look at are lost. What the callee pushes is no operation.

Bodies are not kept, but counted; of a header block at most `MOST_BLOCK` bytes are. TLS cannot be read, nor what does
not begin as HTTP/2 does. A frame that makes no sense ends the reading.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, Self, TypeVar

from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.protocols.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    FIRST_TABLE_SIZE,
    HEAD,
    HEAD_SIZE,
    HEADER_TABLE_SIZE,
    NUMBER,
    PADDED,
    PREFACE,
    SETTING,
    STREAM,
    Frame,
    bare,
    settings_of,
)
from meshdev.traffic.protocols.http2.heads import (
    Asked,
    Heard,
    asked_of,
    asked_whole,
    heard_of,
    heard_whole,
)
from meshdev.traffic.protocols.http2.hpack_blocks import MOST_BLOCK, BlockError, BlockReader
from meshdev.traffic.protocols.http2.side import AnySide, Side
from meshdev.traffic.protocols.http2.stream import Stream
from meshdev.traffic.protocols.http2.tls import begins_tls, server_name
from meshdev.traffic.protocols.operation import Operation

MOST_STREAMS: Final = 10_000  # at once
_DATA: Final = int(Frame.DATA)
_KIND: Final = 3  # where a frame's head has its type
T = TypeVar("T", Asked, Heard)


class UnreadableError(Exception):
    """Why the connection cannot be read any more, for a person."""


class Http2Scanner:
    """Reads one connection along."""

    __slots__ = ("_done", "_opened", "callee", "caller", "gave_up", "streams")

    name: ClassVar[str] = "http2"

    def __init__(self) -> None:
        self.gave_up = ""
        self.caller = Side(BlockReader(asked_of))
        self.callee = Side(BlockReader(heard_of))
        self.streams: dict[int, Stream] = {}
        self._opened: Opened = Stream
        self._done: list[Operation] = []

    @classmethod
    def upgraded(cls, request: RequestHead, now: float) -> Self:
        """One for a connection that began as HTTP/1 with ``request`` at ``now``, which is its first stream now."""
        scanner = cls()
        fields = ((b":method", request.method.encode("latin-1")), (b":path", request.target))
        scanner.streams[1] = Stream(asked_of(fields), now, len(request.raw))
        scanner.caller.last = 1
        return scanner

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.gave_up or f'{len(self.streams)} streams'}>"

    def keep(self, opened: "Opened") -> None:
        """From now on a stream is what ``opened`` makes of its head, and heads are told whole."""
        self._opened = opened
        self.caller.reader = self.caller.reader.copy(asked_whole)
        self.callee.reader = self.callee.reader.copy(heard_whole)

    @property
    def keeps(self) -> bool:
        """Whether somebody wants streams kept."""
        return self._opened is not Stream

    def asked(self, data: bytes, now: float) -> Sequence[Operation]:
        """The caller has said ``data``."""
        side = self.caller
        if not side.begun and not self.gave_up:
            said = side.rest + data
            if len(said) < len(PREFACE) and PREFACE.startswith(said):
                side.rest = said
                return ()
            if not said.startswith(PREFACE):
                self._give_up(_not_http2(said), now)
                return ()
            side.begun, side.rest, data = True, b"", said[len(PREFACE) :]
        return self._read(side, data, now)

    def answered(self, data: bytes, now: float) -> Sequence[Operation]:
        """The callee has said ``data``."""
        return self._read(self.callee, data, now)

    def lost(self, now: float) -> Sequence[Operation]:
        """The connection is over."""
        lost = [stream.lost(now) for stream in self.streams.values()]
        self.streams.clear()
        return lost

    def waiting(self) -> int:
        """How many streams are open."""
        return len(self.streams)

    # --- frames -----------------------------------------------------------------------------------

    def _read(self, side: Side[T], data: bytes, now: float) -> Sequence[Operation]:
        if self.gave_up:
            return ()
        try:
            self._walk(side, data, now)
        except (UnreadableError, BlockError) as error:
            self._give_up(str(error), now)
        done = self._done
        if not done:
            return ()
        self._done = []
        return done

    def _give_up(self, reason: str, now: float) -> None:
        self.gave_up = reason
        for stream in self.streams.values():
            stream.given_up(now)
        self.streams.clear()
        for side in (self.caller, self.callee):
            side.rest, side.stream = b"", None
            side.block.clear()

    def _walk(self, side: Side[T], data: bytes, now: float) -> None:
        buffer = side.rest + data if side.rest else data
        side.rest = b""
        at, end = 0, len(buffer)
        while True:
            if side.left or side.padding or side.ends:
                at = self._pass(side, buffer, at, end, now)
                if at < 0:
                    return
            if end - at < HEAD_SIZE:
                break
            if buffer[at + _KIND] == _DATA and side.begun and not side.block_of:
                after = self._data(side, buffer, at, end, now)
            else:
                after = self._other(side, buffer, at, end, now)
            if after < 0:
                break
            at = after
        if at < end:
            side.rest = buffer[at:]

    def _data(self, side: Side[T], buffer: bytes, at: int, end: int, now: float) -> int:
        """A DATA frame that is here, or its head: where it ends; -1 if that is not there yet."""
        high, low, _, flags, stream = HEAD.unpack_from(buffer, at)
        length: int = high << 8 | low
        at += HEAD_SIZE
        if flags & PADDED:
            if length and at == end:
                return -1
            side.padding = buffer[at] if length else 0
            length -= 1 + side.padding
            if length < 0:
                raise UnreadableError("a frame with more padding than it has room")
            at += 1
        stream &= STREAM
        known = self.streams.get(stream)
        if at + length > end or side.padding:
            side.stream = known
            side.left = length
            side.ends = stream if flags & END_STREAM else 0
            return at
        if known is not None:
            known.passed(buffer, at, at + length, now, by_caller=side is self.caller)
            if flags & END_STREAM:
                self._ended(side, stream, now)
        return at + length

    def _other(self, side: Side[T], buffer: bytes, at: int, end: int, now: float) -> int:
        """Any other frame: where it ends, or that of it which is wanted; -1 if that is not there yet."""
        high, low, kind, flags, stream = HEAD.unpack_from(buffer, at)
        length: int = high << 8 | low
        stream &= STREAM
        if side.block_of or not side.begun:
            self._check(side, kind, stream, length)
        side.stream = None
        at += HEAD_SIZE
        wanted = self._wanted.get(kind)
        if wanted is None:
            if at + length <= end:
                return at + length
            side.left = length
            return at
        least, means = wanted
        if length < least:
            raise UnreadableError("a frame that is too short")
        if not least and length + len(side.block) > MOST_BLOCK:
            raise UnreadableError(f"a frame or a header block of more than {MOST_BLOCK} bytes")
        taken = least or length
        if end - at < taken:
            return -1
        side.left = length - taken
        means(self, side, stream, flags, buffer[at : at + taken], now)
        return at + taken

    def _pass(self, side: Side[T], buffer: bytes, at: int, end: int, now: float) -> int:
        """The payload that passes by: where it ends, or -1 if that is not yet."""
        left = side.left
        if left:
            taken = min(left, end - at)
            if side.stream is not None and taken:
                side.stream.passed(buffer, at, at + taken, now, by_caller=side is self.caller)
            at += taken
            side.left = left = left - taken
            if left:
                return -1
        side.stream = None
        if side.padding:
            taken = min(side.padding, end - at)
            at += taken
            side.padding -= taken
            if side.padding:
                return -1
        ends, side.ends = side.ends, 0
        if ends:
            self._ended(side, ends, now)
        return at

    def _check(self, side: Side[T], kind: int, stream: int, length: int) -> None:
        """Only some frames may come first, and within a header block."""
        if side.block_of:
            if kind != Frame.CONTINUATION or stream != side.block_of:
                raise UnreadableError("a frame within a header block")
        elif kind != Frame.SETTINGS or stream or length > MOST_BLOCK or length % SETTING.size:
            raise UnreadableError("the callee does not answer with HTTP/2")
        side.begun = True

    # --- what frames mean -------------------------------------------------------------------------

    def _headers(self, side: AnySide, stream: int, flags: int, payload: bytes, now: float) -> None:
        block = bare(payload, flags, prioritised=True) if flags & ~(END_STREAM | END_HEADERS) else payload
        if block is None or not stream:
            raise UnreadableError("a header block that makes no sense")
        self._begin(side, stream, stream, flags, block, now)

    def _push(self, side: AnySide, stream: int, flags: int, payload: bytes, now: float) -> None:
        block = bare(payload, flags)
        if block is None or len(block) < NUMBER.size or side is self.caller or not stream:
            raise UnreadableError("a push that makes no sense")
        self._begin(side, stream, 0, flags & END_HEADERS, block[NUMBER.size :], now)

    def _begin(self, side: AnySide, stream: int, whose: int, flags: int, block: bytes, now: float) -> None:
        """A header block, or its beginning; ``whose`` is the stream that it tells of, which may be none of ours."""
        if flags & END_HEADERS:
            self._block(side, whose, flags, block, now)
        else:
            side.block_of, side.block_for, side.block_flags = stream, whose, flags
            side.block += block

    def _continued(self, side: AnySide, _: int, flags: int, payload: bytes, now: float) -> None:
        if not side.block_of:
            raise UnreadableError("a header block without a beginning")
        side.block += payload
        if flags & END_HEADERS:
            block, side.block_of = bytes(side.block), 0
            side.block.clear()
            self._block(side, side.block_for, side.block_flags, block, now)

    def _set(self, side: AnySide, _: int, flags: int, payload: bytes, now: float) -> None:
        del now
        if flags & ACK:  # what the other side has set holds now
            other = self.callee if side is self.caller else self.caller
            other.table_size = other.settings.get(HEADER_TABLE_SIZE, FIRST_TABLE_SIZE)
        else:
            side.settings.update(settings_of(payload))

    def _block(self, side: AnySide, stream: int, flags: int, block: bytes, now: float) -> None:
        """A whole header block, of which the table must know whoever it is for."""
        head = side.reader.read(block)
        known = self.streams.get(stream)
        if isinstance(head, Asked):
            if known is not None:
                known.bytes_in += len(block)
            elif stream > side.last:
                side.last = stream
                if len(self.streams) >= MOST_STREAMS:
                    raise UnreadableError(f"more than {MOST_STREAMS} streams at once")
                known = self.streams[stream] = self._opened(head, now, len(block))
            if flags & END_STREAM and known is not None:
                known.asked_all(now)
        elif known is not None:
            known.bytes_out += len(block)
            known.heard(head, now)
            if flags & END_STREAM:
                self._answered(stream, now)

    def _ended(self, side: AnySide, stream: int, now: float) -> None:
        """One side has said all."""
        if side is self.callee:
            self._answered(stream, now)
        elif (known := self.streams.get(stream)) is not None:
            known.asked_all(now)

    def _answered(self, stream: int, now: float) -> None:
        known = self.streams.pop(stream, None)
        if known is not None:
            self._done.append(known.answered(now))
            self._forget(known)

    def _reset(self, side: AnySide, stream: int, _: int, payload: bytes, now: float) -> None:
        known = self.streams.pop(stream, None)
        if known is not None:
            error = NUMBER.unpack(payload)[0]
            self._done.append(known.reset(now, error, by_caller=side is self.caller))
            self._forget(known)

    def _go_away(self, side: AnySide, _: int, __: int, payload: bytes, now: float) -> None:
        last = NUMBER.unpack_from(payload)[0] & STREAM
        if side is self.callee:
            for stream in [stream for stream in self.streams if stream > last]:
                known = self.streams.pop(stream)
                self._done.append(known.lost(now, Frame.GOAWAY.name))
                self._forget(known)

    def _forget(self, stream: Stream) -> None:
        """Its body may still be passing from the other side."""
        for side in (self.caller, self.callee):
            if side.stream is stream:
                side.stream = None

    # How much of a frame is wanted at least (0: all), and what is done with it; the others mean nothing here.
    _wanted: ClassVar[Mapping[int, tuple[int, "Means"]]] = {
        Frame.HEADERS: (0, _headers),
        Frame.CONTINUATION: (0, _continued),
        Frame.RST_STREAM: (NUMBER.size, _reset),
        Frame.SETTINGS: (0, _set),
        Frame.GOAWAY: (2 * NUMBER.size, _go_away),
        Frame.PUSH_PROMISE: (0, _push),
    }


Opened = Callable[[Asked, float, int], Stream]
Means = Callable[[Http2Scanner, AnySide, int, int, bytes, float], None]


class GrpcScanner(Http2Scanner):
    """The same where gRPC was declared."""

    __slots__ = ()

    name = "grpc"


def _not_http2(said: bytes) -> str:
    if begins_tls(said):
        name = server_name(said)
        return f"it is encrypted by TLS, for {name}" if name else "it is encrypted by TLS"
    return "the caller does not begin with HTTP/2's preface"
