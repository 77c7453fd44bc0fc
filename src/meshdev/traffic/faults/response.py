"""A response edited as it passes: read by the scanner, without its framing, edited, and framed again.

A body whose length does not change keeps its framing (a chunked one gets chunks of its own and loses its trailers). One
that changes is taken whole, up to `MOST_WHOLE` bytes, and gets a Content-Length; a larger one passes unchanged. What is
no HTTP any more (a tunnel, something that cannot be read) passes as it is.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from meshdev.traffic.faults.http import Edit, Message
from meshdev.traffic.faults.link import End, Item
from meshdev.traffic.http1 import Mark, Refusal, ResponseScanner
from meshdev.traffic.http1_head import BODILESS, FIRST_FINAL, Framing, RequestHead, ResponseHead

MOST_WHOLE: Final = 1024 * 1024
_CRLF: Final = b"\r\n"


class Payload:
    """Takes the framing off a chunked body that is known to be well formed, cut anywhere but within its lines."""

    __slots__ = ("_left", "_over")

    def __init__(self) -> None:
        self._left = 0  # bytes of the current chunk, its CR LF included
        self._over = False

    def feed(self, data: bytes) -> bytes:
        """The payload in ``data``."""
        found, at = bytearray(), 0
        while at < len(data) and not self._over:
            if self._left:
                taken = min(self._left, len(data) - at)
                payload = max(0, min(taken, self._left - len(_CRLF)))
                found += data[at : at + payload]
                self._left -= taken
                at += taken
                continue
            end = data.find(_CRLF, at)
            size = int(data[at:end].partition(b";")[0], 16)
            self._left = size + len(_CRLF) if size else 0
            self._over = size == 0
            at = end + len(_CRLF)
        return bytes(found)


class ResponseEditor:
    """Edits one response, and the interim ones before it not at all."""

    __slots__ = ("_edits", "_framing", "_head", "_method", "_over", "_payload", "_scanner", "_whole")

    def __init__(self, edits: Sequence[Edit], request: RequestHead) -> None:
        self._edits = edits
        self._scanner = ResponseScanner()
        self._scanner.expect(request)
        self._method = request.method
        self._framing = Framing.NONE
        self._payload: Payload | None = None
        self._head: Message | None = None  # held back until the body is known
        self._whole: bytearray | None = None
        self._over = False  # from here on everything passes as it is

    def feed(self, data: bytes) -> list[Item]:
        """What becomes of ``data``."""
        if self._over:
            return [data]
        items: list[Item] = []
        for event in self._scanner.feed(data):
            items += self._one(event)
            if items and items[-1] is End.CLOSE:
                return items
        return [*items, *self._what_follows()]

    def _what_follows(self) -> list[bytes]:
        rest = self._scanner.rest
        if not self._over or not rest:
            return []
        self._scanner.rest = b""
        return [rest]

    def close(self) -> list[bytes]:
        """The callee has closed: what was held back."""
        items = list(self._ended()) if self._whole is not None else []
        return [item for item in items if isinstance(item, bytes)]

    def _one(self, event: object) -> Iterator[Item]:
        if isinstance(event, ResponseHead):
            yield from self._begun(event)
        elif isinstance(event, bytes):
            yield from self._piece(event)
        elif event is Mark.END:
            yield from self._ended()
            self._over = True
        elif event is Mark.TUNNEL or isinstance(event, Refusal):
            self._over = True

    def _begun(self, head: ResponseHead) -> Iterator[Item]:
        if head.status < FIRST_FINAL:
            yield head.raw
            return
        bodiless = self._method == "HEAD" or head.status in BODILESS
        self._framing = Framing.NONE if bodiless else head.framing
        self._payload = Payload() if self._framing is Framing.CHUNKED else None
        message = Message(head.raw)
        length = head.length if self._framing is Framing.LENGTH else None
        for edit in self._edits:
            edit.head(message, length)
        wants_whole = any(edit.whole for edit in self._edits)
        if wants_whole and self._framing is not Framing.NONE and (length is None or length <= MOST_WHOLE):
            self._head, self._whole = message, bytearray()
        else:
            yield message.encode()

    def _piece(self, data: bytes) -> Iterator[Item]:
        if self._over:
            yield data
            return
        payload = data if self._payload is None else self._payload.feed(data)
        if self._whole is not None and self._head is not None:
            self._whole += payload
            if len(self._whole) <= MOST_WHOLE:
                return
            yield self._head.encode()
            payload, self._whole = bytes(self._whole), None
        for edit in self._edits:
            if edit.whole:
                continue
            payload = edit.body(payload)
            if edit.breaks_off():
                yield from self._framed(payload)
                yield End.CLOSE
                return
        yield from self._framed(payload)

    def _framed(self, payload: bytes) -> Iterator[bytes]:
        if payload:
            yield payload if self._payload is None else b"%x\r\n%b\r\n" % (len(payload), payload)

    def _ended(self) -> Iterator[Item]:
        broken = False
        if self._whole is not None and self._head is not None:
            body = bytes(self._whole)
            full = body
            for edit in self._edits:
                body = edit.body(body)
                if edit.whole:
                    full = body
                broken = broken or edit.breaks_off()
            self._head.remove("transfer-encoding")
            self._head.set("content-length", str(len(full)))
            self._whole = None
            yield self._head.encode()
            if body:
                yield body
        elif self._payload is not None:
            yield b"0\r\n\r\n"
        if broken:
            yield End.CLOSE
        for edit in self._edits:
            edit.end()
