"""Misses that are passed on to the real service, and their answers, said as they come; some are kept, too.

The real one is called by its own name, below its URL's path, as an edge would do it. Only this imports httpx, and only
stand-ins that pass import this.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import httpx

from meshdev.recording.model import Body, Cut, Exchange, Headers, Request, Response, Timing
from meshdev.recording.redaction import Redactor
from meshdev.standin.content import inflated, value_of, without_chunks
from meshdev.standin.conversation import Conversation
from meshdev.standin.keeping import Keeper
from meshdev.standin.misses import problem
from meshdev.standin.script import Ending
from meshdev.traffic.http1_head import BODILESS, Framing, RequestHead

CONNECT_SECONDS: Final = 10.0
_OF_CONNECTIONS: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"}
)
_OURS: Final = _OF_CONNECTIONS | {"host", "content-length", "expect"}
_MICROSECONDS: Final = 1e6


class Passing:
    """Asks the real service at ``url``; what came of it goes to the ``keeper``, if there is one."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        tell: Callable[[str], None],
        redactor: Redactor,
        keeper: Keeper | None = None,
        body_cap: int = 10 << 20,
    ) -> None:
        self._base = httpx.URL(url)
        self._path = urlsplit(url).path.rstrip("/").encode("ascii", "replace")
        self._service = service
        self._tell = tell
        self._redactor = redactor
        self._keeper = keeper
        self._cap = body_cap
        self._writing: set[asyncio.Future[None]] = set()
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=2.0),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
        await asyncio.gather(*self._writing)
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.close)

    async def forward(
        self, conversation: Conversation, head: RequestHead, request: Request, body: bytes
    ) -> Ending:
        """Ask, and say the answer as it comes."""
        taken = _Taken(self._cap)
        try:
            return await self._forward(conversation, head, body, taken)
        except httpx.HTTPError as error:
            reason = f"{self._base.host} could not be asked: {type(error).__name__}: {error}".rstrip(": ")
            self._tell(f"{request.method} {self._redactor.request(request)[0].target}: {reason}")
            if taken.status:
                return Ending.ABORT
            facts: dict[str, object] = {"by": "meshdev", "error": "unreachable", "callee": self._service}
            script = problem(502, reason, facts, head)
            conversation.write(script.steps[0][1])
            return script.ending
        finally:
            if self._keeper is not None and taken.status and taken.ended:
                self._keep(
                    self._keeper, taken.exchange(self._service, request, head.route or head.guess_route())
                )

    def _keep(self, keeper: Keeper, exchange: Exchange) -> None:
        """Write it beside the loop; the caller, who may be gone, does not wait for that."""
        writing = asyncio.get_running_loop().run_in_executor(None, keeper.keep, exchange)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _forward(
        self, conversation: Conversation, head: RequestHead, body: bytes, taken: "_Taken"
    ) -> Ending:
        content = without_chunks(body) if head.framing is Framing.CHUNKED and body else body
        target = head.target if head.target.startswith(b"/") else b"/"
        asked = httpx.Request(
            head.method,
            self._base.copy_with(raw_path=self._path + target),
            headers=[(name, value) for name, value in _fields(head) if name.lower() not in _OURS],
            content=content or None,
        )
        answer = await self._client.send(asked, stream=True)
        try:
            headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in answer.headers.raw)
            taken.begins(answer.status_code, answer.reason_phrase, headers)
            bodiless = head.method == "HEAD" or answer.status_code in BODILESS
            counted = bodiless or bool(value_of(headers, "content-length"))
            chunked = not counted and head.minor == 1
            closes = not head.keep_alive or not (counted or chunked)
            conversation.write(_head(answer, headers, chunked=chunked, closes=closes))
            async for piece in answer.aiter_raw():
                taken.adds(piece)
                conversation.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await conversation.writable()
            if chunked:
                conversation.write(b"0\r\n\r\n")
            taken.ended = True
            return Ending.CLOSE if closes else Ending.KEEP
        finally:
            await answer.aclose()


def _fields(head: RequestHead) -> list[tuple[str, str]]:
    lines = (line.partition(":") for line in head.raw.decode("latin-1").split("\r\n")[1:-2])
    return [(name, value.strip(" \t")) for name, _, value in lines]


def _head(answer: httpx.Response, headers: Headers, *, chunked: bool, closes: bool) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _OF_CONNECTIONS]
    if chunked:
        lines.append("transfer-encoding: chunked\r\n")
    if closes:
        lines.append("connection: close\r\n")
    text = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n{''.join(lines)}\r\n"
    return text.encode("latin-1", "replace")


class _Taken:
    """An answer as it is recorded."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._wall = time.time()
        self._began = time.perf_counter()
        self._first = 0
        self._headers: Headers = ()
        self._reason = ""
        self._data = bytearray()
        self._size = 0
        self._length = -1
        self._pieces: list[tuple[int, int]] = []
        self.status = 0
        self.ended = False

    def _now(self) -> int:
        return int((time.perf_counter() - self._began) * _MICROSECONDS)

    def begins(self, status: int, reason: str, headers: Headers) -> None:
        """Its head is here."""
        self.status, self._reason, self._headers = status, reason, headers
        self._first = self._now()
        length = value_of(headers, "content-length")
        self._length = int(length) if length.isdecimal() else -1

    def adds(self, piece: bytes) -> None:
        """A piece of its body."""
        if len(self._data) < self._cap:
            self._pieces.append((len(self._data), self._now()))
            self._data += piece[: self._cap - len(self._data)]
        self._size += len(piece)
        if self._size == self._length:  # a caller may be gone by the time that the end is heard of
            self.ended = True

    def exchange(self, service: str, request: Request, route: str) -> Exchange:
        """The whole exchange, secrets and all; its id is the keeper's business."""
        total = self._now()
        return Exchange(
            id="",
            started=self._wall,
            microseconds=total,
            caller="outside",
            callee=service,
            request=request,
            route=route,
            response=Response(self.status, self._reason, self._headers, self._body()),
            timing=Timing(0, self._first, total - self._first),
        )

    def _body(self) -> Body:
        data = bytes(self._data)
        pieces = tuple(self._pieces) if len(self._pieces) > 1 else ()
        coding = value_of(self._headers, "content-encoding").lower()
        if self._size > len(data):
            return Body(b"" if coding else data, self._size, cut=Cut.OPAQUE if coding else Cut.CAP)
        if not coding or not data:
            return Body(data, self._size, pieces=pieces)
        plain = inflated(data, coding)
        if plain is None:
            return Body(b"", self._size, cut=Cut.OPAQUE)
        return Body(plain, len(plain), coding)
