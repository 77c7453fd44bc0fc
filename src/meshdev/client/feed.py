"""The event stream, sans-IO: what to send, and what the bytes that arrive say.

Shared by the synchronous shell (`client.stream`) and the asynchronous one (`client.aio`).
"""

import msgspec

from meshdev.client.calls import problem
from meshdev.client.exchange import Exchange
from meshdev.client.sse import SseParser
from meshdev.errors import DaemonError
from meshdev.wire.control import StreamEvent


class EventFeed:
    """``GET /v1/events?after=SEQ``: send ``outgoing``, feed what arrives to `receive`."""

    def __init__(self, after: int) -> None:
        self._exchange = Exchange("GET", f"/v1/events?after={after}", accept="text/event-stream")
        self._parser = SseParser()
        self._decoder = msgspec.json.Decoder(StreamEvent)
        self._refusal = b""
        self.outgoing = self._exchange.outgoing

    @property
    def ended(self) -> bool:
        """Whether the daemon has ended the stream in order."""
        return self._exchange.done

    def receive(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes; empty ``data`` means the peer closed. Raises MeshdevError."""
        body = self._exchange.receive(data)
        if self._exchange.status >= 400:  # noqa: PLR2004 -- where HTTP's errors begin
            self._refusal += body
            if self._exchange.done:
                raise problem(self._exchange.status, self._refusal)
            return []
        try:
            return [self._decoder.decode(message.data) for message in self._parser.feed(body)]
        except msgspec.MsgspecError as error:
            message = f"an event of the daemon makes no sense to this client: {error}"
            raise DaemonError(message, hint="`meshdev version` compares the two") from error
