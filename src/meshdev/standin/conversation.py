"""One connection to a stand-in: requests in their order, each answered out of the recording, or told why not.

One exchange at a time; requests that come meanwhile (pipelining) wait, bounded. What is no HTTP/1 is refused: a
stand-in speaks nothing else. After a 101 the connection is a recorded dialogue (`socket_scene`).
"""

import asyncio
from typing import Final, cast

from meshdev.standin.answering import Answered, Passed, Stage
from meshdev.standin.script import Ending, Script
from meshdev.standin.socket_scene import SocketScene
from meshdev.traffic.http1 import Mark, Refusal, RequestScanner
from meshdev.traffic.http1_head import RequestHead

MOST_WAITING: Final = 64 << 10
MOST_BODY: Final = 64 << 20
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Conversation(asyncio.Protocol):
    """Reads requests and says answers; what to answer is the `Stage`'s business."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_busy",
        "_head",
        "_loop",
        "_paused",
        "_scanner",
        "_scene",
        "_stage",
        "_task",
        "_timer",
        "_writable",
        "transport",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, stage: Stage) -> None:
        self._loop = loop
        self._stage = stage
        self._scanner = RequestScanner()
        self._head: RequestHead | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._busy = False  # whether an answer is being said
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._scene: SocketScene | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.transport: asyncio.Transport | None = None

    # --- what the caller says ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller is here."""
        self.transport = cast("asyncio.Transport", transport)
        self._stage.enters(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of the dialogue."""
        if self._scene is not None:
            self._scene.heard(data)
        elif self._busy:
            self._scanner.rest += data
            self._pause_if_full()
        elif self._head is None and (head := self._scanner.whole(data)) is not None:
            self._begins(head)
            if head.bodiless:
                self._ends()
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        scanner = self._scanner
        while not self._busy and self._scene is None:
            events = scanner.feed(data)
            data = b""
            for event in events:
                if type(event) is RequestHead:
                    self._begins(event)
                elif type(event) is bytes:
                    self._body.append(event)
                    self._body_bytes += len(event)
                elif event is Mark.END:
                    self._ends()
                elif type(event) is Refusal:
                    self._refuse(event.status, event.reason)
                    return
                else:
                    self._refuse(400, "this stand-in speaks HTTP/1 only")
                    return
            if self._body_bytes > MOST_BODY:
                self._refuse(413, "a stand-in takes no body of that size")
                return
            if not events or events[-1] is not Mark.END or not scanner.rest:
                return

    def _begins(self, head: RequestHead) -> None:
        self._head = head
        self._body, self._body_bytes = [], 0
        if not head.bodiless and (head.value(b"expect") or b"").lower() == b"100-continue":
            self.write(_CONTINUE)

    def _ends(self) -> None:
        head, self._head = self._head, None
        if head is None:
            return
        body = b"".join(self._body) if self._body else b""
        self._body, self._body_bytes = [], 0
        self._busy = True
        match self._stage.answer(head, body):
            case Answered(script, dialogue) if dialogue is not None:
                self.write(script.steps[0][1])
                self._scene = scene = SocketScene(self, self._stage, head, dialogue)
                rest, self._scanner.rest = self._scanner.rest, b""
                scene.begin(rest)
            case Answered(script):
                self._say(script, 0)
            case Passed() as passed:
                self._task = self._stage.start(self._pass(passed))

    async def _pass(self, passed: Passed) -> None:
        ending = await passed.forward(self)
        self._task = None
        self._over(ending)

    # --- what is said -----------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Say something."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    async def writable(self) -> None:
        """Until the caller takes more."""
        await self._writable.wait()

    def _say(self, script: Script, at: int) -> None:
        self._timer = None
        steps = script.steps
        while at < len(steps):
            wait, data = steps[at]
            if wait:
                self._timer = self._loop.call_later(wait, self._say_late, script, at)
                return
            self.write(data)
            at += 1
        self._over(script.ending)

    def _say_late(self, script: Script, at: int) -> None:
        self.write(script.steps[at][1])
        self._say(script, at + 1)

    def _over(self, ending: Ending) -> None:
        transport = self.transport
        if ending is Ending.HOLD or transport is None or transport.is_closing():
            return
        self._busy = False
        if ending is Ending.ABORT:
            transport.abort()
        elif ending is Ending.CLOSE or self._stage.leaving:
            self._busy = True  # nothing more is heard
            transport.close()
        else:
            if self._paused:
                self._paused = False
                transport.resume_reading()
            if self._scanner.rest:
                self._read(b"")

    def _refuse(self, status: int, reason: str) -> None:
        self._busy = True
        self.write(self._stage.refusal(status, reason))
        if self.transport is not None:
            self.transport.close()

    # --- pressure and ends ------------------------------------------------------------------------

    def leave(self) -> None:
        """The stand-in ends: nothing new begins here; what is being said is said to its end."""
        if self._scene is not None:
            self._scene.leave()
        elif not self._busy and self.transport is not None:
            self.transport.close()

    def _pause_if_full(self) -> None:
        if len(self._scanner.rest) > MOST_WAITING and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        """The caller takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The caller takes more again."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        del exc
        self._stage.leaves(self)
        self._writable.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        if self._scene is not None:
            self._scene.close()
