"""The store loop: one queue, one order. Events go in, the core answers with commands, subscribers hear of changes.

Nothing here awaits: a turn of the loop drains the queue, sends the commands out, tells the subscriber which services
changed, and sets one timer for the core's next deadline.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from meshdev.lifecycle.core import Lifecycle
from meshdev.lifecycle.model import Command, Event, Ticked

log = logging.getLogger(__name__)


class Store:
    """Feeds the lifecycle core.

    ``clock`` gives monotonic seconds, ``dispatch`` does a command's IO, ``changed`` hears after every turn which
    services changed (perhaps none).
    """

    def __init__(
        self,
        core: Lifecycle,
        *,
        clock: Callable[[], float],
        dispatch: Callable[[Command], None],
        changed: Callable[[frozenset[str]], None],
    ) -> None:
        self.core = core
        self._clock = clock
        self._dispatch = dispatch
        self._changed = changed
        self._queue: deque[Event] = deque()
        self._loop = asyncio.get_running_loop()
        self._turn: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def post(self, event: Event) -> None:
        """Queue an event; it is handled in this loop's next turn, in the order of posting."""
        self._queue.append(event)
        if self._turn is None and not self._closed:
            self._turn = self._loop.call_soon(self._drain)

    def close(self) -> None:
        """Handle nothing more."""
        self._closed = True
        self._queue.clear()
        for handle in (self._turn, self._timer):
            if handle is not None:
                handle.cancel()

    def _drain(self) -> None:
        while self._queue:
            event = self._queue.popleft()
            for command in self.core.handle(event, self._clock()):
                try:
                    self._dispatch(command)
                except Exception:  # a defect in one command must not stop the others
                    log.exception("could not carry out %s", command)
        self._turn = None
        self._set_timer()
        self._changed(self.core.changed())

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.core.next_deadline()
        if deadline is not None and not self._closed:
            delay = max(0.0, deadline - self._clock())
            self._timer = self._loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.post(Ticked())
