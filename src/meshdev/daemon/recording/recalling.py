"""One exchange looked at again: every worker is asked for it, the recorder takes its secrets out.

Rules: nothing is written · what the rings have lost is answered with nothing, which is no error · a recorder that is
gone answers so, too.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec

from meshdev.errors import ServiceError, UsageError
from meshdev.recording.model import Exchange
from meshdev.recording.plain import plain
from meshdev.wire.capture import Recall, Recalled
from meshdev.wire.mesh import Dump
from meshdev.wire.recording_views import RecalledView

PATIENCE: Final = 5.0
_SLACK: Final = 60.0  # seconds by which clocks may differ, and a call may have lasted
_LONG: Final = 24 * 3600.0

Say = Callable[[Recall], None]
Ask = Callable[[Dump], None]


class Recalls:
    """Those under way; ``say`` tells the recorder, ``ask`` the workers."""

    def __init__(self, say: Say, ask: Ask) -> None:
        self._say = say
        self._ask = ask
        self._asked: dict[int, asyncio.Future[bytes]] = {}

    async def one(self, token: int, span: str, since: float | None) -> RecalledView:
        """The exchange with this span, which began about ``since``. Raises UsageError, ServiceError."""
        if not span.isalnum():
            raise UsageError(f"{span!r} is no span", hint="GET /v1/traffic tells the spans of the last calls")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[token] = answer
        try:
            self._say(Recall(token, span))
            seconds = _LONG if since is None else max(0.0, time.time() - since) + _SLACK
            self._ask(Dump(token, seconds, span=span))
            async with asyncio.timeout(PATIENCE):
                found = await answer
        except TimeoutError as error:
            raise ServiceError(
                "the recorder does not answer", hint="`meshdev doctor` looks for why"
            ) from error
        finally:
            del self._asked[token]
        return RecalledView(exchange=plain(msgspec.msgpack.decode(found, type=Exchange)) if found else None)

    def told(self, message: Recalled) -> None:
        """What the recorder says."""
        answer = self._asked.get(message.token)
        if answer is not None and not answer.done():
            answer.set_result(message.exchange)

    def died(self) -> None:
        """There is no recorder any more."""
        for token in self._asked:
            self.told(Recalled(token))
