"""A connection after its 101: the recorded dialogue, with the waits that it had when that is wanted."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from meshdev.recording.model import Message, MessageKind
from meshdev.recording.replay import Conversation as Dialogue
from meshdev.recording.replay import Step, Unexpected
from meshdev.standin.frames import FrameError, FrameReader, frame
from meshdev.traffic.http1_head import RequestHead

if TYPE_CHECKING:
    from meshdev.standin.answering import Stage
    from meshdev.standin.conversation import Conversation

GOING_AWAY: Final = 1001
POLICY: Final = 1008  # what a message gets that was not recorded
_MOST_REASON: Final = 120


class SocketScene:
    """One WebSocket of a stand-in."""

    __slots__ = ("_closing", "_conversation", "_dialogue", "_head", "_reader", "_stage", "_timer", "_to_say")

    def __init__(
        self, conversation: "Conversation", stage: "Stage", head: RequestHead, dialogue: Dialogue
    ) -> None:
        self._conversation = conversation
        self._stage = stage
        self._head = head
        self._reader = FrameReader()
        self._dialogue = dialogue
        self._to_say: deque[Step] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False  # whether a close was said

    def begin(self, data: bytes) -> None:
        """The 101 is out; ``data`` came right behind the request."""
        self._say_more(self._dialogue.opening())
        if data:
            self.heard(data)

    def heard(self, data: bytes) -> None:
        """Bytes of the caller."""
        try:
            messages = self._reader.feed(data)
        except FrameError as error:
            self._end(error.code, str(error))
            return
        for kind, content in messages:
            if kind is MessageKind.PING:
                self._conversation.write(frame(MessageKind.PONG, content))
            elif kind is MessageKind.CLOSE:
                self._end(0, "", content)
                return
            elif kind is not MessageKind.PONG and not self._closing:
                message = Message(0, outgoing=True, kind=kind, data=self._stage.redactor.data(content))
                said = self._dialogue.received(message)
                if isinstance(said, Unexpected):
                    self._stage.say_socket_miss(self._head, said.reason)
                    self._end(POLICY, f"no match: {said.reason}")
                    return
                self._say_more(said)

    def leave(self) -> None:
        """The stand-in ends."""
        self._end(GOING_AWAY, "the stand-in ends")

    def close(self) -> None:
        """The caller is gone."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()

    def _say_more(self, steps: tuple[Step, ...]) -> None:
        self._to_say += steps
        if self._timer is None:
            self._say()

    def _say(self) -> None:
        self._timer = None
        while self._to_say and not self._closing:
            wait = self._to_say[0].delay
            if wait:
                self._timer = asyncio.get_running_loop().call_later(wait, self._say_late)
                return
            self._say_one()

    def _say_late(self) -> None:
        self._say_one()
        self._say()

    def _say_one(self) -> None:
        message = self._to_say.popleft().message
        if message.kind is MessageKind.CLOSE:
            self._closing = True
        self._conversation.write(frame(message.kind, message.data))

    def _end(self, code: int, reason: str, echoed: bytes = b"") -> None:
        if not self._closing:
            data = code.to_bytes(2) + reason.encode()[:_MOST_REASON] if code else echoed
            self._conversation.write(frame(MessageKind.CLOSE, data))
        self.close()
        if self._conversation.transport is not None:
            self._conversation.transport.close()
