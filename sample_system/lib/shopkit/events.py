"""What happened, as every service writes it down: an immutable envelope around a fact.

An event is encoded once, by the service that records it. The same bytes are stored, published and replayed.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from shopkit import trace

STREAM = "SHOP"
SUBJECTS = ("order.*", "shipment.*")


class Event(msgspec.Struct, frozen=True):
    """A fact about one stream (``ord-4f…``); `version` counts the facts of that stream from 1.

    `type` ("order.placed") is also the subject on the broker. `id` makes a second delivery recognisable.
    """

    id: str
    type: str
    stream: str
    version: int
    at: str
    data: dict[str, Any]
    trace: dict[str, str] = {}

    @classmethod
    def now(cls, type_: str, stream: str, version: int, data: dict[str, Any]) -> "Event":
        """The fact as of this moment, with the trace that it belongs to."""
        return cls(uuid4().hex, type_, stream, version, timestamp(), data, trace.headers())


def encode(event: Event) -> bytes:
    """The bytes that are stored and published."""
    return msgspec.json.encode(event)


_decoder = msgspec.json.Decoder(Event)


def decode(body: bytes) -> Event:
    """The event in `body`; raises msgspec.MsgspecError when it isn't one."""
    return _decoder.decode(body)


def timestamp() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
