"""What becomes of a request: played, passed on, or told that nobody recorded it. One stage for each endpoint."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshdev.recording.matching import Miss
from meshdev.recording.model import Request, Response
from meshdev.recording.redaction import Redactor
from meshdev.recording.replay import Answer, Replayer
from meshdev.recording.replay import Conversation as Dialogue
from meshdev.standin.content import headers_in, request_of, value_of
from meshdev.standin.frames import accept_key
from meshdev.standin.misses import answer_to, line_of, problem
from meshdev.standin.script import Ending, Script, script_of
from meshdev.traffic.http1_head import RequestHead

if TYPE_CHECKING:
    from meshdev.standin.conversation import Conversation
    from meshdev.standin.passing import Passing

_SWITCHING = 101
_AGREED = frozenset({"connection", "upgrade", "sec-websocket-accept", "sec-websocket-extensions"})
_BY_US: dict[str, object] = {"by": "meshdev", "error": "refused-message"}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to be said; with a ``dialogue`` it opens a WebSocket."""

    script: Script
    dialogue: Dialogue | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """To be asked of the real one."""

    passing: "Passing"
    head: RequestHead
    request: Request
    body: bytes

    async def forward(self, conversation: "Conversation") -> Ending:
        """Ask, and say the answer as it comes; how the conversation goes on then."""
        return await self.passing.forward(conversation, self.head, self.request, self.body)


@dataclass(slots=True)
class Stage:
    """What all conversations on one endpoint share.

    ``tell`` gets lines for the log; ``redactor`` takes the secrets out of what is told, and out of a WebSocket's
    messages before they are compared with recorded ones; ``passing`` is there when misses are passed on.
    """

    service: str
    player: Replayer
    tell: Callable[[str], None]
    redactor: Redactor
    passing: "Passing | None" = None
    leaving: bool = False
    conversations: "set[Conversation]" = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    def enters(self, conversation: "Conversation") -> None:
        """A connection is open."""
        self.conversations.add(conversation)

    def leaves(self, conversation: "Conversation") -> None:
        """It is no more."""
        self.conversations.discard(conversation)
        if not self.conversations:
            self._empty.set()

    async def ends(self) -> None:
        """What is being said is said to its end, nothing begins any more; when all have gone."""
        self.leaving = True
        for conversation in tuple(self.conversations):
            conversation.leave()
        while self.conversations:
            self._empty.clear()
            await self._empty.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def answer(self, head: RequestHead, body: bytes) -> Answered | Passed:
        """What becomes of a whole request; ``body`` with its framing."""
        request = request_of(head, body)
        found = self.player.answer(request, time.time())
        if isinstance(found, Miss):
            return self._missed(head, request, body, found)
        response = found.response
        if response is None or response.status != _SWITCHING:
            return Answered(script_of(head, found))
        return self._opened(head, request, response, found)

    def refusal(self, status: int, reason: str) -> bytes:
        """The answer to what cannot be read; the connection is closed behind it."""
        return problem(status, reason, {**_BY_US, "callee": self.service}, None).steps[0][1]

    def say_socket_miss(self, head: RequestHead, reason: str) -> None:
        """A WebSocket took another way than the recorded one."""
        asked = self.redactor.request(request_of(head, b""))[0]
        self.tell(f"no match: in the WebSocket {asked.target}: {reason}")

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` in a task that is kept; its failure is told."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.tell(f"a defect in meshdev: {error!r}")

    def _missed(self, head: RequestHead, request: Request, body: bytes, miss: Miss) -> Answered | Passed:
        if self.passing is not None and not head.upgrades:
            return Passed(self.passing, head, request, body)
        return self._told(head, request, miss)

    def _told(self, head: RequestHead, request: Request, miss: Miss) -> Answered:
        asked = self.redactor.request(request)[0]
        self.tell(line_of(miss, asked))
        return Answered(answer_to(miss, head, asked, self.service))

    def _opened(self, head: RequestHead, request: Request, response: Response, found: Answer) -> Answered:
        asked = headers_in(head.raw)
        key = value_of(asked, "sec-websocket-key")
        if not head.upgrades or value_of(asked, "upgrade").lower() != "websocket" or not key:
            miss = Miss("it was recorded as an upgrade to WebSocket, and this request asks for none")
            return self._told(head, request, miss)
        lines = [f"{name}: {value}\r\n" for name, value in response.headers if name.lower() not in _AGREED]
        said = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(key.encode('latin-1'))}\r\n{''.join(lines)}\r\n"
        )
        return Answered(Script(((0.0, said.encode("latin-1", "replace")),)), found.conversation)
