"""One fault on one direction of one connection: items come in with their time, and leave with theirs.

An item is a chunk of bytes or an `End`. Whatever a link does not destroy on purpose leaves in the order in which it
came. `Link.release` takes a link out: what it only held back leaves at once, in order.
"""

from collections import deque
from enum import Enum
from typing import Final


class End(Enum):
    """How one direction, or the connection, ends."""

    EOF = "eof"  # this direction has nothing more to say
    DONE = "done"  # the answer to a request is complete; the connection goes on
    CLOSE = "close"  # both ends are closed, once what was written has gone out
    RESET = "reset"  # both ends are reset


Item = bytes | End
Timed = tuple[float, Item]
_LONG_AGO: Final = float("-inf")


class Link:
    """Passes everything on at once: the base of all faults on bytes, and the front of every chain.

    ``take`` and ``due`` are called with times that never go back. What leaves has the time at which it left, which
    may be earlier than ``now`` when nobody looked in between.
    """

    __slots__ = ("_out", "held")

    def __init__(self) -> None:
        self._out: deque[Timed] = deque()
        self.held = 0  # how many bytes wait in it, but for those that pass at once

    def begin(self, now: float) -> None:
        """It acts from now on; called once, when it is put into a chain."""

    def take(self, item: Item, at: float) -> None:
        """``item`` arrived at ``at``."""
        self._out.append((at, item))

    def due(self, now: float) -> list[Timed]:
        """What has left by ``now``, in order."""
        out, left = self._out, []
        while out and out[0][0] <= now:
            left.append(out.popleft())
        return left

    def deadline(self) -> float | None:
        """When `due` will have something next, if nothing else arrives."""
        return self._out[0][0] if self._out else None

    def release(self) -> list[Item]:
        """It is taken out: what it held back, in order; an `End` if the connection cannot go on without loss."""
        left = [item for _, item in self._out]
        self._out.clear()
        return left

    def renew(self, before: "Link") -> list[Item]:
        """It takes the place of ``before``, of the same kind, whose values have changed: what that lets go."""
        return before.release()


class Delaying(Link):
    """A link that holds items back: `hold` keeps their order."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._out = deque()
        self._last = _LONG_AGO
        self.held = 0

    def hold(self, item: Item, until: float) -> None:
        """``item`` leaves at ``until``, but never before what came earlier."""
        self._last = until = max(until, self._last)
        self._out.append((until, item))
        if type(item) is bytes:
            self.held += len(item)

    def due(self, now: float) -> list[Timed]:
        """What has left by ``now``, in order."""
        out, left = self._out, []
        while out and out[0][0] <= now:
            timed = out.popleft()
            left.append(timed)
            if type(timed[1]) is bytes:
                self.held -= len(timed[1])
        return left

    def release(self) -> list[Item]:
        """Everything, at once."""
        self.held = 0
        self._last = _LONG_AGO
        return super().release()
