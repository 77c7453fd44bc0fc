"""HTTP/1.x read along: bytes go in as they come, events come out, and the events hold every byte unchanged.

Events of one message, in order: its head (`RequestHead`, `ResponseHead`), its body as `bytes` (framing included, in
pieces as they came), `Mark.END`. A scanner stops at the end of a message and keeps what follows (`rest`) until it is
fed again, so that its owner decides what the next bytes are: another message, or a tunnel.

How bytes are cut never changes the events (only how body pieces are cut). No input raises out of a scanner:
- A connection that does not begin with a request line of HTTP/1 is `Mark.FOREIGN`: to be treated as plain TCP.
- What is HTTP/1 but malformed or ambiguous (RFC 9112 §6.3, §11.2) is a `Refusal`, and the scanner reads no further;
  what it had taken but not given out is in `rest`.
Empty lines before a request are dropped (RFC 9112 §2.2).
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, Generic, TypeVar

from meshdev.traffic.http1_body import Body, Chunked, Counted, Endless
from meshdev.traffic.http1_head import (
    BARE_LINE_FEED,
    BODILESS,
    FIRST_FINAL,
    NOT_A_REQUEST,
    NOT_A_RESPONSE,
    BadMessageError,
    Framing,
    RequestHead,
    ResponseHead,
    could_become_request,
    could_become_response,
    has_bare_line_feed,
)
from meshdev.traffic.http1_memory import Habit, known_request, request_head, response_head

MOST_HEAD_BYTES: Final = 64 * 1024
HEAD_END: Final = b"\r\n\r\n"
_CRLF: Final = b"\r\n"
_TOO_LARGE: Final = "the head is too large"
_SWITCHING: Final = 101


class Mark(Enum):
    """Events without content: the message is over; not HTTP/1 at all; from here on a tunnel."""

    END = "end"
    FOREIGN = "foreign"
    TUNNEL = "tunnel"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no further byte is read, and the status that says so to a peer."""

    status: int
    reason: str


class State(IntEnum):
    """Where a scanner stands."""

    HEAD = 0
    BODY = 1
    OPAQUE = 2  # foreign, or a tunnel: bytes pass as they are
    REFUSED = 3


AT_HEAD: Final = State.HEAD
Head = TypeVar("Head", RequestHead, ResponseHead)
RequestEvent = RequestHead | bytes | Mark | Refusal
ResponseEvent = ResponseHead | bytes | Mark | Refusal


class Scanner(Generic[Head]):
    """What reading requests and reading responses have in common."""

    __slots__ = ("_body", "_searched", "rest", "state")

    def __init__(self) -> None:
        self.state = State.HEAD
        self.rest = b""
        self._body: Body | None = None
        self._searched = 0

    def feed(self, data: bytes = b"") -> list[Head | bytes | Mark | Refusal]:
        """The events of the current message that ``data`` completes; what follows its end stays in `rest`."""
        if self.rest:
            data = self.rest + data
            self.rest = b""
        if self.state is State.HEAD:
            return self._feed_head(data)
        if self.state is State.BODY:
            return self._feed_body(data, 0, [])
        return [data] if data and self.state is State.OPAQUE else []

    def _feed_head(self, data: bytes) -> list[Head | bytes | Mark | Refusal]:
        raise NotImplementedError

    def _feed_body(
        self, data: bytes, start: int, events: list[Head | bytes | Mark | Refusal]
    ) -> list[Head | bytes | Mark | Refusal]:
        body = self._body
        if body is None:
            return self._end(data, start, events)
        try:
            end = body.scan(data, start)
        except BadMessageError as error:
            if error.good > start:
                events.append(data[start : error.good])
            events.append(self._refuse(data[error.good :], error.status, error.reason))
            return events
        if end > start:
            events.append(data[start:end] if start or end < len(data) else data)
        if body.done:
            return self._end(data, end, events)
        self.rest = data[end:]
        return events

    def _end(
        self, data: bytes, end: int, events: list[Head | bytes | Mark | Refusal]
    ) -> list[Head | bytes | Mark | Refusal]:
        self.state = State.HEAD
        self._body = None
        self.rest = data[end:]
        events.append(Mark.END)
        return events

    def _refuse(self, rest: bytes, status: int, reason: str) -> Refusal:
        self.state = State.REFUSED
        self.rest = rest
        return Refusal(status, reason)


class RequestScanner(Scanner[RequestHead]):
    """Reads what a client says on one connection."""

    __slots__ = ("_first", "_habit", "_last", "_skipped")

    def __init__(self) -> None:
        super().__init__()
        self._first = True
        self._last: RequestHead | None = None  # the one that `whole` gave: most often it comes again
        self._habit = Habit()
        self._skipped = 0

    def whole(self, data: bytes) -> RequestHead | None:
        """The head, if ``data`` is just one whole head, which is read then; else feed it.

        Without a body (`RequestHead.bodiless`) that was the message; otherwise the body is to be fed.
        """
        if self._first or self.rest or self.state is not AT_HEAD:
            return None
        head = self._last
        if head is None or head.raw != data:
            head = known_request(data, self._habit)
        if head is None:
            if not data.endswith(HEAD_END) or data.find(HEAD_END) + len(HEAD_END) != len(data):
                return None
            try:
                head = request_head(data)
            except BadMessageError:
                return None
        if not head.traced:
            self._last = head
        if not head.bodiless:
            self._begin_body(head)
        return head

    def _begin_body(self, head: RequestHead) -> None:
        self._body = Counted(head.length) if head.framing is Framing.LENGTH else Chunked()
        self.state = State.BODY

    def _feed_head(self, data: bytes) -> list[RequestEvent]:
        start = 0
        while data.startswith(_CRLF, start):
            start += len(_CRLF)
        self._skipped += start
        searched, self._searched = self._searched, 0
        end = data.find(HEAD_END, max(start, searched - 3)) + len(HEAD_END)
        if end < len(HEAD_END) or end - start > MOST_HEAD_BYTES:
            return self._incomplete(data[start:], searched)
        raw = data[start:end] if start or end < len(data) else data
        if self._first and not could_become_request(raw):
            return self._foreign(data[start:])
        try:
            head = request_head(raw)
        except BadMessageError as error:
            return [self._refuse(data[start:], error.status, error.reason)]
        self._first = False
        if head.bodiless:
            self.rest = data[end:]
            return [head, Mark.END]
        self._begin_body(head)
        return self._feed_body(data, end, [head])

    def _incomplete(self, data: bytes, searched: int) -> list[RequestEvent]:
        part = data[: MOST_HEAD_BYTES + 1]
        if data == b"\r":
            self.rest = data
            return []
        if not could_become_request(part):
            return self._foreign(data) if self._first else [self._refuse(data, 400, NOT_A_REQUEST)]
        if has_bare_line_feed(part, searched):
            return [self._refuse(data, 400, BARE_LINE_FEED)]
        if len(part) > MOST_HEAD_BYTES:
            return [self._refuse(data, 431, _TOO_LARGE)]
        self.rest = data
        self._searched = len(data)
        return []

    def _foreign(self, data: bytes) -> list[RequestEvent]:
        self.state = State.OPAQUE
        return [Mark.FOREIGN, b"\r\n" * (self._skipped // len(_CRLF)) + data]


class ResponseScanner(Scanner[ResponseHead]):
    """Reads what a server says on one connection; `expect` tells it the request before each response.

    `head` is the newest head of the current response: an interim one, then the final one.
    """

    __slots__ = ("_last", "head", "request")

    def __init__(self) -> None:
        super().__init__()
        self._last: ResponseHead | None = (
            None  # the newest plain one that `whole` saw: most often it comes again
        )
        self.request: RequestHead | None = None  # which the next response answers
        self.head: ResponseHead | None = None

    def expect(self, request: RequestHead) -> None:
        """The next response answers ``request`` (its owner may as well set both)."""
        self.request = request
        self.head = None

    def whole(self, data: bytes) -> bool:
        """Whether ``data`` is just one whole response of the plainest form, which is read then; else feed it."""
        request = self.request
        if self.rest or self.state is not AT_HEAD or request is None:
            return False
        if request.upgrades or request.method == "HEAD":
            return False
        head = self._last
        if head is None or not data.startswith(head.raw):
            raw = data[: data.find(HEAD_END) + len(HEAD_END)]
            try:
                head = response_head(raw)
            except BadMessageError:
                return False
            if not head.plain:
                return False
            self._last = head
        if len(data) - len(head.raw) != head.length:
            return False
        self.head = head
        self.request = None
        return True

    def ends_with_connection(self) -> bool:
        """Whether a response is being read that the end of the connection completes."""
        return isinstance(self._body, Endless)

    def _feed_head(self, data: bytes) -> list[ResponseEvent]:
        events: list[ResponseEvent] = []
        start = 0
        while start < len(data):
            request = self.request
            if request is None:
                events.append(self._refuse(data[start:], 502, "a response that nobody asked for"))
                return events
            searched, self._searched = self._searched, 0
            end = data.find(HEAD_END, max(start, searched - 3)) + len(HEAD_END)
            if end < len(HEAD_END) or end - start > MOST_HEAD_BYTES:
                return self._incomplete(data[start:], searched, events)
            try:
                head = response_head(data[start:end] if start or end < len(data) else data)
            except BadMessageError as error:
                events.append(self._refuse(data[start:], error.status, error.reason))
                return events
            start = end
            self.head = head
            events.append(head)
            if head.status >= FIRST_FINAL or head.status == _SWITCHING:
                self.request = None
                return self._final(request, head, data, end, events)
        return events

    def _final(
        self, request: RequestHead, head: ResponseHead, data: bytes, end: int, events: list[ResponseEvent]
    ) -> list[ResponseEvent]:
        connected = request.method == "CONNECT" and head.status // 100 == FIRST_FINAL // 100
        if head.status == _SWITCHING or connected:
            if not request.upgrades:
                events[-1] = self._refuse(
                    head.raw + data[end:], 502, "101 to a request that asked for no upgrade"
                )
                return events
            self.state = State.OPAQUE
            events.append(Mark.TUNNEL)
            if end < len(data):
                events.append(data[end:])
            return events
        if request.method == "HEAD" or head.status in BODILESS or head.framing is Framing.NONE:
            self._body = None
        elif head.framing is Framing.LENGTH:
            self._body = Counted(head.length) if head.length else None
        else:
            self._body = Chunked() if head.framing is Framing.CHUNKED else Endless()
        self.state = State.BODY
        return self._feed_body(data, end, events)

    def _incomplete(self, data: bytes, searched: int, events: list[ResponseEvent]) -> list[ResponseEvent]:
        part = data[: MOST_HEAD_BYTES + 1]
        if not could_become_response(part):
            events.append(self._refuse(data, 502, NOT_A_RESPONSE))
        elif has_bare_line_feed(part, searched):
            events.append(self._refuse(data, 502, BARE_LINE_FEED))
        elif len(part) > MOST_HEAD_BYTES:
            events.append(self._refuse(data, 502, _TOO_LARGE))
        else:
            self.rest = data
            self._searched = len(data)
        return events
