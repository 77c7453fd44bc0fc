"""The inbox over HTTP, and its durable consumer.

``GET /inbox[?shopper=&limit=]``
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from nats.aio.msg import Msg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notifications.inbox import Inbox
from shopkit.background import running
from shopkit.broker import Broker
from shopkit.database import location
from shopkit.demonstration import idempotent
from shopkit.events import Event, decode
from shopkit.web import application, number, reply

_log = logging.getLogger("inbox")


class Consumer:
    """Feeds the inbox: written first, acknowledged then, so a crash in between means a second delivery, no loss."""

    def __init__(self, inbox: Inbox, broker: Broker) -> None:
        self._inbox = inbox
        self._broker = broker

    async def run(self) -> None:
        """Consume for ever; the broker may come and go."""
        while True:
            async with self._broker.session() as session:
                async for batch in await session.durable("notifications"):
                    events = [event for message in batch if (event := _event(message)) is not None]
                    if new := self._inbox.take(events):
                        _log.info("%d messages sent", new)
                    for message in batch:
                        await message.ack()


def _event(message: Msg) -> Event | None:
    try:
        return decode(message.data)
    except msgspec.MsgspecError as error:
        # Asking for it again would not make it better: it is logged and acknowledged like the others.
        _log.error("not an event, on %s: %s", message.subject, error)
        return None


def build() -> Starlette:
    """The app over ``$DATABASE_URL`` and ``$EVENTS_URL``."""
    inbox, broker = Inbox(location("notifications"), idempotent=idempotent()), Broker("notifications")

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with running(consumer=Consumer(inbox, broker).run):
            yield
        inbox.close()

    async def messages(request: Request) -> Response:
        limit = number(request, "limit", 50, most=100_000)
        return reply({"messages": inbox.messages(request.query_params.get("shopper"), limit)})

    return application(
        [Route("/inbox", messages)], lifespan=lifespan, health=lambda: {"broker": broker.state}
    )
