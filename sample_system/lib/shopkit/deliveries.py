"""Messages pulled from a JetStream consumer, as soon as they are there, as many as are there.

The client library's own ``fetch`` waits for a full batch or its deadline; here a request for many messages stays
open at the broker, and each wake-up hands over everything that has arrived.
"""

import json
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

_BATCH = 200
_OPEN_SECONDS = 4.0
_SLACK_SECONDS = 2.0


class Deliveries:
    """Use as ``async for batch in deliveries``; raises when the broker falls silent or the consumer is gone."""

    def __init__(self, client: Client, subject: str, inbox: Subscription) -> None:
        self._client = client
        self._subject = subject
        self._inbox = inbox
        self._expected = 0

    @classmethod
    async def begin(cls, client: Client, stream: str, consumer: str) -> Self:
        """Listen for what the consumer delivers."""
        inbox = await client.subscribe(client.new_inbox())
        return cls(client, f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", inbox)

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> list[Msg]:
        """The messages that have arrived, at least one."""
        batch: list[Msg] = []
        while not batch:
            if self._expected <= 0:
                await self._ask()
            first = await self._inbox.next_msg(timeout=_OPEN_SECONDS + _SLACK_SECONDS)
            arrived = [first]
            while self._inbox.pending_msgs:
                arrived.append(await self._inbox.next_msg(timeout=_SLACK_SECONDS))
            batch = [message for message in arrived if not self._is_status(message)]
            self._expected -= len(batch)
        return batch

    async def _ask(self) -> None:
        request = {"batch": _BATCH, "expires": int(_OPEN_SECONDS * 1e9)}
        self._expected = _BATCH
        await self._client.publish(self._subject, json.dumps(request).encode(), self._inbox.subject)

    def _is_status(self, message: Msg) -> bool:
        """Status messages carry no body: 408 the request has expired, 409 the consumer is gone, 503 nobody there."""
        status = (message.headers or {}).get("Status")
        if status is None:
            return False
        description = (message.headers or {}).get("Description", "")
        if status in ("404", "408") or description == "Batch Completed":
            self._expected = 0
            return True
        error = f"the consumer ended: {status} {description}"
        raise ConnectionError(error)
