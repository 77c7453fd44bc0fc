"""Calls that were not recorded, passed on to the real service; what it says is said as it comes, and kept, too.

The real one is called at the host and port of its URL; ``https`` is TLS with the system's certificates.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
import grpc.aio

from meshdev.recording.calls import GRPC, MESSAGE, STATUS
from meshdev.recording.model import Exchange, Headers, Message, MessageKind, Request, Response, Timing
from meshdev.recording.replay.calls.metadata import metadata_of, sendable
from meshdev.recording.replay.calls.translated import own
from meshdev.standin.keeping import Keeper

_TYPE: Final = ("content-type", "application/grpc")
_UNLIMITED: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class CallPassing:
    """Asks the real service at ``url``; what came of it goes to the ``keeper``, if there is one."""

    def __init__(
        self, url: str, *, service: str, endpoint: str, tell: Callable[[str], None], keeper: Keeper | None
    ) -> None:
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        place = f"{parts.hostname}:{parts.port or (443 if tls else 80)}"
        self._channel = (
            grpc.aio.secure_channel(place, grpc.ssl_channel_credentials(), options=_UNLIMITED)
            if tls
            else grpc.aio.insecure_channel(place, options=_UNLIMITED)
        )
        self._service = service
        self._endpoint = endpoint
        self._tell = tell
        self._keeper = keeper

    async def close(self) -> None:
        """Let go of the connections."""
        await self._channel.close()
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.close)

    async def forward(
        self,
        path: str,
        metadata: Headers,
        said: Sequence[bytes],
        asked: AsyncIterator[bytes],
        context: Any,
        *,
        ended: bool,
    ) -> AsyncIterator[bytes]:
        """Ask, and say the answer as it comes; ``said`` is what the caller has said already."""
        taken = _Taken(path, metadata)

        async def questions() -> AsyncIterator[bytes]:
            for data in said:
                taken.add(data, outgoing=True)
                yield data
            if not ended:
                async for data in asked:
                    taken.add(data, outgoing=True)
                    yield data
            taken.closed()

        call = self._channel.stream_stream(f"/{path}")(
            questions(), metadata=sendable(own(metadata)), timeout=context.time_remaining()
        )
        try:
            initial = metadata_of(await call.initial_metadata())
            taken.initial = initial
            if own(initial):
                await context.send_initial_metadata(sendable(own(initial)))
            async for data in call:
                taken.add(data, outgoing=False)
                yield data
        except grpc.aio.AioRpcError:
            pass  # its status is said below
        finally:
            call.cancel()
        code, details = await call.code(), await call.details() or ""
        trailers = metadata_of(await call.trailing_metadata() or ())
        context.set_trailing_metadata(sendable(own(trailers)))
        if code is not grpc.StatusCode.OK:
            context.set_details(details)
            context.set_code(code)
        if code is grpc.StatusCode.UNAVAILABLE:
            self._tell(f"{path}: the real one could not be asked: {details}")
        elif self._keeper is not None:
            made = taken.exchange(self._service, self._endpoint, code.value[0], details, trailers)
            await asyncio.to_thread(self._keeper.keep, made)


class _Taken:
    """A call as it is recorded."""

    def __init__(self, path: str, metadata: Headers) -> None:
        self._path = path
        self._metadata = metadata
        self._wall = time.time()
        self._began = time.perf_counter()
        self._messages: list[Message] = []
        self.initial: Headers = ()

    def _now(self) -> int:
        return int((time.perf_counter() - self._began) * 1e6)

    def add(self, data: bytes, *, outgoing: bool) -> None:
        """A message of one side."""
        self._messages.append(Message(self._now(), outgoing, MessageKind.BINARY, data))

    def closed(self) -> None:
        """The caller has said all."""
        self._messages.append(Message(self._now(), outgoing=True, kind=MessageKind.CLOSE, data=b""))

    def exchange(self, service: str, endpoint: str, status: int, details: str, trailers: Headers) -> Exchange:
        """The whole call, secrets and all; its id is the keeper's business."""
        total = self._now()
        told = ((STATUS, str(status)), *(((MESSAGE, details),) if details else ()))
        return Exchange(
            id="",
            started=self._wall,
            microseconds=total,
            caller="outside",
            callee=service,
            request=Request("POST", f"/{self._path}", (_TYPE, *self._metadata)),
            response=Response(200, "", (_TYPE, *own(self.initial)), trailers=(*told, *own(trailers))),
            endpoint=endpoint,
            route=self._path,
            messages=tuple(self._messages),
            timing=Timing(0, total, 0),
            protocol=GRPC,
        )
