"""Which operations the messages were that faults hit: what a stage decided, by the moment at which it was said.

A scanner tells an operation with the time at which the bytes came that began it, and the stage decides about the
messages of the same bytes, in the same order. So of one moment the first message is meant that the operation's target
may be a pattern of. Moments without a hit are not kept, and of the others the last `MOST_MOMENTS`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from meshdev.traffic.protocols.operation import Kind, Operation

MOST_MOMENTS: Final = 1000
_ANY: Final = re.compile(r"\{\w+\}|\.\.\.$|…$")

Decided = tuple[str, tuple[str, ...]]
"""A message's subject, and the faults that hit it."""


class Struck:
    """The messages of one direction."""

    __slots__ = ("_moments",)

    def __init__(self) -> None:
        self._moments: dict[float, list[Decided]] = {}

    def __repr__(self) -> str:
        return f"<Struck, {len(self._moments)} moments>"

    def decided(self, messages: Sequence[Decided], at: float) -> None:
        """This was decided about what was said at ``at``."""
        if any(faults for _, faults in messages):
            self._moments.setdefault(at, []).extend(messages)
            if len(self._moments) > MOST_MOMENTS:
                del self._moments[next(iter(self._moments))]

    def named(self, operation: Operation) -> tuple[str, ...]:
        """The faults that hit the message of ``operation``, which is told once."""
        messages = self._moments.get(operation.started)
        if messages is None or operation.kind is Kind.SUBSCRIBE or not operation.target:
            return ()
        may_be = _pattern(operation.target)
        at = next((at for at, (subject, _) in enumerate(messages) if may_be.fullmatch(subject)), None)
        if at is None:
            return ()
        _, faults = messages.pop(at)
        if not any(left for _, left in messages):
            del self._moments[operation.started]
        return faults


@lru_cache(maxsize=512)
def _pattern(target: str) -> re.Pattern[str]:
    """What a target may be a pattern of: ``orders.{id}.paid``."""
    return re.compile(".*".join(map(re.escape, _ANY.split(target))), re.DOTALL)
