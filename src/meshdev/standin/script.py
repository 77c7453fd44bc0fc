"""An answer made ready to be said: which bytes, after which waits, and what becomes of the connection then. Pure.

What `recording.replay` gives is said as it is; only what belongs to a connection is made here: framing and
``Connection``. An answer of known length is said with it, one that came in pieces in chunks (to HTTP/1.0 until the end
of the connection).
"""

from dataclasses import dataclass
from enum import Enum

from meshdev.recording.model import Headers, Response
from meshdev.recording.replay import Answer
from meshdev.standin.content import value_of
from meshdev.traffic.http1_head import BODILESS, RequestHead

_LENGTH = "Content-Length"


class Ending(Enum):
    """What becomes of the connection when everything is said."""

    KEEP = "keep"
    CLOSE = "close"
    ABORT = "abort"  # as the one that was recorded broke off
    HOLD = "hold"  # a stream that went on when its caller left


@dataclass(frozen=True, slots=True)
class Script:
    """What to say: ``steps`` are seconds to wait and bytes to write then."""

    steps: tuple[tuple[float, bytes], ...]
    ending: Ending = Ending.KEEP


def script_of(head: RequestHead, answer: Answer) -> Script:
    """How ``answer`` is said to the request with ``head``."""
    response = answer.response
    if response is None:
        return Script(((answer.delay, b""),), Ending.ABORT)
    if answer.broken:
        return _broken_off(head, answer, response)
    bodiless = head.method == "HEAD" or response.status in BODILESS
    counted = bodiless or not answer.pieces
    if counted:
        ending = Ending.KEEP if head.keep_alive else Ending.CLOSE
        said = _head(response, response.headers, closes=not head.keep_alive)
        return Script(((answer.delay, said if bodiless else said + response.body.data),), ending)
    chunked = head.minor == 1
    closes = not head.keep_alive or not chunked
    steps = _in_pieces(answer, _streamed(response, chunked=chunked, closes=closes), chunked=chunked)
    if chunked:
        steps.append((0.0, _last_chunk(response.trailers)))
    return Script(_joined(steps), Ending.CLOSE if closes else Ending.KEEP)


def _broken_off(head: RequestHead, answer: Answer, response: Response) -> Script:
    """What came before the connection broke off; a stream of events, which its caller has left, stays open."""
    recorded = answer.exchange.response
    length = value_of(recorded.headers, "content-length") if recorded is not None else ""
    chunked = not length and head.minor == 1
    headers = tuple(pair for pair in response.headers if pair[0] != _LENGTH)
    if length:
        said = _head(response, (*headers, (_LENGTH, length)), closes=False)
    else:
        said = _streamed(response, chunked=chunked, closes=not chunked, headers=headers)
    kind = value_of(response.headers, "content-type").lower()
    ending = Ending.HOLD if kind.startswith("text/event-stream") else Ending.ABORT
    return Script(_joined(_in_pieces(answer, said, chunked=chunked)), ending)


def _in_pieces(answer: Answer, said: bytes, *, chunked: bool) -> list[tuple[float, bytes]]:
    steps = [(answer.delay, said)]
    pieces = [(piece.delay, piece.data) for piece in answer.pieces]
    if not pieces and answer.response is not None:
        pieces = [(0.0, answer.response.body.data)]
    for delay, data in pieces:
        if data:
            steps.append((delay, b"%x\r\n%b\r\n" % (len(data), data) if chunked else data))
    return steps


def _streamed(response: Response, *, chunked: bool, closes: bool, headers: Headers | None = None) -> bytes:
    kept = response.headers if headers is None else headers
    framing: Headers = (("Transfer-Encoding", "chunked"),) if chunked else ()
    return _head(response, (*kept, *framing), closes=closes)


def _head(response: Response, headers: Headers, *, closes: bool) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    close = "Connection: close\r\n" if closes else ""
    text = f"HTTP/1.1 {response.status} {response.reason}\r\n{lines}{close}\r\n"
    return text.encode("latin-1", "replace")


def _last_chunk(trailers: Headers) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return f"0\r\n{lines}\r\n".encode("latin-1", "replace")


def _joined(steps: list[tuple[float, bytes]]) -> tuple[tuple[float, bytes], ...]:
    """What is said without a wait between is said at once."""
    joined: list[tuple[float, bytes]] = []
    for wait, data in steps:
        if joined and not wait:
            before, said = joined[-1]
            joined[-1] = (before, said + data)
        else:
            joined.append((wait, data))
    return tuple(joined)
