"""One recorded call of gRPC sent again; needs grpcio, which is imported here alone.

Rules: the caller's messages go in their recorded turns: one that followed so many of the callee's is sent when so many
have come, or the call is over · metadata as recorded, given ones in their place · the deadline is ours.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import urlsplit

import grpc
import grpc.aio

from meshdev.recording.model import Exchange, Headers, Request
from meshdev.recording.replay.calls.metadata import metadata_of, sendable
from meshdev.recording.replay.calls.translated import own
from meshdev.replaying.calls import Call
from meshdev.replaying.sender import TIMEOUT, Sent

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class CallSender:
    """Sends to the host and port of ``base``."""

    def __init__(self, base: str, given: Mapping[str, str]) -> None:
        parts = urlsplit(base)
        tls = parts.scheme == "https"
        place = f"{parts.hostname}:{parts.port or (443 if tls else 80)}"
        self._given = given
        self._channel = (
            grpc.aio.secure_channel(place, grpc.ssl_channel_credentials(), options=_UNLIMITED)
            if tls
            else grpc.aio.insecure_channel(place, options=_UNLIMITED)
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def send(self, call: Call, request: Request) -> Sent:
        """Send ``request``, which is ``call``'s with names that are of today."""
        heard: list[bytes] = []
        came = asyncio.Event()
        messages = call.messages(request)
        begin = time.perf_counter()
        made = self._channel.stream_stream(f"/{call.recorded.request.target[1:]}")(
            _in_turn(call.recorded, messages, heard, came),
            metadata=sendable(self._metadata(call.metadata(request))),
            timeout=TIMEOUT + call.recorded.microseconds / 1e6,
        )
        initial: Headers = ()
        try:
            initial = own(metadata_of(await made.initial_metadata()))
            async for data in made:
                heard.append(data)
                came.set()
        except grpc.aio.AioRpcError:
            pass  # its status is told below
        code, message = await made.code(), await made.details() or ""
        took = time.perf_counter() - begin
        if code is grpc.StatusCode.UNAVAILABLE and not heard and not initial:
            return Sent(None, took, f"UNAVAILABLE: {message}")
        last = own(metadata_of(await made.trailing_metadata() or ()))
        return Sent(call.answer(code.name, message, heard, initial, last), took)

    def _metadata(self, recorded: Headers) -> Headers:
        return tuple((name, self._given.get(name.lower(), value)) for name, value in recorded)


async def _in_turn(
    recorded: Exchange, messages: Sequence[bytes], heard: list[bytes], came: asyncio.Event
) -> AsyncIterator[bytes]:
    more = iter(messages)
    before = 0
    for message in recorded.messages:
        if not message.outgoing:
            before += 1
            continue
        while len(heard) < before:
            came.clear()
            await came.wait()
        data = next(more, None)
        if data is None:
            return
        yield data
