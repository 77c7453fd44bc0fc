"""An endpoint of gRPC being played: a server that takes any call and says what was recorded, or why nothing was.

Rules: health is SERVING, whatever was asked · server reflection answers where the recording brings descriptors · a
method that nobody recorded is UNIMPLEMENTED, any other miss FAILED_PRECONDITION, both with why and what came closest;
the service's log has it in a line · a call that its caller had left stays open until its caller has had enough.
Only this and its neighbours import grpcio, and only stand-ins with such an endpoint import this.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import grpc
import grpc.aio

from meshdev.recording.matching import Miss
from meshdev.recording.model import Headers
from meshdev.recording.replay.calls import ALL, CallEnd, CallPlayer, Dialogue, Say, Surprise, Turn
from meshdev.recording.replay.calls.metadata import metadata_of, sendable
from meshdev.standin.grpc_own import own_answers
from meshdev.standin.misses import differences_in
from meshdev.traffic.protocols.http2.grpc import Status

if TYPE_CHECKING:
    from meshdev.standin.grpc_passing import CallPassing

LAST_WORDS_SECONDS: Final = 2.0
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_NOT_RECORDED: Final = "x-meshdev-reason"
_UNLIMITED: Final = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 64 * 1024),
]


class GrpcStage:
    """One endpoint of ``service``; ``tell`` gets lines for the log."""

    def __init__(
        self,
        service: str,
        player: CallPlayer,
        tell: Callable[[str], None],
        descriptors: bytes,
        passing: "CallPassing | None" = None,
    ) -> None:
        self._service = service
        self._player = player
        self._tell = tell
        self._own = own_answers(descriptors)
        self._server: Any = None
        self.passing = passing

    async def listen(self, port: int) -> None:
        """Take calls on ``port``. Raises OSError when it cannot be had."""
        self._server = grpc.aio.server(options=_UNLIMITED)
        self._server.add_generic_rpc_handlers((_Anything(self),))
        try:
            bound = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise OSError(str(error)) from error
        if not bound:
            raise OSError(f"port {port} cannot be had")
        await self._server.start()

    async def ends(self) -> None:
        """What is being said is said to its end, for a moment; nothing begins any more."""
        await self._server.stop(LAST_WORDS_SECONDS)

    async def serve(self, path: str, asked: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        """One call of the method ``path``."""
        if path in self._own:
            async for data in asked:
                for answer in self._own[path](data):
                    yield answer
            return
        metadata = metadata_of(context.invocation_metadata())
        opening = self._player.opening(path)
        said: list[bytes] = []
        ended = False
        while opening is not None and (opening == ALL or len(said) < opening) and not ended:
            more = await _next(asked)
            ended = more is None
            if more is not None:
                said.append(more)
        found = self._player.begin(path, metadata, said)
        if isinstance(found, Miss):
            async for data in self._missed(path, metadata, said, asked, context, found, ended=ended):
                yield data
            return
        if found.initial:
            await context.send_initial_metadata(sendable(found.initial))
        dialogue = found.dialogue
        turns: Sequence[Turn] | Surprise = dialogue.opening(ended=ended)
        while True:
            async for data in self._say(path, turns, context):
                yield data
            if _is_over(turns):
                return
            turns = self._answered(path, dialogue, await _next(asked))

    def _answered(self, path: str, dialogue: Dialogue, data: bytes | None) -> Sequence[Turn] | Surprise:
        return dialogue.ended() if data is None else dialogue.received(self._player.hidden(path, data))

    async def _say(self, path: str, turns: Sequence[Turn] | Surprise, context: Any) -> AsyncIterator[bytes]:
        if isinstance(turns, Surprise):
            self._tell(f"no match: in {path}: {turns.reason}")
            await self._refuse(context, grpc.StatusCode.FAILED_PRECONDITION, f"no match: {turns.reason}")
            return
        for turn in turns:
            if turn.delay:
                await asyncio.sleep(turn.delay)
            if isinstance(turn, Say):
                yield turn.data
            else:
                await self._end(turn, context)

    async def _end(self, end: CallEnd, context: Any) -> None:
        if end.status is None:
            await asyncio.Event().wait()  # until the caller has had enough
            return
        if end.trailers:
            context.set_trailing_metadata(sendable(end.trailers))
        if end.status is not Status.OK:
            context.set_details(end.message)
            context.set_code(_CODES[end.status])

    async def _missed(
        self,
        path: str,
        metadata: Headers,
        said: Sequence[bytes],
        asked: AsyncIterator[bytes],
        context: Any,
        miss: Miss,
        *,
        ended: bool,
    ) -> AsyncIterator[bytes]:
        if self.passing is not None:
            async for data in self.passing.forward(path, metadata, said, asked, context, ended=ended):
                yield data
            return
        closest = differences_in(miss)
        self._tell(f"no match: {path}: {miss.reason}{closest}")
        known = self._player.opening(path) is not None
        code = grpc.StatusCode.FAILED_PRECONDITION if known else grpc.StatusCode.UNIMPLEMENTED
        await self._refuse(context, code, f"no match: {miss.reason}{closest}")

    async def _refuse(self, context: Any, code: Any, reason: str) -> None:
        context.set_trailing_metadata(((_NOT_RECORDED, "no-match"),))
        context.set_details(reason)
        context.set_code(code)


def _is_over(turns: Sequence[Turn] | Surprise) -> bool:
    return isinstance(turns, Surprise) or any(isinstance(turn, CallEnd) for turn in turns)


async def _next(asked: AsyncIterator[bytes]) -> bytes | None:
    """The caller's next message; None when it has said all."""
    try:
        return await anext(asked)
    except StopAsyncIteration:
        return None


class _Anything(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Takes every method, messages as bytes, as if both sides streamed: on the wire there is no difference."""

    def __init__(self, stage: GrpcStage) -> None:
        self._stage = stage

    def service(self, handler_call_details: Any) -> Any:
        """How this call is answered."""
        path = cast("str", handler_call_details.method)[1:]

        async def serve(asked: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            async for data in self._stage.serve(path, asked, context):
                yield data

        return grpc.stream_stream_rpc_method_handler(serve)
