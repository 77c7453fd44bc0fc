"""One recorded call of gRPC sent again; needs grpcio, which is imported here alone.

Rules: the caller's messages go in their recorded turns: one that followed so many of the callee's is sent when so many
have come, or the call is over · metadata as recorded, given ones in their place · the deadline is ours ·
a service on this machine is asked by TLS whatever its certificate.
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
from meshdev.replaying.any_certificate import shown_by
from meshdev.replaying.calls import Call
from meshdev.replaying.sender import HERE, TIMEOUT, Sent

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class CallSender:
    """Sends to the host and port of ``base``."""

    def __init__(self, base: str, given: Mapping[str, str]) -> None:
        parts = urlsplit(base)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._tls else 80)
        self._given = given
        self._opening = asyncio.Lock()
        self._open: grpc.aio.Channel | None = None

    async def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            await self._open.close()

    async def send(self, call: Call, request: Request) -> Sent:
        """Send ``request``, which is ``call``'s with names that are of today."""
        try:
            channel = await self._channel()
        except OSError as error:
            return Sent(None, 0.0, f"UNAVAILABLE: {error}")
        heard: list[bytes] = []
        came = asyncio.Event()
        messages = call.messages(request)
        begin = time.perf_counter()
        made = channel.stream_stream(f"/{call.recorded.request.target[1:]}")(
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

    async def _channel(self) -> grpc.aio.Channel:
        async with self._opening:
            if self._open is None:
                self._open = await self._opened(f"{self._host}:{self._port}")
            return self._open

    async def _opened(self, place: str) -> grpc.aio.Channel:
        if not self._tls:
            return grpc.aio.insecure_channel(place, options=_UNLIMITED)
        if self._host not in HERE:
            return grpc.aio.secure_channel(place, grpc.ssl_channel_credentials(), options=_UNLIMITED)
        shown = await shown_by(self._host, self._port)
        name = [("grpc.ssl_target_name_override", shown.name)] if shown.name else []
        return grpc.aio.secure_channel(
            place, grpc.ssl_channel_credentials(shown.certificate), options=[*_UNLIMITED, *name]
        )

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
