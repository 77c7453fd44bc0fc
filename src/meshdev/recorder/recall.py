"""One exchange that somebody wants to look at: understood, its secrets taken out, told; never on a disk.

Rules: without rules of redaction nothing is told · what is told fits into a frame, else its bodies are cut as by a cap.
"""

from typing import Final

import msgspec

from meshdev.recorder.session import Redact
from meshdev.recording.assembly.exchange import Raw, assemble
from meshdev.recording.model import Body, Cut, Exchange
from meshdev.recording.protobuf.schema import NOTHING
from meshdev.wire.capture import Recall, Recalled

MOST_BODY: Final = 2 * 1024 * 1024
"""Of one body: the ring keeps less, but what was compressed grows."""


class Wanted:
    """See the module."""

    def __init__(self, recall: Recall, redact: Redact | None) -> None:
        self._recall = recall
        self._redact = redact
        self._found: Exchange | None = None

    def add(self, raw: Raw) -> None:
        """Have what a worker told for it."""
        exchange = assemble(raw, "1")
        if exchange is not None and exchange.span == self._recall.span and self._redact is not None:
            self._found = _bounded(self._redact(exchange, NOTHING))

    def told(self) -> Recalled:
        """What came of it."""
        found = b"" if self._found is None else msgspec.msgpack.encode(self._found)
        return Recalled(self._recall.token, found)


def _bounded(exchange: Exchange) -> Exchange:
    request = msgspec.structs.replace(exchange.request, body=_body(exchange.request.body))
    response = exchange.response
    if response is not None:
        response = msgspec.structs.replace(response, body=_body(response.body))
    return msgspec.structs.replace(exchange, request=request, response=response)


def _body(body: Body) -> Body:
    if len(body.data) <= MOST_BODY:
        return body
    pieces = tuple(piece for piece in body.pieces if piece[0] < MOST_BODY)
    return msgspec.structs.replace(body, data=body.data[:MOST_BODY], cut=body.cut or Cut.CAP, pieces=pieces)
