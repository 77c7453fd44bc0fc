"""Keeps the application's one store of calls fed while a screen that shows calls is in front.

Nothing is asked of the daemon while none is. Back in front it goes on where it was: the daemon keeps a few thousand.
"""

from collections.abc import Sequence
from typing import Protocol

from meshdev.tui.flows import DeliverCalls, Flows
from meshdev.wire.control import ExchangeView


class _Tail(Protocol):
    def close(self) -> None: ...


class _Source(Protocol):
    def exchanges(self, deliver: DeliverCalls) -> _Tail: ...


class TrafficFeed:
    """See the module; ``flows`` is what is known."""

    def __init__(self, source: _Source) -> None:
        self.flows = Flows()
        self._source = source
        self._users: set[str] = set()
        self._tail: _Tail | None = None

    def open(self, user: str) -> None:
        """``user`` shows calls from now on."""
        self._users.add(user)
        if self._tail is None:
            self._tail = self._source.exchanges(self._take)

    def close(self, user: str) -> None:
        """``user`` needs none any more."""
        self._users.discard(user)
        if not self._users and self._tail is not None:
            self._tail.close()
            self._tail = None

    def _take(self, calls: Sequence[ExchangeView], lost: int) -> None:
        self.flows.extend(calls, lost)
