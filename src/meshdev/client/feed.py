"""The daemon's streams, sans-IO: what to send, and what the bytes that arrive say.

Shared by the synchronous shell (`client.stream`) and the asynchronous one (`client.aio`).
"""

from typing import Generic, TypeVar

import msgspec

from meshdev.client.calls import problem
from meshdev.client.exchange import Exchange
from meshdev.client.sse import SseParser
from meshdev.errors import DaemonError
from meshdev.wire.control import ExchangeView, StreamEvent

T = TypeVar("T")


class Feed(Generic[T]):
    """``GET PATH?after=SEQ``, each event a ``shape``: send ``outgoing``, feed what arrives to `receive`."""

    def __init__(self, path: str, shape: type[T], after: int) -> None:
        self._exchange = Exchange("GET", f"{path}?after={after}", accept="text/event-stream")
        self._parser = SseParser()
        self._decoder = msgspec.json.Decoder(shape)
        self._refusal = b""
        self.outgoing = self._exchange.outgoing

    @property
    def ended(self) -> bool:
        """Whether the daemon has ended the stream in order."""
        return self._exchange.done

    def receive(self, data: bytes) -> list[T]:
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


class EventFeed(Feed[StreamEvent]):
    """What happens to the system after the number ``after``."""

    def __init__(self, after: int) -> None:
        super().__init__("/v1/events", StreamEvent, after)


class ExchangeFeed(Feed[ExchangeView]):
    """Calls over edges after the number ``after``, as they end."""

    def __init__(self, after: int) -> None:
        super().__init__("/v1/traffic/stream", ExchangeView, after)
