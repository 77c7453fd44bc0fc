"""One recorded request over HTTP; its answer as a recording has it.

Rules: the target goes as it was recorded, byte for byte · headers too, but for those that belong to a connection, to a
trace or to a length · headers that somebody gives stand in for the recorded ones of that name, where there was one ·
a service on this machine is asked by TLS whatever its certificate ·
an endless answer is read for as long as the recorded one took, and a little longer.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import httpx

from meshdev.recording.model import Body, Exchange, Headers, Request, Response

if TYPE_CHECKING:
    from meshdev.replaying.call_sender import CallSender
    from meshdev.replaying.calls import Call

_OURS: Final = frozenset(
    {
        "host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length", "te", "upgrade",
        "trailer", "expect", "content-encoding", "traceparent", "tracestate", "x-request-id",
    }
)  # fmt: skip
TIMEOUT: Final = 30.0
_SLACK: Final = 1.5
HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_CONNECTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one request: ``seconds`` until its answer was whole; ``error`` when there is none."""

    response: Response | None
    seconds: float
    error: str = ""


class Sender:
    """Sends to ``base``; ``headers`` stand in for recorded ones."""

    def __init__(
        self, base: str, headers: Mapping[str, str] | None = None, *, timeout: float = TIMEOUT
    ) -> None:
        self.base = base
        self._url = httpx.URL(base)
        self._given = {name.lower(): value for name, value in (headers or {}).items()}
        self._calls: CallSender | None = None
        self._client = httpx.AsyncClient(
            timeout=timeout,
            trust_env=False,
            verify=self._url.host not in HERE,
            limits=httpx.Limits(
                max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS
            ),
        )

    async def __aenter__(self) -> Self:
        """Ready to send."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close its connections."""
        await self._client.aclose()
        if self._calls is not None:
            await self._calls.close()

    async def call(self, call: "Call", request: Request) -> Sent:
        """The same for a call of gRPC."""
        if self._calls is None:
            from meshdev.replaying.call_sender import CallSender  # noqa: PLC0415 - grpcio, only for those that need it

            self._calls = CallSender(self.base, self._given)
        return await self._calls.send(call, request)

    async def send(self, recorded: Exchange, request: Request) -> Sent:
        """Send ``request``, which is ``recorded``'s with names that are of today."""
        path = self._url.raw_path.rstrip(b"/") + request.target.encode("latin-1")
        asked = self._client.build_request(
            request.method,
            self._url.copy_with(raw_path=path),
            headers=self._headers(request.headers),
            content=request.body.data or None,
        )
        begin = time.perf_counter()
        until = begin + recorded.microseconds / 1e6 + _SLACK if _is_stream(recorded) else None
        try:
            answer = await self._client.send(asked, stream=True)
            try:
                data = await _read(answer, until)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            return Sent(None, time.perf_counter() - begin, f"{type(error).__name__}: {error}".rstrip(": "))
        return Sent(_response(answer, data), time.perf_counter() - begin)

    def _headers(self, recorded: Headers) -> list[tuple[str, str]]:
        return [
            (name, self._given.get(name.lower(), value))
            for name, value in recorded
            if name.lower() not in _OURS
        ]


async def _read(answer: httpx.Response, until: float | None) -> bytes:
    """The body without its coding; of one that may not end, what comes until then."""
    pieces = []
    async for piece in answer.aiter_bytes():
        pieces.append(piece)
        if until is not None and time.perf_counter() > until:
            break
    return b"".join(pieces)


def _response(answer: httpx.Response, data: bytes) -> Response:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    coding = answer.headers.get("content-encoding", "")
    body = Body(data, len(data), "" if coding == "identity" else coding)
    return Response(answer.status_code, answer.reason_phrase, headers, body)


def _is_stream(recorded: Exchange) -> bool:
    headers = recorded.response.headers if recorded.response is not None else ()
    return any(name.lower() == "content-type" and "event-stream" in value.lower() for name, value in headers)
